//! The platform's apps and users.

use std::collections::{BTreeMap, BTreeSet};

use super::account_type::AccountType;
use super::customer_service::Chat;
use super::{Sandbox, random};
use crate::app::{AppConfig, AppId};
use crate::callback::push::{Form, Sender};
use crate::callback::verify::crypto::AesKey;
use crate::callback::{CallbackKeys, Mode};
use crate::clock::Clock;
use crate::secret::Secret;

/// An app as the platform knows it.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) secret: Secret,
    /// All types at once, if there is none.
    pub(super) account_type: Option<AccountType>,
    pub(super) original_id: String,
    pub(super) mode: Mode,
    pub(super) token: Secret,
    pub(super) encoding_aes_key: Secret,
    pub(super) aes_key: AesKey,
    pub(super) callback_url: String,
}

impl Account {
    #[expect(clippy::expect_used, reason = "43 letters and digits are always a key")]
    pub(super) fn new(appid: &AppId, mode: Mode) -> Self {
        let encoding_aes_key = random::text(43);
        Self {
            secret: Secret::new(random::hex(32)),
            account_type: None,
            original_id: format!("gh_{}", random::hex(12)),
            mode,
            token: Secret::new(random::text(32)),
            aes_key: AesKey::parse(&encoding_aes_key).expect("43 letters and digits"),
            encoding_aes_key: Secret::new(encoding_aes_key),
            callback_url: format!("/v1/service/wx/wxmsg/{appid}"),
        }
    }

    pub(super) fn config(&self, appid: &AppId) -> AppConfig {
        let config = AppConfig::new(appid.as_str(), self.secret.clone());
        let (token, aes_key) = (self.token.expose(), self.encoding_aes_key.expose());
        let keys = match self.mode {
            Mode::Plaintext => CallbackKeys::plaintext(token),
            Mode::Compatible => CallbackKeys::compatible(token, aes_key),
            Mode::Secure => CallbackKeys::secure(token, aes_key),
        };
        // The sandbox's own keys are well-formed.
        keys.map_or(config.clone(), |keys| config.callback(keys))
    }

    /// The app's callback, as seen from the platform.
    pub(super) fn outgoing<'a>(&'a self, appid: &'a AppId) -> Sender<'a> {
        Sender {
            appid,
            token: &self.token,
            form: match self.mode {
                Mode::Plaintext => Form::Clear,
                Mode::Compatible => Form::Both(&self.aes_key),
                Mode::Secure => Form::Encrypted(&self.aes_key),
            },
        }
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> + use<> {
        [
            self.secret.clone(),
            self.token.clone(),
            self.encoding_aes_key.clone(),
        ]
        .into_iter()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PersonId(pub(super) usize);

/// A user as the platform knows them.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) nickname: String,
    pub(super) headimgurl: String,
    pub(super) unionid: String,
    pub(super) phone: String,
    pub(super) snapshot: bool,
    pub(super) refuses: bool,
    openids: BTreeMap<AppId, String>,
    follows: BTreeSet<AppId>,
    chats: BTreeMap<AppId, Chat>,
}

impl Person {
    pub(super) fn new(nickname: &str) -> Self {
        Self {
            nickname: nickname.to_owned(),
            headimgurl: format!(
                "https://thirdwx.qlogo.cn/mmopen/vi_32/{}/132",
                random::text(64)
            ),
            unionid: format!("o{}", random::text(27)),
            phone: format!("1{}", random::digits(10)),
            snapshot: false,
            refuses: false,
            openids: BTreeMap::new(),
            follows: BTreeSet::new(),
            chats: BTreeMap::new(),
        }
    }

    /// The user's id for an app: made when the two first meet.
    pub(super) fn openid(&mut self, appid: &AppId) -> String {
        let openid = self.openids.entry(appid.clone());
        openid
            .or_insert_with(|| format!("o{}", random::text(27)))
            .clone()
    }

    pub(super) fn has_openid(&self, openid: &str) -> bool {
        self.openids.values().any(|known| known == openid)
    }

    pub(super) fn is_known_as(&self, openid: &str, appid: &AppId) -> bool {
        self.openids.get(appid).is_some_and(|known| known == openid)
    }

    pub(super) fn chat(&mut self, appid: &AppId) -> &mut Chat {
        self.chats.entry(appid.clone()).or_default()
    }

    pub(super) fn follows(&self, appid: &AppId) -> bool {
        self.follows.contains(appid)
    }

    /// Whether it changed anything.
    pub(super) fn follow(&mut self, appid: &AppId, follow: bool) -> bool {
        match follow {
            true => self.follows.insert(appid.clone()),
            false => self.follows.remove(appid),
        }
    }
}

/// A user of the sandbox; made by [`Sandbox::user`].
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
    pub(super) fn new(sandbox: Sandbox, id: PersonId) -> Self {
        let appid = sandbox.appid();
        Self { sandbox, id, appid }
    }

    /// The same user towards another app than the first.
    #[must_use]
    pub fn at(mut self, appid: &AppId) -> Self {
        self.appid = appid.clone();
        self
    }

    /// The app that this handle is about.
    pub fn appid(&self) -> &AppId {
        &self.appid
    }

    /// The user's id for the app.
    pub fn openid(&self) -> String {
        self.change(|person, appid| person.openid(appid))
            .unwrap_or_default()
    }

    /// The user's id over all apps of the sandbox, which are bound to one Open Platform account.
    pub fn unionid(&self) -> String {
        self.change(|person, _| person.unionid.clone())
            .unwrap_or_default()
    }

    /// Whether the user follows the app.
    pub fn follows(&self) -> bool {
        self.change(|person, appid| person.follows(appid))
            .unwrap_or_default()
    }

    /// Lets the user follow the app, or leave it, without a push.
    pub fn set_follows(&self, follows: bool) {
        self.change(|person, appid| person.follow(appid, follows));
    }

    /// What the app has sent to the user, as it came, the newest last; the last 1000 are kept.
    /// Customer-service messages have a `msgtype`, template and subscribe messages a `template_id`
    /// with their fields in `data`.
    pub fn received(&self) -> Vec<serde_json::Value> {
        self.change(|person, appid| person.chat(appid).received())
            .unwrap_or_default()
    }

    /// Whether the user sees that the app is typing
    /// ([`SetTyping`](crate::api::customer_service::SetTyping)).
    pub fn sees_typing(&self) -> bool {
        let now = self.sandbox.clock.now();
        self.change(|person, appid| person.chat(appid).sees_typing(now))
            .unwrap_or_default()
    }

    /// Lets the user open authorisation pages in snapshot mode (快照页) from now on.
    pub fn set_snapshot(&self, snapshot: bool) {
        self.change(|person, _| person.snapshot = snapshot);
    }

    /// Lets the user refuse every authorisation from now on, or consent again.
    pub fn set_refuses(&self, refuses: bool) {
        self.change(|person, _| person.refuses = refuses);
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(super) fn person(&self) -> PersonId {
        self.id
    }

    fn change<T>(&self, change: impl FnOnce(&mut Person, &AppId) -> T) -> Option<T> {
        let mut state = self.sandbox.state();
        state
            .person_mut(self.id)
            .map(|person| change(person, &self.appid))
    }
}
