//! The users of a sandbox.

mod messages;
mod mini_program;
mod oauth;
mod push;

use super::Sandbox;
use crate::app::AppId;
use crate::clock::Clock;
use crate::sandbox::directory::{Person, PersonId};

impl Sandbox {
    /// Returns the user with this nickname. Creates one that follows no app if there is none.
    pub fn user(&self, nickname: &str) -> User {
        let id = self.state().directory.user(nickname);
        User::new(self.clone(), id)
    }
}

/// A user of the sandbox, returned by [`Sandbox::user`].
///
/// ```
/// use tower_wechat::sandbox::Sandbox;
///
/// let sandbox = Sandbox::new();
/// let user = sandbox.user("Hui");
/// assert_eq!(user.openid(), sandbox.user("Hui").openid());
/// ```
#[derive(Debug, Clone)]
pub struct User {
    sandbox: Sandbox,
    id: PersonId,
    appid: AppId,
}

impl User {
    pub(in crate::sandbox) fn new(sandbox: Sandbox, id: PersonId) -> Self {
        let appid = sandbox.appid();
        Self { sandbox, id, appid }
    }

    /// Returns the same user for another app. Defaults to the sandbox's first app.
    #[must_use]
    pub fn at(mut self, appid: &AppId) -> Self {
        self.appid = appid.clone();
        self
    }

    /// Returns the app that this handle refers to.
    pub fn appid(&self) -> &AppId {
        &self.appid
    }

    /// Returns the user's OpenID for the app.
    pub fn openid(&self) -> String {
        self.change(|person, appid| person.openid(appid))
            .unwrap_or_default()
    }

    /// Returns the user's UnionID. It's the same for all apps of the sandbox, which are bound to
    /// one Open Platform account.
    pub fn unionid(&self) -> String {
        self.change(|person, _| person.unionid.clone())
            .unwrap_or_default()
    }

    /// Returns whether the user follows the app.
    pub fn follows(&self) -> bool {
        self.change(|person, appid| person.follows(appid))
            .unwrap_or_default()
    }

    /// Sets whether the user follows the app, without a push.
    pub fn set_follows(&self, follows: bool) {
        self.change(|person, appid| person.follow(appid, follows));
    }

    /// Returns the messages that the app sent to the user, oldest first and unchanged. The last
    /// 1000 are kept.
    ///
    /// Customer-service messages have a `msgtype`. Template and subscribe messages have a
    /// `template_id` and fields in `data`.
    pub fn received(&self) -> Vec<serde_json::Value> {
        let mut state = self.sandbox.state();
        state.chats.of(&self.appid, self.id).received()
    }

    /// Returns whether the user sees the app typing
    /// ([`SetTyping`](crate::api::customer_service::SetTyping)).
    pub fn sees_typing(&self) -> bool {
        let now = self.sandbox.clock.now();
        let mut state = self.sandbox.state();
        state.chats.of(&self.appid, self.id).sees_typing(now)
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(in crate::sandbox) fn person(&self) -> PersonId {
        self.id
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Person, &AppId) -> T) -> Option<T> {
        let mut state = self.sandbox.state();
        state
            .directory
            .person_mut(self.id)
            .map(|person| change(person, &self.appid))
    }
}
