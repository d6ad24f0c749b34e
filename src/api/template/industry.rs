//! The industries of an account, which determine the templates that it can add.

use http::Method;
use serde::{Deserialize, Serialize};

use super::super::{Done, Endpoint, lenient, limit};
use crate::error::Error;

/// Sets the account's two industries. It is allowed once a month. Source: 设置所属行业
/// (`setIndustry`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::template;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// app.call(template::SetIndustry::new("1", "4")).await?;
/// let chosen = app.call(template::GetIndustry::new()).await?;
/// assert!(!chosen.primary_industry.first_class.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SetIndustry {
    industry_id1: String,
    industry_id2: String,
}

impl SetIndustry {
    /// Creates the call from the industries' numbers in the platform's table, such as `1` for
    /// 互联网/电子商务.
    pub fn new(first: impl Into<String>, second: impl Into<String>) -> Self {
        Self {
            industry_id1: first.into(),
            industry_id2: second.into(),
        }
    }
}

impl Endpoint for SetIndustry {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/template/api_set_industry";

    fn check(&self) -> Result<(), Error> {
        limit::given("industry_id1", &self.industry_id1)?;
        limit::given("industry_id2", &self.industry_id2)
    }
}

/// Fetches the account's industries. Source: 获取行业信息 (`getIndustry`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::template;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let chosen = app.call(template::GetIndustry::new()).await?;
/// println!("{}", chosen.primary_industry.second_class);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GetIndustry {}

impl GetIndustry {
    /// Creates the call, which has no arguments.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Endpoint for GetIndustry {
    type Response = Industries;
    const PATH: &'static str = "/cgi-bin/template/get_industry";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// The industries of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Industries {
    /// The primary industry.
    #[serde(deserialize_with = "lenient::or_default")]
    pub primary_industry: Industry,
    /// The secondary industry.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub secondary_industry: Industry,
}

/// The names of an industry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Industry {
    /// The field, such as `IT科技`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub first_class: String,
    /// The trade, such as `互联网|电子商务`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub second_class: String,
}
