//! The platform's record of a refused call.

use serde::{Deserialize, Serialize};

use super::super::{Endpoint, lenient, limit};
use crate::error::Error;
use crate::secret::Secret;

/// Fetches the platform's record of a refused call. Source: 查询 rid 信息 (`getRidInfo`).
///
/// The platform keeps the record for seven days.
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
    /// Creates the query for a `rid`, such as [`Error::rid`](crate::Error::rid) returns.
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

/// A recorded call.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Remembered {
    /// The call.
    pub request: RememberedRequest,
}

/// A call as the platform saw it. The URL and the bodies can contain credentials.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct RememberedRequest {
    /// The time of the call, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "lenient::number")]
    pub invoke_time: u64,
    /// The duration of the call, in milliseconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub cost_in_ms: u64,
    /// The query of the request.
    pub request_url: Secret,
    /// The body of the request.
    #[serde(default = "lenient::no_secret")]
    pub request_body: Secret,
    /// The body of the response.
    #[serde(default = "lenient::no_secret")]
    pub response_body: Secret,
    /// The IP address of the client.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub client_ip: String,
}
