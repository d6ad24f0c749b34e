//! Access control of the JSON routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Request;
use http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

use super::failure::Failure;
use crate::secret::Secret;

/// Who may call, as chosen by the application.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// Not chosen: all requests are refused. The flag is set once that has been logged.
    Undecided(Arc<AtomicBool>),
    /// Everyone.
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

    /// Returns an error unless the request may be served.
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
                        "a JSON route refuses all requests: call access_keys([key]) where it is \
                         mounted, or unprotected() if another layer protects it"
                    );
                }
                Err(Failure::no_access(
                    "access to this route is not configured: call access_keys([key]) or unprotected() \
                     where the route is mounted",
                ))
            }
        }
    }
}

/// Checks `Authorization: Bearer KEY`, in a time that doesn't depend on how much of a key matches.
fn has_key<B>(request: &Request<B>, keys: &[Secret]) -> bool {
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .map_or(&b""[..], |value| value.as_bytes());
    let (scheme, given) = given.split_at_checked(b"Bearer ".len()).unwrap_or_default();
    // No early return: the time must not depend on which key matches.
    let known = keys.iter().fold(Choice::from(0), |known, key| {
        known | key.expose().as_bytes().ct_eq(given)
    });
    scheme.eq_ignore_ascii_case(b"Bearer ") && !given.is_empty() && bool::from(known)
}
