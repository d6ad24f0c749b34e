//! Template messages (模板消息) of a service account, and its templates.
//!
//! The delivery result of a message comes later, in a push with the id that [`SendTemplateMessage`]
//! returned:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex};
//! use tower_wechat::api::template;
//! use tower_wechat::callback::event::TemplateOutcome;
//! use tower_wechat::{Event, Message, Reply, handler_fn};
//! # let sandbox = tower_wechat::sandbox::Sandbox::new();
//! # let wechat = sandbox.wechat();
//! # let appid = sandbox.appid();
//! # let user = sandbox.user("Hui");
//! # user.set_follows(true);
//! # let openid = user.openid();
//! # let template_id = sandbox.add_template(&appid, "发货通知", "{{thing1.DATA}}");
//!
//! let outcomes = Arc::new(Mutex::new(HashMap::new()));
//! let seen = outcomes.clone();
//! let routes = wechat.routes().on_message(handler_fn(move |message: Message| {
//!     if let Event::TemplateSendJobFinish(finish) = message.event() {
//!         seen.lock().unwrap().insert(finish.msg_id().to_owned(), finish.outcome());
//!     }
//!     async { Reply::none() }
//! }));
//! # let routes = routes.prefix("/v1/service/wx");
//!
//! let message = template::SendTemplateMessage::new(openid, template_id).value("thing1", "茶叶");
//! let sent = wechat.app(appid)?.call(message).await?;
//! // … and later:
//! # sandbox.deliver_pending(routes).await;
//! let outcomes = outcomes.lock().unwrap();
//! assert_eq!(outcomes.get(&sent.msgid.to_string()), Some(&TemplateOutcome::Delivered));
//! # Ok(())
//! # }
//! ```

mod industry;
mod manage;

pub use self::industry::{GetIndustry, Industries, Industry, SetIndustry};
#[cfg(feature = "sandbox")]
pub(crate) use self::manage::keywords_of;
pub use self::manage::{AddTemplate, Added, DeleteTemplate, ListTemplates, Template, Templates};

use serde::{Deserialize, Serialize};

use super::templated::{MiniProgram, Templated};
use super::{Endpoint, lenient, limit};
use crate::app::AppId;
use crate::error::Error;

/// Sends a template message to a follower. Source: 发送模板消息 (`sendTemplateMessage`).
///
/// A response means that the platform accepted the message. The delivery result comes later, in the
/// push `TEMPLATESENDJOBFINISH`, whose `MsgID` is the same id.
///
/// A message with a [`client_msg_id`](Self::client_msg_id) is sent again if its outcome is unknown.
/// Without one it is not, because the user could get it twice.
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
/// let message = template::SendTemplateMessage::new(openid, template_id)
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
pub struct SendTemplateMessage {
    #[serde(flatten)]
    message: Templated,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram: Option<MiniProgram>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<String>,
}

impl SendTemplateMessage {
    /// Creates a message to the follower `touser`, an openid, from a template in the account's
    /// list.
    pub fn new(touser: impl Into<String>, template_id: impl Into<String>) -> Self {
        Self {
            message: Templated::new(touser, template_id),
            url: None,
            miniprogram: None,
            client_msg_id: None,
        }
    }

    /// Sets the value of a keyword, named as in the template: `thing1` for `{{thing1.DATA}}`.
    #[must_use]
    pub fn value(mut self, keyword: impl Into<String>, value: impl Into<String>) -> Self {
        self.message.value(keyword, value);
        self
    }

    /// Sets the page that a tap opens.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the mini-program that a tap opens. It must be published and linked to this account, and
    /// takes precedence over a [`url`](Self::url).
    ///
    /// The path of the page can have a query. An empty path opens the first page.
    #[must_use]
    pub fn mini_program(mut self, appid: AppId, pagepath: impl Into<String>) -> Self {
        self.miniprogram = Some(MiniProgram::new(appid, pagepath));
        self
    }

    /// Sets an id by which the platform recognizes a duplicate message to the same user, for ten
    /// minutes. A duplicate is not sent.
    ///
    /// Give each message a different id. Up to 32 characters are known to be accepted.
    #[must_use]
    pub fn client_msg_id(mut self, id: impl Into<String>) -> Self {
        self.client_msg_id = Some(id.into());
        self
    }

    /// Also checks each value against the rule of its keyword's type before sending, such as at
    /// most 20 characters for a `thing`.
    ///
    /// Without it, the platform refuses the whole message with 47003 if a value breaks its rule.
    /// Don't use it for templates of the older kind (`keyword1`, `first`), whose values the
    /// platform cuts.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.message.strict();
        self
    }
}

impl Endpoint for SendTemplateMessage {
    type Response = Sent;
    const PATH: &'static str = "/cgi-bin/message/template/send";

    fn repeatable(&self) -> bool {
        self.client_msg_id.is_some()
    }

    fn check(&self) -> Result<(), Error> {
        self.message.check()?;
        match &self.client_msg_id {
            Some(id) => limit::given("client_msg_id", id),
            None => Ok(()),
        }
    }
}

/// A message that the platform accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sent {
    /// The message's id, of up to 19 digits. Pass it on as text: a JSON reader that stores numbers
    /// as floating point changes it.
    #[serde(deserialize_with = "lenient::number")]
    pub msgid: u64,
}
