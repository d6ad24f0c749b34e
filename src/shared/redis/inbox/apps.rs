//! The apps that have entries.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::cmd;
use tokio::time::Instant;

use crate::app::AppId;
use crate::shared::redis::store::RedisStore;
use crate::store::StoreError;

/// How often a process that stores entries notes their app again. A server that has lost the set has
/// it again after this time.
const NOTED: Duration = Duration::from_secs(10);

/// For how long a worker uses the apps that it has read.
const READ: Duration = Duration::from_secs(1);

/// What a process knows of the apps.
#[derive(Default)]
pub(in crate::shared::redis) struct Apps(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When this process has noted an app.
    noted: HashMap<AppId, Instant>,
    read: Option<(Instant, Vec<AppId>)>,
    /// The app that the next worker begins with.
    turn: usize,
}

impl Apps {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Returns these apps and those of this process, in the same order each time.
    fn and_own(&self, read: &[AppId]) -> Vec<AppId> {
        let mut apps: Vec<_> = read.iter().chain(self.noted.keys()).cloned().collect();
        apps.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        apps.dedup();
        apps
    }
}

impl RedisStore {
    /// Notes that an app has entries.
    pub(super) async fn note_app(&self, appid: &AppId) -> Result<(), StoreError> {
        let noted = self.2.known().noted.get(appid).copied();
        if noted.is_some_and(|noted| noted.elapsed() < NOTED) {
            return Ok(());
        }
        let name = self.apps_name();
        let mut add = cmd("SADD");
        add.arg(&name).arg(appid.as_str());
        let add = |mut connection| async move { add.query_async(&mut connection).await };
        let began = Instant::now();
        self.0.run::<u64, _>(&name, add).await?;
        self.2.known().noted.insert(appid.clone(), began);
        Ok(())
    }

    /// Returns the apps that have, or have had, entries.
    pub(super) async fn inbox_apps(&self) -> Result<Vec<AppId>, StoreError> {
        let name = self.apps_name();
        let mut members = cmd("SMEMBERS");
        members.arg(&name);
        let members = |mut connection| async move { members.query_async(&mut connection).await };
        let began = Instant::now();
        let read: Vec<String> = self.0.run(&name, members).await?;
        // What is no app id was not written by this crate.
        let read: Vec<_> = read.iter().flat_map(AppId::new).collect();
        let mut known = self.2.known();
        let apps = known.and_own(&read);
        known.read = Some((began, read));
        Ok(apps)
    }

    /// Returns the apps for a worker, beginning with another one each time.
    pub(super) async fn apps_in_turn(&self) -> Result<Vec<AppId>, StoreError> {
        let recent = {
            let known = self.2.known();
            let read = known.read.as_ref();
            let recent = read.filter(|(read, _)| read.elapsed() < READ);
            recent.map(|(_, read)| known.and_own(read))
        };
        let mut apps = match recent {
            Some(apps) => apps,
            None => self.inbox_apps().await?,
        };
        let mut known = self.2.known();
        known.turn = known.turn.wrapping_add(1);
        let turn = known.turn.checked_rem(apps.len()).unwrap_or_default();
        apps.rotate_left(turn);
        Ok(apps)
    }

    fn apps_name(&self) -> String {
        self.name("inbox", "apps")
    }
}
