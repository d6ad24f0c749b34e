//! The tickets that sign pages and cards. [`Tokens::ticket`](crate::Tokens::ticket) fetches and
//! caches them, so an application rarely makes this call.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Endpoint, lenient};
use crate::secret::Secret;

/// Fetches a ticket. Source: JS-SDK 使用权限签名算法 (`getTicket`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::ticket::GetTicket;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// assert!(app.call(GetTicket::jsapi()).await?.expires_in <= 7200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetTicket {
    r#type: &'static str,
}

impl GetTicket {
    /// Fetches the ticket that signs `wx.config`.
    pub fn jsapi() -> Self {
        Self { r#type: "jsapi" }
    }

    /// Fetches the ticket that signs cards (卡券).
    pub fn wx_card() -> Self {
        Self { r#type: "wx_card" }
    }
}

impl Endpoint for GetTicket {
    type Response = Ticket;
    const PATH: &'static str = "/cgi-bin/ticket/getticket";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// A ticket. It stays valid independently of the access token that fetched it.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Ticket {
    /// The ticket.
    #[serde(deserialize_with = "lenient::required")]
    pub ticket: Secret,
    /// The remaining lifetime in seconds, at most 7200.
    #[serde(deserialize_with = "lenient::number")]
    pub expires_in: u64,
}
