//! The authorisation page, which issues a code.

use ::http::header::{CONTENT_TYPE, LOCATION};
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;

use super::grants::Grants;
use crate::app::AppId;
use crate::sandbox::account_type::AccountType;
use crate::sandbox::call::OpenCall;
use crate::sandbox::directory::{Directory, PersonId};
use crate::sandbox::issued::Issued;

/// The page's parameters, in the order that the platform requires.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

impl Grants {
    /// `GET /connect/oauth2/authorize`: redirects the browser with a code, or shows an error page.
    ///
    /// The extra parameter `sandbox_user` selects the user by nickname or OpenID. Defaults to the
    /// first user.
    pub(in crate::sandbox) fn authorize(
        &mut self,
        directory: &Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Response<Bytes> {
        match self.consent(directory, issued, call) {
            Ok(location) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::FOUND;
                response.headers_mut().insert(LOCATION, location);
                response
            }
            Err((number, text)) => error_page(number, text),
        }
    }

    fn consent(
        &mut self,
        directory: &Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Result<HeaderValue, (u32, &'static str)> {
        let query = call.query;
        let given = |name| query.get(name).filter(|value: &&str| !value.is_empty());
        let appid = given("appid").ok_or((10012, "appid is empty"))?;
        let redirect = given("redirect_uri").ok_or((10011, "redirect_uri is empty"))?;
        let scope = given("scope").ok_or((10010, "scope is empty"))?;
        // `zip` stops at the shorter side: parameters such as `sandbox_user` may follow.
        let in_order = query
            .names()
            .zip(ORDER)
            .all(|(name, expected)| name == expected);
        if !in_order || query.get("response_type") != Some("code") {
            return Err((
                10002,
                "the parameters must be appid, redirect_uri, response_type=code, scope, state, in \
                 this order",
            ));
        }
        let profile = match scope {
            "snsapi_userinfo" => true,
            "snsapi_base" => false,
            _ => return Err((10005, "the app may not ask for this scope")),
        };
        if directory.account(appid).is_none() {
            return Err((10012, "appid is unknown"));
        }
        let account_type = directory.account_type(appid);
        if account_type == Some(AccountType::UnverifiedSubscriptionAccount) {
            return Err((10005, "the app may not ask for this scope"));
        }
        let person = match query.get("sandbox_user") {
            Some(name) => directory
                .find_user(name)
                .ok_or((10006, "there is no such user"))?,
            None => PersonId::FIRST,
        };
        let refuses = directory
            .person(person)
            .is_some_and(|person| person.refuses);
        if profile && refuses {
            return Err((0, "the user refused"));
        }

        let appid = AppId::new(appid).map_err(|_| (10012, "appid is unknown"))?;
        let code = self
            .give_code(issued, &appid, person, profile, call.now)
            .ok_or((10009, "too many requests"))?;
        location(redirect, &code, query.get("state")).ok_or((
            10003,
            "redirect_uri is not an absolute http or https address",
        ))
    }
}

/// Returns the redirect URL with the code in its query.
fn location(redirect: &str, code: &str, state: Option<&str>) -> Option<HeaderValue> {
    let uri: ::http::Uri = redirect.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| ["http", "https"].contains(scheme))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", code);
    query.append_pair("state", state.unwrap_or_default());
    // `redirect_uri` may already have a query: the code is appended to it.
    let own = uri.query().map(|own| format!("{own}&")).unwrap_or_default();
    let path = Some(uri.path()).filter(|path| !path.is_empty());
    let (authority, path) = (uri.authority()?, path.unwrap_or("/"));
    let address = format!("{scheme}://{authority}{path}?{own}{}", query.finish());
    HeaderValue::try_from(address).ok()
}

/// Builds the error page that WeChat's browser shows, with the error number.
fn error_page(number: u32, text: &'static str) -> Response<Bytes> {
    let page = format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>微信</title>\
         <h1>Oops! Something went wrong:(</h1><p>{number}: {text}</p></html>\n"
    );
    let mut response = Response::new(Bytes::from(page));
    let html = HeaderValue::from_static("text/html; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}
