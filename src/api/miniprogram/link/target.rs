//! The target and the expiry of a link.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::api::miniprogram::{EnvVersion, limits};
use crate::error::Error;

/// The maximum lifetime of a link, in days.
const DAYS_MAX: u32 = 30;

/// When a link expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expiry {
    /// At a time in Unix seconds, between a minute and 30 days from now.
    At(u64),
    /// After 1 to 30 days.
    Days(u32),
}

impl Expiry {
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Self::Days(days) if !(1..=DAYS_MAX).contains(&days) => Err(Error::input(
                "expire_interval",
                format!(
                    "must be 1 to {DAYS_MAX} days (it is {days}): make a new link before it expires"
                ),
            )),
            // `At` is left to the platform: checking it would take a clock.
            _ => Ok(()),
        }
    }
}

impl Serialize for Expiry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Self::At(time) => {
                map.serialize_entry("expire_type", &0)?;
                map.serialize_entry("expire_time", time)?;
            }
            Self::Days(days) => {
                map.serialize_entry("expire_type", &1)?;
                map.serialize_entry("expire_interval", days)?;
            }
        }
        map.end()
    }
}

/// The target of a link. Defaults to the home page of the released version.
///
/// ```
/// use tower_wechat::api::miniprogram::EnvVersion;
/// use tower_wechat::api::miniprogram::link::Target;
///
/// let target = Target::page("/pages/index/index").query("order=42").env_version(EnvVersion::Trial);
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Target {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_version: Option<EnvVersion>,
}

impl Target {
    /// Targets the home page.
    pub fn home() -> Self {
        Self::default()
    }

    /// Targets a page of the released version, without a query.
    pub fn page(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// Sets the query of the page, at most 1024 characters: ASCII letters, digits, `%` and
    /// `!#$&'()*+,/:;=?@-._~`.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Sets the version that opens. Defaults to the released one.
    #[must_use]
    pub fn env_version(mut self, version: EnvVersion) -> Self {
        self.env_version = Some(version);
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let path = self.path.as_deref().unwrap_or_default();
        limits::within("path", path, limits::PATH_MAX)?;
        if path.contains('?') {
            return Err(Error::input(
                "path",
                "must not have a query: set the query with Target::query",
            ));
        }
        self.query.as_deref().map_or(Ok(()), limits::query)
    }
}
