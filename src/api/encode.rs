//! Encodes a call as an HTTP request.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, header};

use super::Endpoint;
use crate::error::{Error, ErrorKind};

/// Encodes a call as a request, without host and credential.
pub(crate) fn encode<E: Endpoint>(call: &E) -> Result<Request<Bytes>, Error> {
    call.check()?;
    let unencodable = || Error::new(ErrorKind::Input, "the call cannot be encoded as a request");
    let mut request = Request::new(Bytes::new());
    if E::METHOD != Method::GET {
        let (content_type, body) = match call.upload() {
            Some(upload) => upload.encode(),
            None => {
                // serde_json does not escape non-ASCII text, which the platform requires.
                let body = serde_json::to_vec(call).map_err(|_| unencodable())?;
                ("application/json".to_owned(), body.into())
            }
        };
        *request.body_mut() = body;
        let content_type = HeaderValue::try_from(content_type).map_err(|_| unencodable())?;
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
    }
    *request.method_mut() = E::METHOD;
    let query = query(call).ok_or_else(unencodable)?;
    let target = match &*query {
        "" => E::PATH.to_owned(),
        query => [E::PATH, "?", query].concat(),
    };
    let target = PathAndQuery::try_from(target).map_err(|_| unencodable())?;
    *request.uri_mut() = target.into();
    Ok(request)
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
