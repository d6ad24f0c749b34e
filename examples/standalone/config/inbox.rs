//! The `[inbox]` table: acknowledged messages that are kept until they are handled.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tower_wechat::Secret;
use tower_wechat::callback::inbox::{EmbeddedInboxStore, Inbox};
use tower_wechat::shared::SealKey;
use tower_wechat::shared::redis::RedisStore;

use super::{Wrong, given, wrong};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    path: Option<PathBuf>,
    #[serde(default)]
    redis: bool,
    mode: Option<Mode>,
    workers: Option<usize>,
    tries: Option<u32>,
    seal_key: Option<Secret>,
    seal_key_env: Option<String>,
}

/// Which messages are stored.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Those whose handler exceeds the deadline.
    Spill,
    /// All of them.
    Always,
}

impl Table {
    /// Opens the inbox, on Redis if the table says so. `default` is the mode if none is set.
    pub(super) fn open(
        &self,
        shared: Option<&RedisStore>,
        default: Mode,
    ) -> Result<(Inbox, Mode), Wrong> {
        within("workers", self.workers, 1..=1024)?;
        within("tries", self.tries, 1..=1000)?;
        let mut inbox = match (&self.path, self.redis, shared) {
            (Some(path), false, _) => self.file(path)?,
            (None, true, Some(shared)) if !self.is_sealed() => Inbox::redis(shared.clone()),
            (None, true, Some(_)) => {
                let why = "is for a file: with redis = true, set the one of [redis]";
                return Err(wrong("inbox.seal_key", why));
            }
            (None, true, None) => return Err(wrong("inbox.redis", "needs the table [redis]")),
            _ => return Err(wrong("inbox", "must have one of: path; redis = true")),
        };
        if let Some(workers) = self.workers {
            inbox = inbox.workers(workers);
        }
        if let Some(tries) = self.tries {
            inbox = inbox.tries(tries);
        }
        Ok((inbox, self.mode.unwrap_or(default)))
    }

    fn is_sealed(&self) -> bool {
        self.seal_key.is_some() || self.seal_key_env.is_some()
    }

    fn file(&self, path: &Path) -> Result<Inbox, Wrong> {
        if path.as_os_str().is_empty() {
            return Err(wrong("inbox.path", "is empty"));
        }
        let mut options = EmbeddedInboxStore::options();
        if let Some(key) = given("inbox.seal_key", &self.seal_key, &self.seal_key_env)? {
            let key = SealKey::from_base64(key.expose());
            options = options.seal(key.map_err(|error| wrong("inbox.seal_key", error.message()))?);
        }
        let store = options.open(path);
        let store = store.map_err(|error| wrong("inbox.path", error.message()))?;
        Ok(Inbox::new(store))
    }
}

fn within<N>(key: &str, given: Option<N>, range: RangeInclusive<N>) -> Result<(), Wrong>
where
    N: PartialOrd + std::fmt::Display,
{
    match given {
        Some(value) if !range.contains(&value) => {
            let (least, most) = range.into_inner();
            let why = format!("must be {least} to {most} (it is {value})");
            Err(wrong(format!("inbox.{key}"), why))
        }
        _ => Ok(()),
    }
}
