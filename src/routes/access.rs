//! Who may call the JSON routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Request;
use http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

use super::failure::Failure;
use crate::secret::Secret;

/// What the host said about who may call.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// Nothing: nobody may. Whether the log says so already.
    Undecided(Arc<AtomicBool>),
    /// Everyone who reaches the route.
    Unprotected,
    /// Callers with one of these keys.
    Keys(Arc<[Secret]>),
}

impl Default for Access {
    fn default() -> Self {
        Self::Undecided(Arc::default())
    }
}

impl Access {
    pub(super) fn keys(keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        Self::Keys(keys.into_iter().map(Into::into).collect())
    }

    /// Checks whether a request may be served.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Failure> {
        match self {
            Self::Unprotected => Ok(()),
            Self::Keys(keys) if has_key(request, keys) => Ok(()),
            Self::Keys(_) => Err(Failure::no_access(
                "an access key is required: send it as Authorization: Bearer KEY",
            )),
            Self::Undecided(logged) => {
                if !logged.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        "a JSON route refuses everyone: call access_keys([key]) where it is \
                         mounted, or unprotected() if another layer protects it"
                    );
                }
                Err(Failure::no_access(
                    "this route is not open yet: its host has to call access_keys([key]) or \
                     unprotected() where it mounts it",
                ))
            }
        }
    }
}

/// Checks `Authorization: Bearer KEY`, in a time that does not tell which key came close.
fn has_key<B>(request: &Request<B>, keys: &[Secret]) -> bool {
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .map_or(&b""[..], |value| value.as_bytes());
    let (scheme, given) = given.split_at_checked(b"Bearer ".len()).unwrap_or_default();
    let known = keys.iter().fold(Choice::from(0), |known, key| {
        known | key.expose().as_bytes().ct_eq(given)
    });
    scheme.eq_ignore_ascii_case(b"Bearer ") && !given.is_empty() && bool::from(known)
}
