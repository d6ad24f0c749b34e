//! Encodes a call as an HTTP request.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method};

use super::Endpoint;
use crate::error::{Error, ErrorKind};

/// A call ready to send, without host and credential.
pub(crate) struct Encoded {
    pub(crate) method: Method,
    /// The path and the query.
    pub(crate) target: Cow<'static, str>,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

/// Checks and encodes a call.
pub(crate) fn encode<E: Endpoint>(call: &E) -> Result<Encoded, Error> {
    call.check()?;
    let unencodable = || Error::new(ErrorKind::Input, "the call cannot be encoded as a request");
    let (content_type, body) = match (E::METHOD == Method::GET, call.upload()) {
        (true, _) => (None, Bytes::new()),
        (false, Some(upload)) => {
            let (content_type, body) = upload.encode();
            let content_type = HeaderValue::try_from(content_type).map_err(|_| unencodable())?;
            (Some(content_type), body)
        }
        (false, None) => {
            // serde_json leaves non-ASCII text as it is. The platform would show an escape such as
            // `\u4f60` to the user literally.
            let body = serde_json::to_vec(call).map_err(|_| unencodable())?;
            let json = HeaderValue::from_static("application/json");
            (Some(json), body.into())
        }
    };
    let query = query(call).ok_or_else(unencodable)?;
    Ok(Encoded {
        method: E::METHOD,
        target: match &*query {
            "" => E::PATH.into(),
            query => [E::PATH, "?", query].concat().into(),
        },
        content_type,
        body,
    })
}

/// Returns the query of a call, or `None` if its fields can't be encoded as a query.
fn query<E: Endpoint>(call: &E) -> Option<String> {
    let fields = match E::METHOD == Method::GET {
        true => serde_urlencoded::to_string(call).ok()?,
        false => String::new(),
    };
    let own = call.query();
    if own.is_empty() {
        return Some(fields);
    }
    // `for_suffix` adds a `&` if there are fields before.
    let mut query = form_urlencoded::Serializer::for_suffix(fields, 0);
    query.extend_pairs(own);
    Some(query.finish())
}
