//! How a call is put on the wire.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, header};

use super::Endpoint;
use crate::error::{Error, ErrorKind};

/// The request of a call, still without host and credential.
pub(crate) fn encode<E: Endpoint>(call: &E) -> Result<Request<Bytes>, Error> {
    call.check()?;
    let unencodable = || Error::new(ErrorKind::Input, "the call cannot be written as a request");
    let mut request = Request::new(Bytes::new());
    if E::METHOD != Method::GET {
        let (content_type, body) = match call.upload() {
            Some(upload) => upload.encode(),
            None => {
                // serde_json leaves non-ASCII text as it is, which the platform insists on.
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

/// The query of a call; `None` if its fields have no form as one.
fn query<E: Endpoint>(call: &E) -> Option<String> {
    let fields = match E::METHOD == Method::GET {
        true => serde_urlencoded::to_string(call).ok()?,
        false => String::new(),
    };
    let own = call.query();
    if own.is_empty() {
        return Some(fields);
    }
    let mut query = form_urlencoded::Serializer::for_suffix(fields, 0);
    query.extend_pairs(own);
    Some(query.finish())
}
