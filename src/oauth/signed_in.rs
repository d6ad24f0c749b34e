//! The user who signed in.

use std::fmt;
use std::sync::Arc;

use http::Response;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::api::oauth::{Profile, UserToken};
use crate::app::AppId;
use crate::body::Body;
use crate::browser;

/// A signed-in user, as the handler gets it. Cheap to clone.
///
/// The handler may get the same sign-in several times: when the browser follows the redirect twice,
/// reloads, or goes back. The user is the same each time.
#[derive(Clone)]
pub struct SignedIn {
    user: Arc<User>,
    return_to: String,
}

/// Serializes `appid`, `openid`, `unionid`, `is_snapshot_user`, `profile` and `return_to`, but no
/// token.
impl Serialize for SignedIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("SignedIn", 6)?;
        fields.serialize_field("appid", self.appid())?;
        fields.serialize_field("openid", self.openid())?;
        fields.serialize_field("unionid", &self.unionid())?;
        fields.serialize_field("is_snapshot_user", &self.is_snapshot_user())?;
        fields.serialize_field("profile", &self.profile())?;
        fields.serialize_field("return_to", &self.return_to)?;
        fields.end()
    }
}

pub(super) struct User {
    pub(super) appid: AppId,
    pub(super) token: UserToken,
    pub(super) profile: Option<Profile>,
}

impl SignedIn {
    pub(super) fn new(user: Arc<User>, return_to: String) -> Self {
        Self { user, return_to }
    }

    /// Returns the app that the user signed in to.
    pub fn appid(&self) -> &AppId {
        &self.user.appid
    }

    /// Returns the user's id within this app.
    pub fn openid(&self) -> &str {
        &self.user.token.openid
    }

    /// Returns the user's id across all apps of one Open Platform account, from either of the
    /// platform's two answers. The [table](super#which-ids-are-available) shows when there is none.
    pub fn unionid(&self) -> Option<&str> {
        let profile = self.user.profile.as_ref();
        let of_token = self.user.token.unionid.as_deref();
        of_token.or_else(|| profile?.unionid.as_deref())
    }

    /// Returns the user's profile, if [`Scope::UserInfo`](crate::api::oauth::Scope) was requested.
    pub fn profile(&self) -> Option<&Profile> {
        self.user.profile.as_ref()
    }

    /// Returns whether the user opened the page in snapshot mode (快照页). The ids and the profile
    /// are then those of a virtual account: never bind anything to it.
    pub fn is_snapshot_user(&self) -> bool {
        self.user.token.is_snapshot_user
    }

    /// Returns the user's token, for further calls.
    pub fn token(&self) -> &UserToken {
        &self.user.token
    }

    /// Returns the user's destination: a path on this site, or an address on an allowed site.
    pub fn return_to(&self) -> &str {
        &self.return_to
    }

    /// Redirects the browser to the destination, away from the URL with the code. Add the session
    /// cookie to this response.
    pub fn redirect(&self) -> Response<Body> {
        browser::redirect(&self.return_to)
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("appid", self.appid())
            .field("openid", &self.openid())
            .finish_non_exhaustive()
    }
}
