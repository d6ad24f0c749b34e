//! The authorization page, where a user consents.

use std::fmt::Write;

use crate::app::AppId;
use crate::client::Hosts;
use crate::error::Error;

/// The consent that the user is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Scope {
    /// `snsapi_base`: the openid only, without a dialog.
    Base,
    /// `snsapi_userinfo`: the profile, with a dialog.
    #[default]
    UserInfo,
}

impl Scope {
    /// Returns the platform's name for the scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

/// Builds the URL of the authorization page. Created by
/// [`App::authorize_url`](crate::App::authorize_url). Source: 网页授权, 用户同意授权，获取 code.
///
/// The order of the parameters is fixed, because the platform checks it.
///
/// ```
/// use tower_wechat::api::oauth::Scope;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let appid = sandbox.appid();
///
/// let url = wechat
///     .app(appid.as_str())?
///     .authorize_url("https://shop.example/signed-in")
///     .scope(Scope::Base)
///     .state("1024")
///     .build()?;
/// assert!(url.contains("?appid=wx3cc8fd6963e31a32&redirect_uri=https%3A%2F%2Fshop.example%2Fsigned-in&"));
/// assert!(url.ends_with("&response_type=code&scope=snsapi_base&state=1024#wechat_redirect"));
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "the address is made by `build`"]
pub struct AuthorizeUrl {
    base: String,
    appid: AppId,
    redirect_uri: String,
    scope: Scope,
    state: Option<String>,
    force_popup: bool,
    force_snapshot: bool,
}

impl AuthorizeUrl {
    /// The maximum length of a state, in bytes.
    pub const STATE_MAX: usize = 128;

    pub(crate) fn new(hosts: &Hosts, appid: AppId, redirect_uri: String) -> Self {
        Self {
            base: hosts.open_base().to_owned(),
            appid,
            redirect_uri,
            scope: Scope::default(),
            state: None,
            force_popup: false,
            force_snapshot: false,
        }
    }

    /// Sets the scope. Defaults to [`Scope::UserInfo`].
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets a text that comes back with the code: up to 128 letters and digits.
    ///
    /// Check that it is the state that was sent with this browser. Otherwise an attacker can sign a
    /// victim in to the attacker's account.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Shows the dialog even if the platform would skip it.
    pub fn force_popup(mut self) -> Self {
        self.force_popup = true;
        self
    }

    /// Opens the page in snapshot mode.
    pub fn force_snapshot(mut self) -> Self {
        self.force_snapshot = true;
        self
    }

    /// Returns the URL.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Input`](crate::ErrorKind::Input) if the state is too long or is not
    /// letters and digits, or if the redirect URL is not an absolute http or https URL.
    pub fn build(self) -> Result<String, Error> {
        let redirect = &self.redirect_uri;
        if !redirect.starts_with("https://") && !redirect.starts_with("http://") {
            return Err(Error::input(
                "redirect_uri",
                "must begin with https:// or http://: its host must be registered as 网页授权域名",
            ));
        }
        let mut url = form_urlencoded::Serializer::new(String::new());
        url.append_pair("appid", self.appid.as_str());
        url.append_pair("redirect_uri", redirect);
        url.append_pair("response_type", "code");
        url.append_pair("scope", self.scope.as_str());
        if let Some(state) = &self.state {
            if state.len() > Self::STATE_MAX || !state.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(Error::input(
                    "state",
                    format!(
                        "must be letters and digits, at most {} (it has {} bytes)",
                        Self::STATE_MAX,
                        state.len()
                    ),
                ));
            }
            url.append_pair("state", state);
        }
        if self.force_popup {
            url.append_pair("forcePopup", "true");
        }
        if self.force_snapshot {
            url.append_pair("forceSnapShot", "true");
        }
        let query = url.finish();
        let mut address = self.base;
        // Writing to a String cannot fail.
        let _ = write!(address, "/connect/oauth2/authorize?{query}#wechat_redirect");
        Ok(address)
    }
}
