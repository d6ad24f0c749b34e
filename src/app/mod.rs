//! The accounts: official accounts (公众号) and mini-programs (小程序).
//!
//! [`AppConfig`] is what the application configures, `AppEntry` the checked form of it with the
//! state of its tokens, and `Apps` the registry in which everything looks apps up.

mod entry;
mod file;
mod hash;
mod registry;

pub(crate) use self::entry::AppEntry;
pub(crate) use self::registry::{Apps, Watch};

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::callback::CallbackKeys;
use crate::error::Error;
use crate::secret::Secret;

/// The id of an app, such as `wx3cc8fd6963e31a32`. It is not a secret. Case matters.
///
/// ```
/// use tower_wechat::AppId;
///
/// let appid = AppId::new("wx3cc8fd6963e31a32")?;
/// assert_eq!(appid.as_str(), "wx3cc8fd6963e31a32");
/// assert!(AppId::new("wx 3cc8").unwrap_err().to_string().contains("appid"));
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(Arc<str>);

impl AppId {
    /// The maximum length of an id, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Creates an id of 1 to 64 ASCII letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for anything else.
    pub fn new(appid: impl AsRef<str>) -> Result<Self, Error> {
        let appid = appid.as_ref();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if appid.is_empty() || appid.len() > Self::MAX_LEN || !appid.bytes().all(legal) {
            return Err(Error::input(
                "appid",
                format!(
                    "must be 1 to {} letters, digits, '-' or '_' (it has {} bytes): copy it from the \
                     微信开发者平台, it looks like wx3cc8fd6963e31a32",
                    Self::MAX_LEN,
                    appid.len()
                ),
            ));
        }
        Ok(Self(appid.into()))
    }

    /// Creates an id that is known to be well-formed.
    #[cfg(feature = "sandbox")]
    pub(crate) fn known(appid: &'static str) -> Self {
        Self(appid.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id without copying it.
    #[cfg(feature = "metrics")]
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AppId {
    type Err = Error;

    fn from_str(appid: &str) -> Result<Self, Error> {
        Self::new(appid)
    }
}

impl AsRef<str> for AppId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for AppId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for AppId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AppId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let appid = String::deserialize(deserializer)?;
        Self::new(appid).map_err(|error| serde::de::Error::custom(error.message()))
    }
}

/// The secret of an app (AppSecret), which authorizes fetching its tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecret(Secret);

impl AppSecret {
    /// Returns the secret as a [`Secret`], to expose or to send.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl<T: Into<Secret>> From<T> for AppSecret {
    fn from(secret: T) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecret(#{})", self.0.fingerprint())
    }
}

/// The call that fetches an app's access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TokenGrant {
    /// 获取稳定版接口调用凭据 (`stable_token`). Repeated calls return the same token, so instances
    /// that don't coordinate can't invalidate each other's tokens.
    #[default]
    Stable,
    /// 获取接口调用凭据 (`token`). Every call makes a new token and retires the previous one. Use
    /// it for an app whose other services use this call and share its tokens.
    Classic,
}

/// The configuration of one app.
///
/// ```
/// use tower_wechat::{AppConfig, CallbackKeys};
///
/// let app = AppConfig::new("wx3cc8fd6963e31a32", "the app secret")
///     .callback(CallbackKeys::plaintext("callbacktoken")?);
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AppConfig {
    pub(crate) appid: String,
    pub(crate) secret: Option<AppSecret>,
    pub(crate) callback: Option<CallbackKeys>,
    pub(crate) grant: TokenGrant,
}

impl AppConfig {
    /// Creates the configuration of an app. A malformed id is reported by
    /// [`WechatBuilder::build`](crate::WechatBuilder::build) or
    /// [`Wechat::insert_app`](crate::Wechat::insert_app).
    pub fn new(appid: impl Into<String>, secret: impl Into<AppSecret>) -> Self {
        Self {
            appid: appid.into(),
            secret: Some(secret.into()),
            callback: None,
            grant: TokenGrant::default(),
        }
    }

    /// An app whose secret this process does not have: its access tokens come from a
    /// [`token_source`](crate::WechatBuilder::token_source). Calls that need the secret itself,
    /// such as web OAuth, fail with [`ErrorKind::Config`](crate::ErrorKind::Config).
    pub fn without_secret(appid: impl Into<String>) -> Self {
        Self {
            appid: appid.into(),
            secret: None,
            callback: None,
            grant: TokenGrant::default(),
        }
    }

    /// Lets the app receive pushes, verified with `keys`.
    #[must_use]
    pub fn callback(mut self, keys: CallbackKeys) -> Self {
        self.callback = Some(keys);
        self
    }

    /// Sets the call that fetches the app's access token. Defaults to [`TokenGrant::Stable`].
    #[must_use]
    pub fn token_grant(mut self, grant: TokenGrant) -> Self {
        self.grant = grant;
        self
    }
}
