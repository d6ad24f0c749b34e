//! Who may call the JSON routes.

use std::net::SocketAddr;

use serde::Deserialize;
use tower_wechat::Secret;

use super::{Wrong, shaped, wrong};

/// The shortest key, in characters.
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
    /// Checks that the routes are protected by keys, or open on purpose and to this machine only.
    pub(super) fn check(&self, listen: SocketAddr) -> Result<(), Wrong> {
        match &self.keys {
            Some(_) if self.open => {
                let why = "is true beside access.keys: take one of the two out";
                return Err(wrong("access.open", why));
            }
            Some(keys) if keys.is_empty() => {
                let why = "is an empty list, so that nobody could call: write a key into it";
                return Err(wrong("access.keys", why));
            }
            None if !self.open => {
                let why = format!(
                    "is missing: write keys = [\"…\"] under [access], each of {KEY_MIN} characters \
                     or more, for those who may call the JSON routes; or open = true if another \
                     login stands in front"
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
            let why = "has a key that is in access.keys too: access tokens need keys of their own";
            return Err(wrong("access.token_keys", why));
        }
        let is_name = |host: &String| !host.is_empty() && !host.contains(['/', ':', ' ']);
        if let Some(host) = self.hosts.iter().find(|host| !is_name(host)) {
            let why = format!(
                "each must be a name such as wx.example, without https:// and a port (one is {host:?})"
            );
            return Err(wrong("access.hosts", why));
        }
        if self.open && !listen.ip().is_loopback() {
            let why = format!(
                "without access.keys in the --config file only a loopback address may be listened \
                 on, and {listen} is not one: write keys = [\"…\"] under [access], or listen on \
                 127.0.0.1"
            );
            return Err(wrong("access.open", why));
        }
        Ok(())
    }
}
