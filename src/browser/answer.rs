//! Responses for browsers. They are never cached and leak no referrer.

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};

use crate::body::Body;

/// Redirects the browser to `location`.
pub(crate) fn redirect(location: &str) -> Response<Body> {
    // A location with a control character is not a valid header value.
    let Ok(mut location) = HeaderValue::try_from(location) else {
        return page(StatusCode::BAD_REQUEST, "");
    };
    // The location can contain a code.
    location.set_sensitive(true);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, location);
    seal(&mut response);
    response
}

/// Returns a small page without scripts, images or frames. `html` must be escaped.
pub(crate) fn page(status: StatusCode, html: &str) -> Response<Body> {
    let page = format!(
        "<!doctype html><html><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">{html}</html>\n"
    );
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_TYPE, "text/html; charset=utf-8");
    set(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    seal(&mut response);
    response
}

/// Returns the response to a method other than `allowed`.
pub(crate) fn not_allowed(allowed: &'static str) -> Response<Body> {
    let mut response = page(StatusCode::METHOD_NOT_ALLOWED, "");
    let allowed = HeaderValue::from_static(allowed);
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// Keeps a response out of caches.
///
/// Also keeps the request's URL out of the `Referer` of later requests, because it contains a code.
pub(crate) fn seal<T>(response: &mut Response<T>) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Escapes a text for HTML content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
