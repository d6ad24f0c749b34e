//! Users on the authorisation page.

use ::http::header::LOCATION;
use ::http::{HeaderValue, Request};
use bytes::Bytes;

use super::User;
use crate::api::oauth::Scope;
use crate::clock::Clock;
use crate::sandbox::call::{OpenCall, Query};
use crate::sandbox::state::State;
use crate::secret::Secret;

impl User {
    /// Opens an authorisation page, consents, and returns the URL that the browser is redirected
    /// to, with the code. No socket is needed.
    ///
    /// ```
    /// use tower_wechat::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::new();
    /// let app = sandbox.wechat().app(sandbox.appid())?;
    /// let page = app.authorize_url("https://shop.example/done").state("1024").build()?;
    /// let back = sandbox.user("Hui").consent(&page).unwrap();
    /// assert!(back.starts_with("https://shop.example/done?code="));
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the page that the user sees instead if the URL is invalid or the user refuses.
    pub fn consent(&self, page: &str) -> Result<String, String> {
        let page = page.split('#').next().unwrap_or_default();
        let openid = self.openid();
        let user: String = form_urlencoded::byte_serialize(openid.as_bytes()).collect();
        let request = Request::get(format!("{page}&sandbox_user={user}")).body(Bytes::new());
        let request = request.map_err(|_| "invalid URL".to_owned())?;
        let now = self.sandbox().clock.now();
        let query = Query::of(&request);
        let call = OpenCall::new(&request, &query, now);
        let mut state = self.sandbox().state();
        let State {
            grants,
            directory,
            issued,
            ..
        } = &mut *state;
        let answer = grants.authorize(directory, issued, &call);
        match answer.headers().get(LOCATION).map(HeaderValue::to_str) {
            Some(Ok(location)) => Ok(location.to_owned()),
            _ => Err(String::from_utf8_lossy(answer.body()).into_owned()),
        }
    }

    /// Consents on the authorisation page and returns the code that the redirect carries.
    ///
    /// The code works once, for five minutes. Returns `None` if the user refuses.
    ///
    /// ```
    /// use tower_wechat::api::oauth::Scope;
    ///
    /// let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// assert!(sandbox.user("Hui").oauth_code(Scope::UserInfo).is_some());
    /// ```
    pub fn oauth_code(&self, scope: Scope) -> Option<Secret> {
        let now = self.sandbox().clock.now();
        let mut state = self.sandbox().state();
        let profile = scope == Scope::UserInfo;
        let State {
            grants,
            directory,
            issued,
            ..
        } = &mut *state;
        if profile && directory.person(self.person())?.refuses {
            return None;
        }
        let code = grants.give_code(issued, self.appid(), self.person(), profile, now);
        code.map(Secret::new)
    }

    /// Sets whether the user opens authorisation pages in snapshot mode (快照页).
    pub fn set_snapshot(&self, snapshot: bool) {
        self.change(|person, _| person.snapshot = snapshot);
    }

    /// Sets whether the user refuses every authorisation.
    pub fn set_refuses(&self, refuses: bool) {
        self.change(|person, _| person.refuses = refuses);
    }
}
