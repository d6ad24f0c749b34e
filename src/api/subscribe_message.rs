//! Subscribe messages (订阅消息) of a mini-program and of an official account (订阅通知). The user
//! must allow them beforehand. A one-time permission allows one message.

use serde::Serialize;

use super::templated::{MiniProgram, Templated};
use super::{Done, Endpoint};
use crate::app::AppId;
use crate::error::Error;

/// Sends a subscribe message of a mini-program. Source: 发送订阅消息 (`sendMessage`,
/// `message/subscribe/send`).
///
/// A message that may have been sent is not repeated: the call has no id by which the platform
/// recognizes duplicates.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::{ErrCode, api::subscribe_message};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let user = sandbox.user("Hui");
/// # let openid = user.openid();
/// # let template_id = sandbox.add_subscribe_template(&sandbox.appid(), "取餐提醒", "{{thing1.DATA}}");
///
/// let message = subscribe_message::SendSubscribeMessage::new(openid, &template_id)
///     .value("thing1", "一碗面")
///     .page("pages/order?id=42");
/// # user.allow_message(&template_id);
/// app.call(message.clone()).await?;
/// let again = app.call(message).await.unwrap_err(); // the permission was for one message
/// assert_eq!(again.errcode(), Some(ErrCode::MESSAGE_REFUSED));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SendSubscribeMessage {
    #[serde(flatten)]
    message: Templated,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram_state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<Lang>,
}

/// The version of the mini-program that a message opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// The development version.
    Developer,
    /// The trial version.
    Trial,
    /// The published version.
    #[default]
    Formal,
}

/// The language that a mini-program is opened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[non_exhaustive]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh_CN")]
    SimplifiedChinese,
    /// English.
    #[serde(rename = "en_US")]
    English,
    /// Traditional Chinese as in Hong Kong.
    #[serde(rename = "zh_HK")]
    HongKong,
    /// Traditional Chinese as in Taiwan.
    #[serde(rename = "zh_TW")]
    Taiwan,
}

impl SendSubscribeMessage {
    /// Creates a message to `touser`, an openid, from a template in the mini-program's list.
    pub fn new(touser: impl Into<String>, template_id: impl Into<String>) -> Self {
        Self {
            message: Templated::new(touser, template_id),
            page: None,
            miniprogram_state: None,
            lang: None,
        }
    }

    /// Sets the value of a keyword, named as in the template: `thing1` for `{{thing1.DATA}}`.
    #[must_use]
    pub fn value(mut self, keyword: impl Into<String>, value: impl Into<String>) -> Self {
        self.message.value(keyword, value);
        self
    }

    /// Sets the page that a tap opens, which can have a query. Without it, a tap opens nothing.
    #[must_use]
    pub fn page(mut self, page: impl Into<String>) -> Self {
        self.page = Some(page.into());
        self
    }

    /// Sets the version that a tap opens. Defaults to the published one.
    #[must_use]
    pub fn state(mut self, state: State) -> Self {
        self.miniprogram_state = Some(state);
        self
    }

    /// Sets the language of the opened mini-program. Defaults to simplified Chinese.
    #[must_use]
    pub fn lang(mut self, lang: Lang) -> Self {
        self.lang = Some(lang);
        self
    }

    /// Also checks each value against the rule of its keyword's type. See
    /// [`template::SendTemplateMessage::strict`](super::template::SendTemplateMessage::strict).
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.message.strict();
        self
    }
}

impl Endpoint for SendSubscribeMessage {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/message/subscribe/send";

    fn check(&self) -> Result<(), Error> {
        self.message.check()
    }
}

/// Sends a subscribe message of an official account. Source: 发送订阅通知
/// (`message/subscribe/bizsend`).
///
/// Like [`SendSubscribeMessage`], it is not repeated.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::subscribe_message;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let user = sandbox.user("Hui");
/// # let openid = user.openid();
/// # let template_id = sandbox.add_subscribe_template(&sandbox.appid(), "开课提醒", "{{thing1.DATA}}");
/// # user.allow_message(&template_id);
///
/// let message = subscribe_message::BizSendSubscribeMessage::new(openid, template_id)
///     .value("thing1", "茶艺入门")
///     .page("https://school.example/courses/1");
/// app.call(message).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct BizSendSubscribeMessage {
    #[serde(flatten)]
    message: Templated,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram: Option<MiniProgram>,
}

impl BizSendSubscribeMessage {
    /// Creates a message to `touser`, an openid, from a template in the account's list.
    pub fn new(touser: impl Into<String>, template_id: impl Into<String>) -> Self {
        Self {
            message: Templated::new(touser, template_id),
            page: None,
            miniprogram: None,
        }
    }

    /// Sets the value of a keyword, named as in the template: `thing1` for `{{thing1.DATA}}`.
    #[must_use]
    pub fn value(mut self, keyword: impl Into<String>, value: impl Into<String>) -> Self {
        self.message.value(keyword, value);
        self
    }

    /// Sets the web page that a tap opens.
    #[must_use]
    pub fn page(mut self, url: impl Into<String>) -> Self {
        self.page = Some(url.into());
        self
    }

    /// Sets the mini-program that a tap opens. It must be published and linked to this account.
    #[must_use]
    pub fn mini_program(mut self, appid: AppId, pagepath: impl Into<String>) -> Self {
        self.miniprogram = Some(MiniProgram::new(appid, pagepath));
        self
    }

    /// Also checks each value against the rule of its keyword's type. See
    /// [`template::SendTemplateMessage::strict`](super::template::SendTemplateMessage::strict).
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.message.strict();
        self
    }
}

impl Endpoint for BizSendSubscribeMessage {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/message/subscribe/bizsend";

    fn check(&self) -> Result<(), Error> {
        self.message.check()
    }
}
