//! What a push is signed with beside its body.

use std::ops::Range;

use http::Uri;
use http::uri::PathAndQuery;

use crate::callback::document::substr_range::substr_range;
use crate::callback::verify::query::Query;
use crate::callback::verify::signature::{Signature, sign_bytes};
use crate::secret::Secret;

/// The token, the timestamp and the nonce of a push, kept until its body has come.
pub(crate) struct Signer {
    token: Secret,
    /// Holds the parameters: a push is not to cost a copy of each.
    path: Option<PathAndQuery>,
    timestamp: Param,
    nonce: Param,
}

/// A parameter of a query.
enum Param {
    /// Where it lies in the query.
    Within(Range<usize>),
    /// It was percent-encoded.
    Decoded(String),
}

impl Signer {
    /// `query` is that of `uri`.
    pub(crate) fn new(token: &Secret, uri: &Uri, query: &Query<'_>) -> Self {
        let text = uri.query().unwrap_or_default();
        Self {
            token: token.clone(),
            timestamp: Param::new(text, &query.timestamp),
            nonce: Param::new(text, &query.nonce),
            path: uri.path_and_query().cloned(),
        }
    }

    /// The `msg_signature` of the push if this is its ciphertext.
    pub(crate) fn sign(&self, encrypt: &str) -> Signature {
        let [token, timestamp, nonce] = self.signed().map(str::as_bytes);
        sign_bytes([token, timestamp, nonce, encrypt.as_bytes()])
    }

    /// The same of a reply, which has a timestamp and a nonce of its own.
    pub(crate) fn sign_reply(&self, timestamp: &str, nonce: &str, encrypt: &[u8]) -> Signature {
        let parts = [self.token.expose(), timestamp, nonce].map(str::as_bytes);
        let [token, timestamp, nonce] = parts;
        sign_bytes([token, timestamp, nonce, encrypt])
    }

    /// What the `signature` of the push covers: the token, the timestamp and the nonce.
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
