//! The platform's side of mini-programs.

mod code;
mod link;
mod session;
mod trade;
mod user;

use std::collections::{BTreeSet, HashMap};
use std::time::SystemTime;

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Request, Response};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use self::link::Link;
use self::trade::Codes;
use super::platform::{Query, get, post};
use super::refusal::respond;
use super::state::State;
use super::{Sandbox, picture};
use crate::app::AppId;
use crate::error::ErrCode;

/// The page that every app has released.
const HOME: &str = "pages/index/index";

/// The most pages of an app.
const PAGES_MAX: usize = 10_000;

/// What may stand in a scene or a query, beside letters and digits.
const MARKS: &str = "!#$&'()*+,/:;=?@-._~";

#[derive(Debug, Default)]
pub(super) struct MiniPrograms {
    logins: Codes,
    phones: Codes,
    /// The current session keys, by app and openid.
    sessions: HashMap<(AppId, String), String>,
    /// The released pages beside [`HOME`].
    pages: HashMap<AppId, BTreeSet<String>>,
    /// How many codes with a path each app has made.
    limited: HashMap<AppId, u32>,
    links: HashMap<String, Link>,
}

impl MiniPrograms {
    fn has_released(&self, appid: &AppId, page: &str) -> bool {
        let more = self.pages.get(appid);
        page == HOME || more.is_some_and(|pages| pages.contains(page))
    }
}

impl Sandbox {
    /// Releases a page of a mini-program, such as `pages/order/detail`. Codes and links of a page
    /// that is not released are refused. An app has at most 10,000 pages; more are passed over, as
    /// are those of an app that the sandbox does not have.
    pub fn publish_page(&self, appid: &AppId, page: impl Into<String>) {
        let mut state = self.state();
        if state.account(appid.as_str()).is_none() {
            return;
        }
        let pages = state.mini.pages.entry(appid.clone()).or_default();
        if pages.len() < PAGES_MAX {
            pages.insert(page.into());
        }
    }
}

impl State {
    /// Answers a call of a mini-program's server; `None` when it is another one.
    pub(super) fn mini_program(
        &mut self,
        request: &Request<Bytes>,
        query: &Query,
        now: SystemTime,
    ) -> Option<Response<Bytes>> {
        let (method, body) = (request.method(), request.body());
        let post = || post(method);
        let get = || get(method);
        let outcome = match request.uri().path() {
            "/wxa/getwxacodeunlimit" => {
                return Some(image(
                    post().and_then(|()| self.unlimited_qrcode(query, body, now)),
                ));
            }
            "/wxa/getwxacode" => {
                return Some(image(
                    post().and_then(|()| self.limited_qrcode(query, body, 1024, now)),
                ));
            }
            "/cgi-bin/wxaapp/createwxaqrcode" => {
                return Some(image(
                    post().and_then(|()| self.limited_qrcode(query, body, 128, now)),
                ));
            }
            "/wxa/generatescheme" => post().and_then(|()| self.scheme(query, body, now)),
            "/wxa/generate_urllink" => post().and_then(|()| self.url_link(query, body, now)),
            "/wxa/genwxashortlink" => post().and_then(|()| self.short_link(query, body, now)),
            "/wxa/queryscheme" => post().and_then(|()| self.query_scheme(query, body, now)),
            "/wxa/query_urllink" => post().and_then(|()| self.query_url_link(query, body, now)),
            "/wxa/business/getuserphonenumber" => {
                post().and_then(|()| self.phone_number(query, body, now))
            }
            "/sns/jscode2session" => get().and_then(|()| self.code_to_session(query, now)),
            "/wxa/checksession" => get().and_then(|()| self.check_session(query, now)),
            "/wxa/resetusersessionkey" => get().and_then(|()| self.reset_session(query, now)),
            _ => return None,
        };
        Some(respond(outcome))
    }
}

/// The code that holds a text, or a refusal.
fn image(text: Result<String, ErrCode>) -> Response<Bytes> {
    let file = text.and_then(|text| picture::png(&text).ok_or(ErrCode::SYSTEM_BUSY));
    match file {
        Ok(file) => {
            let mut response = Response::new(Bytes::from(file));
            let png = HeaderValue::from_static("image/png");
            response.headers_mut().insert(CONTENT_TYPE, png);
            response
        }
        Err(code) => respond(Err(code)),
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ErrCode> {
    serde_json::from_slice(body).map_err(|_| ErrCode::MALFORMED_BODY)
}

fn is_legal(text: &str, more: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c) || more.contains(c);
    text.chars().all(legal)
}
