//! The `[access]` table: the callers of the JSON routes.

use std::net::SocketAddr;

use serde::Deserialize;
use tower_wechat::Secret;

use super::{Wrong, shaped, wrong};

/// The minimum length of a key, in characters.
const KEY_MIN: usize = 16;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Access {
    pub(super) keys: Option<Vec<Secret>>,
    #[serde(default)]
    pub(super) open: bool,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) token_keys: Vec<Secret>,
}

impl Access {
    /// Checks that the routes need keys, or are open explicitly and only on a loopback address.
    pub(super) fn check(&self, listen: SocketAddr) -> Result<(), Wrong> {
        match &self.keys {
            Some(_) if self.open => {
                let why = "conflicts with access.keys: remove one of them";
                return Err(wrong("access.open", why));
            }
            Some(keys) if keys.is_empty() => {
                let why = "is empty, so every call would fail: add a key";
                return Err(wrong("access.keys", why));
            }
            None if !self.open => {
                let why = format!(
                    "is missing: set keys = [\"…\"] under [access] for the callers of the JSON \
                     routes, each with at least {KEY_MIN} characters, or open = true if a proxy \
                     authenticates the callers"
                );
                return Err(wrong("access.keys", why));
            }
            _ => {}
        }
        let keys = self.keys.iter().flatten().map(|key| ("access.keys", key));
        let all = keys.chain(self.token_keys.iter().map(|key| ("access.token_keys", key)));
        for (name, key) in all {
            shaped(name, key.clone(), KEY_MIN)?;
        }
        let shared = |key: &&Secret| self.keys.iter().flatten().any(|other| other == *key);
        if self.token_keys.iter().any(|key| shared(&key)) {
            let why = "shares a key with access.keys: access tokens need separate keys";
            return Err(wrong("access.token_keys", why));
        }
        let is_name = |host: &String| !host.is_empty() && !host.contains(['/', ':', ' ']);
        if let Some(host) = self.hosts.iter().find(|host| !is_name(host)) {
            let why = format!(
                "must hold names such as wx.example, without https:// or a port (one is {host:?})"
            );
            return Err(wrong("access.hosts", why));
        }
        if self.open && !listen.ip().is_loopback() {
            let why = format!(
                "requires a loopback address, and {listen} is not one: set access.keys in the \
                 --config file, or listen on 127.0.0.1"
            );
            return Err(wrong("access.open", why));
        }
        Ok(())
    }
}
