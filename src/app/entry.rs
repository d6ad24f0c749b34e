//! A registered app: its checked configuration and the state of its tokens.

use super::{AppConfig, AppId, AppSecret, TokenGrant};
use crate::callback::CallbackKeys;
use crate::error::Error;
use crate::token::AppTokens;

/// One app of the registry. A change of its configuration makes another entry.
#[derive(Debug)]
pub(crate) struct AppEntry {
    pub(crate) appid: AppId,
    secret: Option<AppSecret>,
    pub(crate) callback: Option<CallbackKeys>,
    pub(crate) grant: TokenGrant,
    /// Shared with the entries that this one replaced.
    pub(crate) tokens: AppTokens,
}

impl AppEntry {
    /// The app's secret.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for an app without one.
    pub(crate) fn secret(&self) -> Result<&AppSecret, Error> {
        self.secret.as_ref().ok_or_else(|| {
            let appid = &self.appid;
            Error::config(format!("app {appid} has no secret, which this call needs"))
        })
    }

    /// Checks that the platform can issue tokens to the app.
    pub(super) fn check_secret(&self) -> Result<(), Error> {
        match self.secret {
            Some(_) => Ok(()),
            None => Err(Error::config(format!(
                "app {} has no secret: give it one, or set a `token_source`",
                self.appid
            ))),
        }
    }

    /// Takes over the tokens of the entry that this one replaces. Its callback keys become the
    /// previous ones.
    pub(super) fn replace(&mut self, old: &Self) {
        self.tokens = old.tokens.clone();
        if let (Some(keys), Some(old)) = (&mut self.callback, &old.callback) {
            keys.replace(old);
        }
    }

    /// Returns whether tokens are fetched with the same secret and the same call.
    pub(super) fn fetches_as(&self, other: &Self) -> bool {
        self.secret == other.secret && self.grant == other.grant
    }
}

impl TryFrom<AppConfig> for AppEntry {
    type Error = Error;

    fn try_from(config: AppConfig) -> Result<Self, Error> {
        let AppConfig {
            appid,
            secret,
            callback,
            grant,
        } = config;
        let appid = AppId::new(appid)?;
        if secret
            .as_ref()
            .is_some_and(|secret| secret.secret().expose().is_empty())
        {
            return Err(Error::input(
                "secret",
                format!("of app {appid} must not be empty"),
            ));
        }
        Ok(Self {
            tokens: AppTokens::new(&appid),
            appid,
            secret,
            callback,
            grant,
        })
    }
}
