//! The apps of a sandbox.

use super::Sandbox;
use crate::app::{AppConfig, AppId};
use crate::callback::Mode;
use crate::client::Wechat;
use crate::error::Error;
use crate::sandbox::account_type::AccountType;
use crate::secret::Secret;

impl Sandbox {
    /// The id of the app that the sandbox began with.
    pub fn appid(&self) -> AppId {
        self.state().directory.first_app()
    }

    /// Adds an app with a secret and callback keys of its own; one of the same id is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a malformed id.
    pub fn add_app(&self, appid: impl AsRef<str>, mode: Mode) -> Result<AppId, Error> {
        let appid = AppId::new(appid)?;
        self.state().directory.add_app(appid.clone(), mode);
        Ok(appid)
    }

    /// What the host's configuration needs to know of each app: its secret and callback keys.
    pub fn app_configs(&self) -> Vec<AppConfig> {
        self.state().directory.app_configs()
    }

    /// The path, or the whole address, that an app's pushes are sent to:
    /// `/v1/service/wx/wxmsg/{appid}` at first.
    pub fn set_callback_url(&self, appid: &AppId, url: impl Into<String>) {
        if let Some(account) = self.state().directory.account_mut(appid) {
            account.callback_url = url.into();
        }
    }

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
        if let Some(account) = self.state().directory.account_mut(appid) {
            account.account_type = Some(account_type);
        }
    }

    /// A [`Wechat`] with all apps, over this platform, by its clock.
    ///
    /// # Panics
    /// Never: the sandbox's own apps are configured rightly.
    #[expect(
        clippy::expect_used,
        reason = "the sandbox's own apps are configured rightly"
    )]
    pub fn wechat(&self) -> Wechat {
        let builder = Wechat::builder()
            .clock(self.clock())
            .transport(self.clone());
        let builder = self
            .app_configs()
            .into_iter()
            .fold(builder, |builder, app| builder.app(app));
        builder
            .build()
            .expect("the sandbox's apps are configured rightly")
    }

    /// Every secret the platform knows of or has handed out lately (the last 10,000), to check
    /// that none of them appears where it must not.
    pub fn secrets(&self) -> Vec<Secret> {
        let state = self.state();
        let own = state.directory.secrets();
        own.chain(state.issued.secrets()).collect()
    }
}
