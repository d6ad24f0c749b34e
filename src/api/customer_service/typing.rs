//! The typing status that the user sees.

use serde::Serialize;

use crate::api::{Done, Endpoint, limit};
use crate::error::Error;

/// Shows or hides the typing status (对方正在输入). Source: 客服输入状态 (`typing`); for
/// mini-programs, 客服消息输入状态.
///
/// The user sees the status for 15 seconds, or until the next message.
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
/// // The user has just asked a question.
/// app.call(SetTyping::start(&openid)).await?;
/// # assert!(user.sees_typing());
/// // … and with the answer:
/// app.call(SendCustomerServiceMessage::text(&openid, "We are open until ten")).await?;
/// # assert!(!user.sees_typing());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// - 45015: the account can't send the user a message at this time.
/// - 45080: the account and the user exchanged no message in the last 30 seconds.
/// - 45081: the user already sees the status.
/// - 40003: the openid does not belong to the app.
/// - 48001: the account may not make this call.
///
/// An empty openid is [`ErrorKind::Input`](crate::ErrorKind::Input), and nothing is sent.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SetTyping {
    touser: String,
    command: &'static str,
}

impl SetTyping {
    /// Shows the status (`Typing`).
    pub fn start(openid: impl Into<String>) -> Self {
        let touser = openid.into();
        let command = "Typing";
        Self { touser, command }
    }

    /// Hides the status (`CancelTyping`).
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
