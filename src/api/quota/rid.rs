//! What the platform remembers of a refused call.

use serde::{Deserialize, Serialize};

use super::super::{Endpoint, lenient, limit};
use crate::error::Error;
use crate::secret::Secret;

/// What the platform remembers of a refused call, for seven days. Source: 查询 rid 信息
/// (`getRidInfo`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::{quota, user};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let refused = app.call(user::GetUser::new("nobody")).await.unwrap_err();
/// let rid = refused.rid().unwrap_or_default();
/// let request = app.call(quota::GetRid::new(rid)).await?.request;
/// assert!(request.response_body.expose().contains("40003"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetRid {
    rid: String,
}

impl GetRid {
    /// The question for an id as [`Error::rid`](crate::Error::rid) has it.
    pub fn new(rid: impl Into<String>) -> Self {
        Self { rid: rid.into() }
    }
}

impl Endpoint for GetRid {
    type Response = Remembered;
    const PATH: &'static str = "/cgi-bin/openapi/rid/get";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::bytes("rid", &self.rid, 1..=128)
    }
}

/// A call that the platform remembers.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Remembered {
    /// The call.
    pub request: RememberedRequest,
}

/// A call as the platform saw it. The address and the bodies may hold credentials.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct RememberedRequest {
    /// When it was made, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "lenient::number")]
    pub invoke_time: u64,
    /// How long it took, in milliseconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub cost_in_ms: u64,
    /// Its query.
    pub request_url: Secret,
    /// What was sent.
    #[serde(default = "lenient::no_secret")]
    pub request_body: Secret,
    /// What was answered.
    #[serde(default = "lenient::no_secret")]
    pub response_body: Secret,
    /// The address that it came from.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub client_ip: String,
}
