//! Which calls an account may make.

use std::time::SystemTime;

use super::Sandbox;
use super::platform::Query;
use super::state::State;
use crate::app::AppId;
use crate::error::ErrCode;

/// What the platform calls the type of an account (帐号类型); see
/// [`Sandbox::set_account_type`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountType {
    /// 服务号: an official account that may make all calls of official accounts.
    ServiceAccount,
    /// 订阅号: an official account that makes no QR codes and sends no template messages.
    SubscriptionAccount,
    /// 未认证的订阅号: a subscription account that is not verified. It answers its users by the
    /// passive reply alone: no customer-service messages, users, menus or web OAuth either.
    UnverifiedSubscriptionAccount,
    /// 小程序: a mini-program.
    MiniProgram,
}

/// What the paths of service accounts' calls begin with.
const SERVICE: [&str; 3] = [
    "/cgi-bin/qrcode/",
    "/cgi-bin/message/template/",
    "/cgi-bin/template/",
];

/// The same for the other calls of official accounts.
const OFFICIAL: [&str; 4] = [
    "/cgi-bin/shorten/",
    "/cgi-bin/message/subscribe/bizsend",
    "/cgi-bin/user/",
    "/cgi-bin/menu/",
];

/// The same for verified accounts.
const VERIFIED: [&str; 1] = ["/cgi-bin/message/custom/"];

/// The same for mini-programs.
const MINI_PROGRAM: [&str; 3] = [
    "/wxa/",
    "/cgi-bin/wxaapp/",
    "/cgi-bin/message/subscribe/send",
];

impl AccountType {
    fn covers(self, path: &str) -> bool {
        let is_among = |calls: &[&str]| calls.iter().any(|call| path.starts_with(call));
        match self {
            Self::ServiceAccount => !is_among(&MINI_PROGRAM),
            Self::SubscriptionAccount => !is_among(&MINI_PROGRAM) && !is_among(&SERVICE),
            Self::UnverifiedSubscriptionAccount => {
                let refused = [&MINI_PROGRAM[..], &SERVICE, &OFFICIAL, &VERIFIED];
                !refused.into_iter().any(is_among)
            }
            Self::MiniProgram => !is_among(&SERVICE) && !is_among(&OFFICIAL),
        }
    }

    /// Whether it sends this kind of customer-service message.
    fn sends(self, msgtype: &str) -> bool {
        match self {
            Self::ServiceAccount
            | Self::SubscriptionAccount
            | Self::UnverifiedSubscriptionAccount => msgtype != "link",
            Self::MiniProgram => ["text", "image", "link", "miniprogrampage"].contains(&msgtype),
        }
    }
}

impl Sandbox {
    /// Makes an app an account of this type, which may not make the calls of the others: they are
    /// refused with 48001, and the customer-service messages of the others with 40008. An app for
    /// which this was not called, such as the [first](Self::APPID), is all of them at once.
    ///
    /// Web OAuth and a mini-program's sign-in, which take no app token, are not refused, web OAuth
    /// of an unverified account aside: its page shows error 10005.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_wechat::Error> {
    /// use tower_wechat::ErrCode;
    /// use tower_wechat::api::qrcode;
    /// use tower_wechat::sandbox::{AccountType, Sandbox};
    ///
    /// let sandbox = Sandbox::new();
    /// sandbox.set_account_type(&sandbox.appid(), AccountType::MiniProgram);
    /// let app = sandbox.wechat().app(sandbox.appid())?;
    /// let error = app.call(qrcode::CreateQrcode::temporary("order-42")).await.unwrap_err();
    /// assert_eq!(error.errcode(), Some(ErrCode::API_UNAUTHORIZED));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_account_type(&self, appid: &AppId, account_type: AccountType) {
        if let Some(account) = self.state().account_mut(appid) {
            account.account_type = Some(account_type);
        }
    }
}

impl State {
    fn account_type(&self, appid: &AppId) -> Option<AccountType> {
        self.account(appid.as_str())?.account_type
    }

    /// Whether an app may send its users to the page of web OAuth.
    pub(super) fn may_authorize(&self, appid: &str) -> bool {
        let account_type = self.account(appid).and_then(|account| account.account_type);
        account_type != Some(AccountType::UnverifiedSubscriptionAccount)
    }

    /// Refuses a call that is none of the account's. A dead token is refused where the call is
    /// served.
    pub(super) fn check_account_type(
        &self,
        query: &Query,
        path: &str,
        now: SystemTime,
    ) -> Result<(), ErrCode> {
        let Ok(appid) = self.tokens.check(query.get("access_token"), now) else {
            return Ok(());
        };
        match self.account_type(&appid) {
            Some(account_type) if !account_type.covers(path) => Err(ErrCode::API_UNAUTHORIZED),
            _ => Ok(()),
        }
    }

    /// Refuses a customer-service message that is none of the account's.
    pub(super) fn check_msgtype(&self, appid: &AppId, msgtype: &str) -> Result<(), ErrCode> {
        match self.account_type(appid) {
            Some(account_type) if !account_type.sends(msgtype) => {
                Err(ErrCode::INVALID_MESSAGE_TYPE)
            }
            _ => Ok(()),
        }
    }
}
