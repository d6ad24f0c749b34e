//! Template messages (模板消息) of a service account, and its templates.

mod industry;
mod manage;

pub use self::industry::{GetIndustry, Industries, Industry, SetIndustry};
#[cfg(feature = "sandbox")]
pub(crate) use self::manage::keywords_of;
pub use self::manage::{Add, Added, Delete, List, Template, Templates};

use serde::{Deserialize, Serialize};

use super::keyword::{self, Keyword, Keywords};
use super::{Endpoint, lenient, limit};
use crate::app::AppId;
use crate::error::Error;

/// Sends a template message to a follower. Source: 发送模板消息 (`sendTemplateMessage`).
///
/// An answer means that the message was accepted. Whether it arrived comes later, as the push
/// `TEMPLATESENDJOBFINISH` with the same id as its `MsgID`.
///
/// A message with a [`client_msg_id`](Self::client_msg_id) is sent again when it is not known what
/// became of it; one without is not, since the user might get it twice.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::template;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let user = sandbox.user("Hui");
/// # user.set_follows(true);
/// # let openid = user.openid();
/// # let template_id = sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}{{time2.DATA}}");
///
/// let message = template::Send::new(openid, template_id)
///     .value("thing1", "两盒茶叶")
///     .value("time2", "2026-01-01 12:00")
///     .url("https://shop.example/orders/42")
///     .client_msg_id("order-42-shipped")
///     .strict();
/// let sent = app.call(message).await?;
/// assert!(sent.msgid > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Send {
    touser: String,
    template_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram: Option<MiniProgram>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<String>,
    data: Keywords,
    #[serde(skip)]
    strict: bool,
}

/// A mini-program that a message opens.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MiniProgram {
    pub(super) appid: AppId,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) pagepath: String,
}

impl Send {
    /// A message to the follower `touser`, an openid, by a template of the account's own list.
    pub fn new(touser: impl Into<String>, template_id: impl Into<String>) -> Self {
        Self {
            touser: touser.into(),
            template_id: template_id.into(),
            url: None,
            miniprogram: None,
            client_msg_id: None,
            data: Keywords::new(),
            strict: false,
        }
    }

    /// The value of a keyword, named as in the template: `thing1` for `{{thing1.DATA}}`.
    #[must_use]
    pub fn value(mut self, keyword: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(keyword.into(), Keyword::new(value));
        self
    }

    /// The page that a tap opens.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The mini-program that a tap opens, before any [`url`](Self::url): published, and linked to
    /// this account. The page's path may carry a query; an empty one is the first page.
    #[must_use]
    pub fn mini_program(mut self, appid: AppId, pagepath: impl Into<String>) -> Self {
        let pagepath = pagepath.into();
        self.miniprogram = Some(MiniProgram { appid, pagepath });
        self
    }

    /// An id by which the platform knows a second message to the same user, for ten minutes: it is
    /// not sent again. Give each message its own; at most 32 characters are known to be taken.
    #[must_use]
    pub fn client_msg_id(mut self, id: impl Into<String>) -> Self {
        self.client_msg_id = Some(id.into());
        self
    }

    /// Also checks each value by the rule of its keyword's type before it is sent, such as 20
    /// characters for a `thing`: the platform refuses the whole message with 47003 otherwise. Leave
    /// it off for templates of the older kind (`keyword1`, `first`), whose values it cuts.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }
}

impl Endpoint for Send {
    type Response = Sent;
    const PATH: &'static str = "/cgi-bin/message/template/send";

    fn repeatable(&self) -> bool {
        self.client_msg_id.is_some()
    }

    fn check(&self) -> Result<(), Error> {
        limit::given("touser", &self.touser)?;
        limit::given("template_id", &self.template_id)?;
        if let Some(id) = &self.client_msg_id {
            limit::given("client_msg_id", id)?;
        }
        if self.strict {
            keyword::check(&self.data)?;
        }
        Ok(())
    }
}

/// A message that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Sent {
    /// Its id, of up to 19 digits: a JSON reader that keeps numbers as floating point changes it,
    /// so pass it on as text.
    #[serde(deserialize_with = "lenient::number")]
    pub msgid: u64,
}
