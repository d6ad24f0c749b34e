//! Deserializes an app from a settings file.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::app::{AppConfig, AppId, TokenGrant};
use crate::callback::{CallbackKeys, Mode};
use crate::error::Error;
use crate::secret::Secret;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    appid: AppId,
    secret: Secret,
    #[serde(default)]
    token_grant: TokenGrant,
    callback: Option<Keys>,
}

#[derive(Deserialize)]
// A misspelled `aes_key` must be an error: without the key, the mode would default to plaintext.
#[serde(deny_unknown_fields)]
struct Keys {
    token: Secret,
    previous_token: Option<Secret>,
    aes_key: Option<Secret>,
    previous_aes_key: Option<Secret>,
    mode: Option<Mode>,
    #[serde(default)]
    mini_program: bool,
}

/// Deserializes a table of a settings file.
///
/// The table has `appid`, `secret`, `token_grant` (`"stable"` or `"classic"`) and `callback`. The
/// callback has `token`, `aes_key`, `mode` (`"plaintext"`, `"compatible"` or `"secure"`),
/// `previous_token`, `previous_aes_key` and `mini_program`. The mode defaults to secure if there is
/// an `aes_key`, and to plaintext otherwise.
impl<'de> Deserialize<'de> for AppConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = File::deserialize(deserializer)?;
        let secret = file.secret.expose();
        let config = Self::new(file.appid.as_str(), secret).token_grant(file.token_grant);
        let Some(keys) = file.callback else {
            return Ok(config);
        };
        // The error's text names the field and never quotes a value.
        let keys = keys.read().map_err(D::Error::custom)?;
        Ok(config.callback(keys))
    }
}

impl Keys {
    fn read(self) -> Result<CallbackKeys, Error> {
        let token = self.token.expose();
        let mut keys = match (self.mode, &self.aes_key) {
            (Some(Mode::Plaintext) | None, None) => CallbackKeys::plaintext(token)?,
            (Some(Mode::Secure) | None, Some(key)) => CallbackKeys::secure(token, key.expose())?,
            (Some(Mode::Compatible), Some(key)) => CallbackKeys::compatible(token, key.expose())?,
            (Some(Mode::Plaintext), Some(_)) => {
                let why = "is plaintext although there is an aes_key: remove one of the two";
                return Err(Error::input("mode", why));
            }
            (Some(_), None) => {
                return Err(Error::input("aes_key", "is missing: this mode requires it"));
            }
        };
        if let Some(token) = &self.previous_token {
            keys = keys.previous_token(token.expose())?;
        }
        if let Some(key) = &self.previous_aes_key {
            keys = keys.previous_aes_key(key.expose())?;
        }
        Ok(match self.mini_program {
            true => keys.mini_program(),
            false => keys,
        })
    }
}
