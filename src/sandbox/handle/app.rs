//! The apps of a sandbox.

use super::Sandbox;
use crate::app::{AppConfig, AppId};
use crate::callback::Mode;
use crate::client::{Wechat, WechatBuilder};
use crate::error::Error;
use crate::sandbox::account_type::AccountType;
use crate::sandbox::directory::Account;
use crate::secret::Secret;

impl Sandbox {
    /// Returns the id of the sandbox's first app.
    pub fn appid(&self) -> AppId {
        self.state().directory.first_app()
    }

    /// Adds an app with a new secret and new callback keys. Replaces an app with the same id.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if the id is malformed.
    pub fn add_app(&self, appid: impl AsRef<str>, mode: Mode) -> Result<AppId, Error> {
        let appid = AppId::new(appid)?;
        self.state().directory.add_app(appid.clone(), mode);
        Ok(appid)
    }

    /// Returns the configuration of each app, with its secret and callback keys.
    pub fn app_configs(&self) -> Vec<AppConfig> {
        self.state().directory.app_configs()
    }

    /// Returns the configuration of an app, with its secret and callback keys.
    pub fn app_config(&self, appid: &AppId) -> Option<AppConfig> {
        self.state().directory.app_config(appid)
    }

    /// Gives an app a new secret, as an operator does in the console. The old one is refused from
    /// now on. The tokens stay valid.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_wechat::Error> {
    /// # use tower_wechat::sandbox::Sandbox;
    /// let sandbox = Sandbox::new();
    /// let wechat = sandbox.wechat();
    /// sandbox.reset_secret(&sandbox.appid());
    /// assert!(wechat.tokens().get(Sandbox::APPID).await.is_err());
    ///
    /// if let Some(app) = sandbox.app_config(&sandbox.appid()) {
    ///     wechat.insert_app(app)?;
    /// }
    /// assert!(wechat.tokens().get(Sandbox::APPID).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset_secret(&self, appid: &AppId) {
        self.reset(appid, Account::reset_secret);
    }

    /// Gives an app a new Token and EncodingAESKey, and another mode. Pushes use them from now on.
    pub fn reset_callback_keys(&self, appid: &AppId, mode: Mode) {
        self.reset(appid, |account| account.reset_callback_keys(mode));
    }

    /// Changes secrets of an app. The old ones stay among [`secrets`](Self::secrets).
    fn reset(&self, appid: &AppId, reset: impl FnOnce(&mut Account)) {
        let state = &mut *self.state();
        if let Some(account) = state.directory.account_mut(appid) {
            for old in account.secrets() {
                state.issued.note(old.expose());
            }
            reset(account);
        }
    }

    /// Sets the path or the full URL that an app's pushes are sent to. Defaults to
    /// `/v1/service/wx/wxmsg/{appid}`.
    pub fn set_callback_url(&self, appid: &AppId, url: impl Into<String>) {
        if let Some(account) = self.state().directory.account_mut(appid) {
            account.callback_url = url.into();
        }
    }

    /// Restricts an app to one account type.
    ///
    /// Calls of the other types are then refused with 48001, and their customer-service messages
    /// with 40008. An app without a type, such as the [first](Self::APPID), may make the calls of
    /// every type.
    ///
    /// Web OAuth and mini-program sign-in take no app token and are not refused. The exception is
    /// web OAuth of an unverified account: its page shows error 10005.
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

    /// Returns a [`Wechat`] with all apps, backed by this sandbox and its clock.
    ///
    /// # Panics
    /// Never panics: the sandbox's apps always have a valid configuration.
    #[expect(
        clippy::expect_used,
        reason = "the sandbox's apps have a valid configuration"
    )]
    pub fn wechat(&self) -> Wechat {
        self.wechat_builder()
            .build()
            .expect("the sandbox's apps have a valid configuration")
    }

    /// Returns the configuration of [`wechat`](Self::wechat), for further settings.
    pub fn wechat_builder(&self) -> WechatBuilder {
        let builder = Wechat::builder()
            .clock(self.clock())
            .transport(self.clone());
        let apps = self.app_configs().into_iter();
        apps.fold(builder, WechatBuilder::app)
    }

    /// Returns every configured secret and the last 10,000 issued ones. A test can check that none
    /// of them leaks into logs or responses.
    pub fn secrets(&self) -> Vec<Secret> {
        let state = self.state();
        let own = state.directory.secrets();
        own.chain(state.issued.secrets()).collect()
    }
}
