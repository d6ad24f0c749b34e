//! Who has signed in.

use std::fmt;
use std::sync::Arc;

use http::Response;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::api::oauth::{Profile, UserToken};
use crate::app::AppId;
use crate::body::Body;
use crate::browser;

/// A user who signed in, as the host's handler gets it. It is cheap to clone.
///
/// The same sign-in may be handed over several times: when the browser follows the redirect
/// twice, reloads, or goes back. It is the same user each time.
#[derive(Clone)]
pub struct SignedIn {
    user: Arc<User>,
    return_to: String,
}

/// What a host may keep: `appid`, `openid`, `unionid`, `is_snapshot_user`, `profile` and `return_to`,
/// and no token.
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

    /// The app that the user signed in to.
    pub fn appid(&self) -> &AppId {
        &self.user.appid
    }

    /// The user's id for this app.
    pub fn openid(&self) -> &str {
        &self.user.token.openid
    }

    /// The user's id over all apps of one Open Platform account, from whichever of the platform's
    /// two answers has it. The [table](super#which-ids-there-are) tells when there is none.
    pub fn unionid(&self) -> Option<&str> {
        let profile = self.user.profile.as_ref();
        let of_token = self.user.token.unionid.as_deref();
        of_token.or_else(|| profile?.unionid.as_deref())
    }

    /// The user's profile, when [`Scope::UserInfo`](crate::api::oauth::Scope) was asked for.
    pub fn profile(&self) -> Option<&Profile> {
        self.user.profile.as_ref()
    }

    /// The user opened the page in snapshot mode (快照页): ids and profile are those of a virtual
    /// account. Never bind anything to it.
    pub fn is_snapshot_user(&self) -> bool {
        self.user.token.is_snapshot_user
    }

    /// The user's token, for further calls.
    pub fn token(&self) -> &UserToken {
        &self.user.token
    }

    /// Where the user wants to go: a path on this site, or an address of an allowed one.
    pub fn return_to(&self) -> &str {
        &self.return_to
    }

    /// Sends the browser where the user wants to go, away from the address with the code. Add the
    /// session's cookie to it.
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
