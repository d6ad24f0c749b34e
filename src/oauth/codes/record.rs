//! The record of a code or a user, and its stored form.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::key::CodeKey;
use crate::api::Endpoint;
use crate::api::oauth::{ExchangeCode, Profile, UserToken};
use crate::app::AppId;
use crate::error::{ErrCode, Error, ErrorClass, Refusal};
use crate::oauth::signed_in::User;
use crate::secret::{Secret, serialize_exposed};
use crate::store::StoreError;

/// A record of a [`CodeStore`](super::CodeStore): the user of a code or of a state, or the
/// platform's refusal of a code. Cheap to clone.
///
/// A store writes [`to_bytes`](Self::to_bytes) and reads them back with
/// [`from_bytes`](Self::from_bytes).
///
/// # Security
///
/// The bytes contain the user's access token, which is valid for two hours, the refresh token, which
/// is valid for thirty days, and the profile. Whoever can write to the store can sign in as any
/// user. Restrict access to the store, encrypt the connection and, if others can read the store or
/// its backups, the bytes. Let the records expire on time. Never log the bytes.
#[derive(Clone)]
pub struct CodeRecord {
    /// The key of the state that the code arrived with.
    pub(super) state: CodeKey,
    /// The user, or a lasting refusal. The user of a code has no profile yet.
    pub(super) outcome: Result<Arc<User>, Error>,
}

impl CodeRecord {
    /// Returns the stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let outcome = match &self.outcome {
            Ok(user) => Outcome::User(Box::new(StoredUser {
                appid: user.appid.clone(),
                token: user.token.clone(),
                profile: user.profile.clone(),
            })),
            Err(error) => Outcome::Refused {
                errcode: error.errcode(),
                errmsg: error.errmsg().unwrap_or_default().to_owned(),
                rid: error.rid().unwrap_or_default().to_owned(),
            },
        };
        let state = self.state;
        // Serializing texts and numbers into memory cannot fail.
        serde_json::to_vec(&Stored { state, outcome }).unwrap_or_default()
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When `bytes` are not those of a record. The error contains nothing of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        // The error of serde_json can quote a value.
        let stored = serde_json::from_slice(bytes).ok();
        let record = stored.and_then(|Stored { state, outcome }| {
            let outcome = match outcome {
                Outcome::User(user) => Ok(Arc::new(User {
                    appid: user.appid,
                    token: user.token,
                    profile: user.profile,
                })),
                Outcome::Refused {
                    errcode,
                    errmsg,
                    rid,
                } => Err(refused(errcode?, &errmsg, &rid)),
            };
            Some(Self { state, outcome })
        });
        record.ok_or_else(|| StoreError::new("the bytes are not a record of a sign-in"))
    }

    /// Returns whether other instances would get the same outcome. A refusal of this instance's
    /// configuration or address, and a failure on the way to the platform, concern this instance
    /// only.
    pub(super) fn is_shareable(&self) -> bool {
        let concerns_all = |error: &Error| {
            let is_refusal = error.errcode().is_some();
            is_refusal && error.class() != ErrorClass::Config
        };
        self.outcome.as_ref().err().is_none_or(concerns_all)
    }
}

/// Restores a refusal from its parts, which are checked again: the rid is printed unescaped.
fn refused(errcode: ErrCode, errmsg: &str, rid: &str) -> Error {
    let refusal = match rid {
        "" => Refusal::new(errcode, errmsg),
        rid => Refusal::new(errcode, &format!("{errmsg} hint: [{rid}]")),
    };
    Error::platform(refusal).at(ExchangeCode::PATH)
}

impl fmt::Debug for CodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusal = self.outcome.as_ref().err();
        f.debug_struct("CodeRecord")
            .field("state", &self.state)
            .field("refusal", &refusal)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    state: CodeKey,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    User(Box<StoredUser>),
    Refused {
        errcode: Option<ErrCode>,
        errmsg: String,
        rid: String,
    },
}

#[derive(Serialize, Deserialize)]
struct StoredUser {
    appid: AppId,
    #[serde(serialize_with = "ExposedToken::serialize")]
    token: UserToken,
    profile: Option<Profile>,
}

/// Serializes a token in the form in which the platform sends it.
#[derive(Serialize)]
#[serde(remote = "UserToken")]
struct ExposedToken {
    #[serde(serialize_with = "serialize_exposed")]
    access_token: Secret,
    expires_in: u64,
    #[serde(serialize_with = "serialize_exposed")]
    refresh_token: Secret,
    openid: String,
    scope: String,
    #[serde(rename = "is_snapshotuser")]
    is_snapshot_user: bool,
    unionid: Option<String>,
}
