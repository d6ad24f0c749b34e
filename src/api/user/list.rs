//! The list of followers.

use http::Method;
use serde::{Deserialize, Serialize};

use super::super::{Endpoint, lenient};

/// Lists the openids of the followers, up to 10,000 a page. Source: 获取关注用户列表 (`getFans`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::user;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # sandbox.user("Hui").set_follows(true);
///
/// let mut call = user::ListFollowers::new();
/// let mut followers = 0;
/// loop {
///     let page = app.call(call).await?;
///     followers += page.openids().len();
///     match page.next_openid {
///         Some(next) => call = user::ListFollowers::after(next),
///         None => break,
///     }
/// }
/// assert_eq!(followers, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ListFollowers {
    next_openid: String,
}

impl ListFollowers {
    /// Fetches the first page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fetches the page after the one that ended with `next_openid`.
    pub fn after(next_openid: impl Into<String>) -> Self {
        Self {
            next_openid: next_openid.into(),
        }
    }
}

impl Endpoint for ListFollowers {
    type Response = Page;
    const PATH: &'static str = "/cgi-bin/user/get";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// A page of openids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page {
    /// The total number of followers.
    #[serde(deserialize_with = "lenient::number")]
    pub total: u64,
    /// The number of followers on this page.
    #[serde(default, deserialize_with = "lenient::number")]
    pub count: u64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    data: Openids,
    /// Where the next page begins, or `None` after the last page.
    #[serde(default, deserialize_with = "lenient::text")]
    pub next_openid: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Openids {
    #[serde(default, deserialize_with = "lenient::or_default")]
    openid: Vec<String>,
}

impl Page {
    /// Returns the openids on this page. It is empty past the last page.
    pub fn openids(&self) -> &[String] {
        &self.data.openid
    }
}
