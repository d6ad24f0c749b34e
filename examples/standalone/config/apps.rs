//! The `[[apps]]` tables: the apps and the handling of their pushes.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::{AppConfig, AppId, CallbackKeys, Error, Secret, TokenGrant};

use super::{Wrong, given, required, shaped, wrong};

/// The minimum lengths of an app secret and a callback token, in characters.
const SECRET_MIN: usize = 16;
const TOKEN_MIN: usize = 3;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    appid: String,
    secret: Option<Secret>,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
    token_grant: Option<Grant>,
    #[serde(default)]
    mini_program: bool,
    callback: Option<Callback>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Grant {
    Stable,
    Classic,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    token: Option<Secret>,
    token_env: Option<String>,
    previous_token: Option<Secret>,
    aes_key: Option<Secret>,
    aes_key_env: Option<String>,
    previous_aes_key: Option<Secret>,
    mode: Option<Mode>,
    #[serde(default)]
    deadline: Deadline,
    window_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Plaintext,
    Compatible,
    Secure,
}

/// The policy for a handler that takes longer than the platform waits.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deadline {
    #[default]
    Ack,
    Hold,
    Off,
}

/// The push settings of one app.
#[derive(Debug, Clone)]
pub(crate) struct Pushes {
    pub(crate) appid: String,
    deadline: Deadline,
    pub(crate) window: Option<Duration>,
    pub(crate) is_plaintext: bool,
}

impl Pushes {
    /// The deadline layer; `None` without a deadline.
    pub(crate) fn deadline(&self) -> Option<DeadlineLayer> {
        match self.deadline {
            Deadline::Ack => Some(DeadlineLayer::ack()),
            Deadline::Hold => Some(DeadlineLayer::hold()),
            Deadline::Off => None,
        }
    }
}

impl App {
    pub(super) fn config(&self, key: &str) -> Result<AppConfig, Wrong> {
        AppId::new(&self.appid).map_err(|error| wrong(format!("{key}.appid"), error.message()))?;
        let mut config = AppConfig::new(&self.appid, self.secret(&format!("{key}.secret"))?);
        if let Some(grant) = self.token_grant {
            config = config.token_grant(match grant {
                Grant::Stable => TokenGrant::Stable,
                Grant::Classic => TokenGrant::Classic,
            });
        }
        let Some(callback) = &self.callback else {
            return Ok(config);
        };
        let keys = callback.keys(&format!("{key}.callback"))?;
        Ok(config.callback(match self.mini_program {
            true => keys.mini_program(),
            false => keys,
        }))
    }

    fn secret(&self, key: &str) -> Result<Secret, Wrong> {
        let Some(file) = &self.secret_file else {
            let secret = required(key, &self.secret, &self.secret_env)?;
            return shaped(key, secret, SECRET_MIN);
        };
        if self.secret.is_some() || self.secret_env.is_some() {
            return Err(wrong(key, format!("is set twice: also as {key}_file")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| {
            wrong(
                format!("{key}_file"),
                format!("{}: {error}", file.display()),
            )
        })?;
        shaped(&format!("{key}_file"), Secret::new(text.trim()), SECRET_MIN)
    }

    pub(super) fn pushes(&self) -> Option<Pushes> {
        let callback = self.callback.as_ref()?;
        Some(Pushes {
            appid: self.appid.clone(),
            deadline: callback.deadline,
            window: callback.window_seconds.map(Duration::from_secs),
            is_plaintext: callback.aes_key.is_none() && callback.aes_key_env.is_none(),
        })
    }
}

impl Callback {
    fn keys(&self, key: &str) -> Result<CallbackKeys, Wrong> {
        if self
            .window_seconds
            .is_some_and(|seconds| !(60..=86_400).contains(&seconds))
        {
            let why = "must be 60 to 86400 seconds: the platform's clock can deviate";
            return Err(wrong(format!("{key}.window_seconds"), why));
        }
        let token_key = format!("{key}.token");
        let token = required(&token_key, &self.token, &self.token_env)?;
        let token = shaped(&token_key, token, TOKEN_MIN)?;
        let token = token.expose();
        let aes_key = given(&format!("{key}.aes_key"), &self.aes_key, &self.aes_key_env)?;
        let keys = match (self.mode, aes_key) {
            (Some(Mode::Plaintext) | None, None) => CallbackKeys::plaintext(token),
            (Some(Mode::Secure) | None, Some(aes_key)) => {
                CallbackKeys::secure(token, aes_key.expose())
            }
            (Some(Mode::Compatible), Some(aes_key)) => {
                CallbackKeys::compatible(token, aes_key.expose())
            }
            (Some(Mode::Plaintext), Some(_)) => {
                return Err(wrong(
                    format!("{key}.mode"),
                    "is plaintext, which conflicts with aes_key: remove one of them",
                ));
            }
            (Some(Mode::Compatible | Mode::Secure), None) => {
                return Err(wrong(
                    format!("{key}.aes_key"),
                    "is missing: the mode requires it",
                ));
            }
        };
        let named = |name: &'static str| {
            move |error: Error| {
                let field = error.field().unwrap_or("token");
                wrong(format!("{key}.{name}{field}"), error.message())
            }
        };
        let mut keys = keys.map_err(named(""))?;
        if let Some(previous) = &self.previous_token {
            keys = keys
                .previous_token(previous.expose())
                .map_err(named("previous_"))?;
        }
        if let Some(previous) = &self.previous_aes_key {
            keys = keys
                .previous_aes_key(previous.expose())
                .map_err(named("previous_"))?;
        }
        Ok(keys)
    }
}
