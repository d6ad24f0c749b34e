//! The users of the sandbox.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::AppId;
use crate::sandbox::random;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::sandbox) struct PersonId(pub(super) usize);

impl PersonId {
    /// The user that every sandbox starts with.
    pub(in crate::sandbox) const FIRST: Self = Self(0);
}

/// A user and their relations to apps.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Person {
    pub(in crate::sandbox) nickname: String,
    pub(in crate::sandbox) headimgurl: String,
    pub(in crate::sandbox) unionid: String,
    pub(in crate::sandbox) phone: String,
    pub(in crate::sandbox) snapshot: bool,
    pub(in crate::sandbox) refuses: bool,
    openids: BTreeMap<AppId, String>,
    follows: BTreeSet<AppId>,
}

impl Person {
    pub(super) fn new(nickname: &str) -> Self {
        Self {
            nickname: nickname.to_owned(),
            headimgurl: format!(
                "https://thirdwx.qlogo.cn/mmopen/vi_32/{}/132",
                random::alphanumeric(64)
            ),
            unionid: format!("o{}", random::alphanumeric(27)),
            phone: format!("1{}", random::digits(10)),
            snapshot: false,
            refuses: false,
            openids: BTreeMap::new(),
            follows: BTreeSet::new(),
        }
    }

    /// Returns the user's OpenID for an app. Created on first use.
    pub(in crate::sandbox) fn openid(&mut self, appid: &AppId) -> String {
        let openid = self.openids.entry(appid.clone());
        openid
            .or_insert_with(|| format!("o{}", random::alphanumeric(27)))
            .clone()
    }

    pub(super) fn has_openid(&self, openid: &str) -> bool {
        self.openids.values().any(|known| known == openid)
    }

    pub(super) fn is_known_as(&self, openid: &str, appid: &AppId) -> bool {
        self.openids.get(appid).is_some_and(|known| known == openid)
    }

    pub(in crate::sandbox) fn follows(&self, appid: &AppId) -> bool {
        self.follows.contains(appid)
    }

    /// Sets whether the user follows an app. Returns whether that changed.
    pub(in crate::sandbox) fn follow(&mut self, appid: &AppId, follow: bool) -> bool {
        match follow {
            true => self.follows.insert(appid.clone()),
            false => self.follows.remove(appid),
        }
    }
}
