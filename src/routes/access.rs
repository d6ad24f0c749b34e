//! Who may call the JSON routes.

use std::sync::Arc;

use http::Request;
use http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

use super::failure::Failure;
use crate::secret::Secret;

/// The keys of the callers; without any, everyone may call.
#[derive(Debug, Clone, Default)]
pub(super) struct AccessKeys(Option<Arc<[Secret]>>);

impl AccessKeys {
    pub(super) fn new(keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        Self(Some(keys.into_iter().map(Into::into).collect()))
    }

    /// Checks `Authorization: Bearer KEY`, in a time that does not tell which key came close.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Failure> {
        let Some(keys) = &self.0 else { return Ok(()) };
        let given = request
            .headers()
            .get(AUTHORIZATION)
            .map_or(&b""[..], |value| value.as_bytes());
        let (scheme, given) = given.split_at_checked(b"Bearer ".len()).unwrap_or_default();
        let known = keys.iter().fold(Choice::from(0), |known, key| {
            known | key.expose().as_bytes().ct_eq(given)
        });
        if scheme.eq_ignore_ascii_case(b"Bearer ") && !given.is_empty() && bool::from(known) {
            return Ok(());
        }
        Err(Failure::no_access())
    }
}
