//! The templates of an account, at most 25.

use http::Method;
use serde::{Deserialize, Serialize};

use super::super::{Done, Endpoint, lenient, limit};
use crate::error::Error;

/// Adds a template from the platform's library to the account's list. Source: 添加模板
/// (`addTemplate`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::template;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let added = app.call(template::AddTemplate::new("42841", ["商品名称", "发货时间"])).await?;
/// let all = app.call(template::ListTemplates::new()).await?.template_list;
/// assert!(all.iter().any(|template| template.template_id == added.template_id));
/// app.call(template::DeleteTemplate::new(added.template_id)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AddTemplate {
    template_id_short: String,
    keyword_name_list: Vec<String>,
}

impl AddTemplate {
    /// Creates the call from the template's number in the library and the chosen keywords, in
    /// order.
    pub fn new<K: Into<String>>(
        template_id_short: impl Into<String>,
        keyword_names: impl IntoIterator<Item = K>,
    ) -> Self {
        Self {
            template_id_short: template_id_short.into(),
            keyword_name_list: keyword_names.into_iter().map(Into::into).collect(),
        }
    }
}

impl Endpoint for AddTemplate {
    type Response = Added;
    const PATH: &'static str = "/cgi-bin/template/api_add_template";

    fn check(&self) -> Result<(), Error> {
        limit::given("template_id_short", &self.template_id_short)
    }
}

/// A template that was added to the account's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Added {
    /// The template's id in the account's list.
    #[serde(deserialize_with = "lenient::required")]
    pub template_id: String,
}

/// Lists the templates of the account. Source: 获取已添加至账号下所有模板列表 (`getAllTemplates`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::template;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}");
///
/// for template in app.call(template::ListTemplates::new()).await?.template_list {
///     println!("{}: {:?}", template.title, template.keywords().collect::<Vec<_>>());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ListTemplates {}

impl ListTemplates {
    /// Creates the call, which has no arguments.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Endpoint for ListTemplates {
    type Response = Templates;
    const PATH: &'static str = "/cgi-bin/template/get_all_private_template";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// The templates of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Templates {
    /// The templates, at most 25.
    #[serde(deserialize_with = "lenient::or_default")]
    pub template_list: Vec<Template>,
}

/// A template in the account's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Template {
    /// The template's id, for [`SendTemplateMessage`](super::SendTemplateMessage).
    #[serde(deserialize_with = "lenient::required")]
    pub template_id: String,
    /// The title.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub title: String,
    /// The first part of the template's industry.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub primary_industry: String,
    /// The second part of the template's industry.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub deputy_industry: String,
    /// The text, with a placeholder such as `{{thing1.DATA}}` for each keyword.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub content: String,
    /// A filled-in example.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub example: String,
}

impl Template {
    /// Returns the keywords of the text, in order.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        keywords_of(&self.content)
    }
}

/// Returns the keywords in a template's text.
pub(crate) fn keywords_of(content: &str) -> impl Iterator<Item = &str> {
    content
        .split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once(".DATA}}").map(|(keyword, _)| keyword))
}

/// Removes a template from the account's list. Source: 删除模板 (`deleteTemplate`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::{ErrCode, api::template};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let template_id = sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}");
///
/// app.call(template::DeleteTemplate::new(&template_id)).await?;
/// let again = app.call(template::DeleteTemplate::new(&template_id)).await.unwrap_err();
/// assert_eq!(again.errcode(), Some(ErrCode::INVALID_TEMPLATE_ID));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct DeleteTemplate {
    template_id: String,
}

impl DeleteTemplate {
    /// Creates the call for a template.
    pub fn new(template_id: impl Into<String>) -> Self {
        Self {
            template_id: template_id.into(),
        }
    }
}

impl Endpoint for DeleteTemplate {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/template/del_private_template";

    fn check(&self) -> Result<(), Error> {
        limit::given("template_id", &self.template_id)
    }
}
