//! What the user sees while an answer is being written.

use serde::Serialize;

use crate::api::{Done, Endpoint, limit};
use crate::error::Error;

/// Shows the user that the account is typing (对方正在输入), or no longer. Source: 客服输入状态
/// (`typing`); for mini-programs, 客服消息输入状态.
///
/// The user sees it for 15 seconds, or until the next message.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_wechat::api::customer_service::{SendCustomerServiceMessage, SetTyping};
/// # use tower_wechat::{Reply, handler_fn, sandbox::{Push, Sandbox}};
/// # let sandbox = Sandbox::new();
/// # let (wechat, user) = (sandbox.wechat(), sandbox.user("Hui"));
/// # let app = wechat.app(sandbox.appid())?;
/// # let openid = user.openid();
/// # let routes = wechat.routes().on_message(handler_fn(|_| async { Reply::none() }));
/// # sandbox.push(Push::text(&user, "hi"), routes.prefix("/v1/service/wx")).await;
///
/// // The user has just asked something.
/// app.call(SetTyping::start(&openid)).await?;
/// # assert!(user.sees_typing());
/// // … and once the answer is found:
/// app.call(SendCustomerServiceMessage::text(&openid, "We are open until ten")).await?;
/// # assert!(!user.sees_typing());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 45015: the account may send the user no message at this time. 45080: no message went between the
/// two in the last 30 seconds. 45081: the user sees it already. 40003: the openid is not one of the
/// app. 48001: the account may not make this call. An empty openid is
/// [`ErrorKind::Input`](crate::ErrorKind::Input), and nothing is sent.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SetTyping {
    touser: String,
    command: &'static str,
}

impl SetTyping {
    /// `Typing`: the user sees that the account is typing.
    pub fn start(openid: impl Into<String>) -> Self {
        let touser = openid.into();
        let command = "Typing";
        Self { touser, command }
    }

    /// `CancelTyping`: the user does not see it any more.
    pub fn cancel(openid: impl Into<String>) -> Self {
        let touser = openid.into();
        let command = "CancelTyping";
        Self { touser, command }
    }
}

impl Endpoint for SetTyping {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/message/custom/typing";

    fn check(&self) -> Result<(), Error> {
        limit::given("touser", &self.touser)
    }
}
