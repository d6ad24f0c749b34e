//! The parameters of a push that are signed together with its body.

use std::ops::Range;

use http::Uri;
use http::uri::PathAndQuery;

use crate::callback::document::substr_range::substr_range;
use crate::callback::verify::query::Query;
use crate::callback::verify::signature::{Signature, sign_bytes};
use crate::secret::Secret;

/// The token, the timestamp and the nonce of a push, kept until its body has been read.
pub(crate) struct Signer {
    token: Secret,
    /// Holds the query, so that a push needs no copy of each parameter.
    path: Option<PathAndQuery>,
    timestamp: Param,
    nonce: Param,
}

/// A query parameter.
enum Param {
    /// Its range in the query.
    Within(Range<usize>),
    /// The decoded value, if the parameter was percent-encoded.
    Decoded(String),
}

impl Signer {
    /// Keeps the parameters of `query`, which was parsed from `uri`.
    pub(crate) fn new(token: &Secret, uri: &Uri, query: &Query<'_>) -> Self {
        let text = uri.query().unwrap_or_default();
        Self {
            token: token.clone(),
            timestamp: Param::new(text, &query.timestamp),
            nonce: Param::new(text, &query.nonce),
            path: uri.path_and_query().cloned(),
        }
    }

    /// Computes the `msg_signature` of the push for this ciphertext.
    pub(crate) fn sign(&self, encrypt: &str) -> Signature {
        let [token, timestamp, nonce] = self.signed().map(str::as_bytes);
        sign_bytes([token, timestamp, nonce, encrypt.as_bytes()])
    }

    /// Computes the signature of a reply with its timestamp and nonce.
    pub(crate) fn sign_reply(&self, timestamp: &str, nonce: &str, encrypt: &[u8]) -> Signature {
        let parts = [self.token.expose(), timestamp, nonce].map(str::as_bytes);
        let [token, timestamp, nonce] = parts;
        sign_bytes([token, timestamp, nonce, encrypt])
    }

    /// Returns what the `signature` of the push covers: the token, the timestamp and the nonce.
    pub(crate) fn signed(&self) -> [&str; 3] {
        let token = self.token.expose();
        [token, self.text(&self.timestamp), self.text(&self.nonce)]
    }

    fn text<'a>(&'a self, param: &'a Param) -> &'a str {
        match param {
            Param::Within(range) => {
                let query = self.path.as_ref().and_then(PathAndQuery::query);
                let query = query.unwrap_or_default();
                query.get(range.clone()).unwrap_or_default()
            }
            Param::Decoded(text) => text,
        }
    }
}

impl Param {
    fn new(query: &str, value: &str) -> Self {
        let within = substr_range(query, value);
        within.map_or_else(|| Self::Decoded(value.to_owned()), Self::Within)
    }
}
