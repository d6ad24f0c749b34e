//! The `[redis]` table: state that several instances share.

use serde::Deserialize;
use tower_wechat::Secret;
use tower_wechat::shared::redis::{RedisStore, SealKey};

use super::timeouts::milliseconds;
use super::{Wrong, given, wrong};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redis {
    url: Option<Secret>,
    urls: Option<Vec<Secret>>,
    sentinel_master: Option<String>,
    #[serde(default)]
    cluster: bool,
    prefix: Option<String>,
    username: Option<String>,
    password: Option<Secret>,
    password_env: Option<String>,
    seal_key: Option<Secret>,
    seal_key_env: Option<String>,
    connect_ms: Option<u64>,
    command_ms: Option<u64>,
}

impl Redis {
    /// Returns the store. Nothing is connected yet.
    pub(super) fn store(&self) -> Result<RedisStore, Wrong> {
        let mut store = self.servers()?;
        if let Some(prefix) = &self.prefix {
            store = store.prefix(prefix);
        }
        if let Some(username) = &self.username {
            store = store.username(username);
        }
        if let Some(password) = given("redis.password", &self.password, &self.password_env)? {
            store = store.password(password);
        }
        if let Some(key) = given("redis.seal_key", &self.seal_key, &self.seal_key_env)? {
            let key = SealKey::from_base64(key.expose());
            store = store.seal(key.map_err(|error| wrong("redis.seal_key", error.message()))?);
        }
        if let Some(limit) = milliseconds("redis.connect_ms", self.connect_ms)? {
            store = store.connect_timeout(limit);
        }
        if let Some(limit) = milliseconds("redis.command_ms", self.command_ms)? {
            store = store.command_timeout(limit);
        }
        Ok(store)
    }

    fn servers(&self) -> Result<RedisStore, Wrong> {
        let urls = || self.urls.iter().flatten().map(Secret::expose);
        let store = match (&self.url, &self.urls, &self.sentinel_master, self.cluster) {
            (Some(url), None, None, false) => RedisStore::new(url.expose()),
            (None, Some(_), Some(master), false) => RedisStore::sentinel(master, urls()),
            (None, Some(_), None, true) => RedisStore::cluster(urls()),
            _ => {
                let why =
                    "must have one of: url; urls and sentinel_master; urls and cluster = true";
                return Err(wrong("redis", why));
            }
        };
        let key = if self.url.is_some() {
            "redis.url"
        } else {
            "redis.urls"
        };
        store.map_err(|error| wrong(key, error.message()))
    }
}
