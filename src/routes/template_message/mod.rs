//! `POST sendwxtemplatemsg`: sends a template message to a follower.

mod message;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::message::Message;
use super::caller::{Caller, required};
use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService};
use crate::client::Wechat;

/// Sends a template message to a follower.
///
/// The request is `{"source","appid","openid","template_id","data"}`. `data` is the message as the
/// platform accepts it, as an object or as a string that contains its JSON. It has the keyword
/// values in its own `data`, and optionally `url`, `miniprogram` and `client_msg_id`.
///
/// - `template_id` may be inside `data` instead.
/// - A numeric value is sent with exactly the digits of the request.
/// - `topcolor` and `color` are accepted but not sent: the platform has ignored them since 2023.
/// - The page of `miniprogram` may be named `path`, as in a menu, instead of `pagepath`.
///
/// `msgid` in the answer is a string, because it has up to 19 digits. It is the id in the later
/// push `TEMPLATESENDJOBFINISH`, which reports the delivery. A message with a `client_msg_id` is
/// sent again when its outcome is unknown. See
/// [`template::SendTemplateMessage`](crate::api::template::SendTemplateMessage).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use serde_json::json;
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::TemplateMessageService;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let user = sandbox.user("Hui");
/// # user.set_follows(true);
/// # let openid = user.openid();
/// # let template_id = sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}");
///
/// let messages = TemplateMessageService::new(wechat.clone()).unprotected();
/// let body = json!({
///     "source": "shop",
///     "appid": "wx3cc8fd6963e31a32",
///     "openid": openid,
///     "template_id": template_id,
///     "data": { "url": "https://shop.example/42", "data": { "thing1": { "value": "茶叶" } } },
/// });
/// let request = Request::post("/message")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(body.to_string()))?;
/// assert_eq!(messages.oneshot(request).await?.status(), StatusCode::OK);
/// # Ok(())
/// # }
/// ```
pub type TemplateMessageService = JsonService<TemplateMessage>;

impl TemplateMessageService {
    /// Creates a service for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        let runtime = wechat.runtime().clone();
        Self::from_route(TemplateMessage::new(wechat)).shared_runtime(runtime)
    }
}

/// The route of [`TemplateMessageService`].
#[derive(Debug, Clone)]
pub struct TemplateMessage {
    wechat: Wechat,
}

impl TemplateMessage {
    pub(super) fn new(wechat: Wechat) -> Self {
        Self { wechat }
    }
}

/// The request of `sendwxtemplatemsg`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct TemplateMessageRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    flow_id: Option<String>,
    openid: Option<String>,
    template_id: Option<String>,
    data: Option<Box<RawValue>>,
}

/// The answer of `sendwxtemplatemsg`.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct TemplateMessageAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    appid: String,
    msgid: String,
}

impl JsonRoute for TemplateMessage {
    const NAME: &'static str = "sendwxtemplatemsg";
    type Request = TemplateMessageRequest;
    type Answer = TemplateMessageAnswer;
    const OBJECTS: &'static [(&'static str, &'static [&'static str])] = message::OBJECTS;

    async fn answer(
        self,
        request: TemplateMessageRequest,
    ) -> Result<TemplateMessageAnswer, Failure> {
        let caller = Caller::check(request.source, request.appid, request.flow_id)?;
        let openid = required("openid", request.openid)?;
        let message = Message::read(request.data.as_deref())?.send(openid, request.template_id)?;

        let app = caller.app(&self.wechat)?;
        let sent = app.call(message).await;
        let sent = sent.map_err(|error| Failure::from_error(error, RetCode::TEMPLATE_MESSAGE))?;
        tracing::debug!(
            source = caller.source,
            appid = caller.appid,
            msgid = sent.msgid,
            "sent a template message"
        );
        Ok(TemplateMessageAnswer {
            flow_id: caller.flow_id,
            appid: caller.appid,
            msgid: sent.msgid.to_string(),
        })
    }
}
