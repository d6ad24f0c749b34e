//! Pending sign-ins by scan.
//!
//! | key | type | value |
//! |---|---|---|
//! | `{SCENE}:scan` | string | empty until the scan, then the user; it expires with the sign-in |
//!
//! A scan is published on one channel for all scenes, with the scene as the message. The message
//! only wakes the waiting page, which then reads the key: it can get lost, or be false.

use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

use super::listener::Listener;
use super::names;
use super::script::{Script, millis};
use super::store::RedisStore;
use crate::random::jittered;
use crate::scan_login::{LIFE_MAX, ScanStore, ScannedUser};
use crate::store::StoreError;

/// How long a page tries to read its scene for the first time.
const GRACE: Duration = Duration::from_secs(1);

/// The pauses of such a page between attempts.
const RETRY: Duration = Duration::from_millis(100);

/// The longest pause between two reads while no scan is heard.
const POLL: Duration = Duration::from_secs(2);

/// The longest pause between two reads that fail.
const POLL_FAILING: Duration = Duration::from_secs(1);

/// The shortest and the longest pause, in proportion to the longest.
const JITTER: Range<f64> = 0.5..1.0;

static OPEN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('SET', KEYS[1], '', 'PX', ARGV[1], 'NX') then return 1 end \
         return 0",
    )
});

static READ: LazyLock<Script> = LazyLock::new(|| {
    Script::new("return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}")
});

/// Returns the value before. `pcall`: a user that may not publish can scan all the same, and the
/// page finds out by polling.
static COMPLETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local user = redis.call('GET', KEYS[1]) \
         if user == '' then \
           redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') \
           redis.pcall('PUBLISH', ARGV[2], ARGV[3]) \
         end \
         return user",
    )
});

static CLOSE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('DEL', KEYS[1]) == 1 then \
           redis.pcall('PUBLISH', ARGV[1], ARGV[2]) \
         end \
         return 1",
    )
});

/// A scene as it was read.
enum Scene {
    Gone,
    /// Not scanned yet. It ends after this time.
    Open(Duration),
    Scanned(ScannedUser),
}

impl RedisStore {
    /// Returns how a scene appears in Redis.
    fn scene_id(&self, scene: &str) -> String {
        self.sealing().name("scan", scene)
    }

    fn scene_name(&self, id: &str) -> String {
        self.name(id, "scan")
    }

    fn open_user(&self, name: &str, stored: &[u8]) -> Option<ScannedUser> {
        serde_json::from_slice(&self.sealing().open(name, stored)?).ok()
    }

    async fn read_scene(&self, name: &str) -> Result<Scene, StoreError> {
        let _turn = self.1.turn().await;
        let (user, left): (Option<Vec<u8>>, i64) = self.run(name, READ.key(name)).await?;
        Ok(match user {
            None => Scene::Gone,
            Some(user) if user.is_empty() => {
                let left = u64::try_from(left).map(Duration::from_millis);
                Scene::Open(left.unwrap_or(POLL))
            }
            Some(user) => self
                .open_user(name, &user)
                .map_or(Scene::Gone, Scene::Scanned),
        })
    }
}

impl ScanStore for RedisStore {
    async fn open(&self, scene: &str, life: Duration) -> Result<bool, StoreError> {
        let name = self.scene_name(&self.scene_id(scene));
        let mut script = OPEN.key(&name);
        script.arg(millis(life.min(LIFE_MAX)));
        self.run(&name, script).await
    }

    async fn complete(&self, scene: &str, user: ScannedUser) -> Result<bool, StoreError> {
        let id = self.scene_id(scene);
        let name = self.scene_name(&id);
        let value = serde_json::to_vec(&user).map_err(StoreError::new)?;
        let mut script = COMPLETE.key(&name);
        script
            .arg(self.sealing().close(&name, &value))
            .arg(names::channel(&self.settings().prefix))
            .arg(id);
        let before: Option<Vec<u8>> = self.run(&name, script).await?;
        Ok(before.is_some_and(|before| {
            let known = || self.open_user(&name, &before);
            before.is_empty() || known().is_some_and(|known| known.is_same(&user))
        }))
    }

    /// A page whose scene was once read waits through an outage, until the scene ends. One that
    /// cannot read its scene for a second fails.
    async fn wait(&self, scene: &str) -> Result<Option<ScannedUser>, StoreError> {
        let id = self.scene_id(scene);
        let name = self.scene_name(&id);
        let mut page = self.1.enter(&id)?;
        let (began, mut ends) = (Instant::now(), None);
        loop {
            let is_heard = page.look();
            let pause = match self.read_scene(&name).await {
                Ok(Scene::Gone) => return Ok(None),
                Ok(Scene::Scanned(user)) => return Ok(Some(user)),
                Ok(Scene::Open(left)) => {
                    // The key is gone only after the last millisecond.
                    let left = left + Duration::from_millis(1);
                    ends = Some(Instant::now() + left);
                    Listener::ensure(&self.1, self.settings());
                    match is_heard {
                        true => left,
                        false => left.min(jittered(POLL, JITTER)),
                    }
                }
                // Redis is unavailable.
                Err(error) if error.is_logged() => match ends {
                    None if began.elapsed() >= GRACE => return Err(error),
                    None => RETRY,
                    Some(ends) if Instant::now() >= ends => return Ok(None),
                    Some(_) => jittered(POLL_FAILING, JITTER),
                },
                Err(error) => return Err(error),
            };
            page.woken(pause).await;
        }
    }

    async fn close(&self, scene: &str) -> Result<bool, StoreError> {
        let id = self.scene_id(scene);
        let name = self.scene_name(&id);
        let mut script = CLOSE.key(&name);
        script.arg(names::channel(&self.settings().prefix)).arg(id);
        self.run(&name, script).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::redis::SealKey;

    #[test]
    fn each_scene_is_one_key_in_its_own_slot() {
        let store = RedisStore::new("redis://127.0.0.1").unwrap().prefix("shop");
        let name = |store: &RedisStore, scene| store.scene_name(&store.scene_id(scene));
        assert_eq!(name(&store, "login-1"), "shop:{login-1}:scan");
        let sealed = store.seal(SealKey::new([1; 32]));
        let name = name(&sealed, "login-1");
        assert_eq!(name.len(), "shop:{}:scan".len() + 32);
        assert!(!name.contains("login"), "{name}");
    }
}
