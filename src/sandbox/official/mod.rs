//! The calls of official accounts.

mod in_flight;
mod library;
mod menu;
mod network;
mod qrcode;
mod quota;
mod rid;
mod scheduled;
mod shorten;
mod subscribe;
mod template;
mod user;

pub(super) use self::scheduled::through;

use std::time::{Duration, SystemTime};

use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::in_flight::InFlight;
use self::menu::Menus;
use self::qrcode::Codes;
use self::quota::Quotas;
use self::rid::RefusedCalls;
use self::scheduled::Scheduled;
use self::shorten::ShortKeys;
use self::template::Templates;
use self::user::Relations;
use super::platform::Query;
use super::refusal::{self, Refused, empty};
use super::state::State;
use crate::app::AppId;
use crate::error::ErrCode;

/// What the platform remembers of official accounts.
#[derive(Debug, Default)]
pub(super) struct Official {
    codes: Codes,
    keys: ShortKeys,
    templates: Templates,
    relations: Relations,
    menus: Menus,
    quotas: Quotas,
    refused: RefusedCalls,
    pending: Scheduled,
    sending: InFlight,
}

/// What a call is answered with.
type Answer = Result<Value, Refused>;

/// A call whose token was good.
struct Call<'a> {
    appid: AppId,
    query: &'a Query,
    body: &'a [u8],
    now: SystemTime,
}

impl Call<'_> {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        if self.body.is_empty() {
            return Err(ErrCode::EMPTY_BODY.into());
        }
        serde_json::from_slice(self.body).map_err(|_| ErrCode::MALFORMED_BODY.into())
    }
}

fn done() -> Answer {
    Ok(json!({ "errcode": 0, "errmsg": "ok" }))
}

fn unix(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.as_ref().map_or(0, Duration::as_secs)
}

type Serve = fn(&mut State, &Call<'_>) -> Answer;

fn route(path: &str) -> Option<(Method, Serve)> {
    let (get, post) = (Method::GET, Method::POST);
    Some(match path.strip_prefix("/cgi-bin/")? {
        "qrcode/create" => (post, State::create_code),
        "shorten/gen" => (post, State::shorten),
        "shorten/fetch" => (post, State::fetch_shortened),
        "message/template/send" => (post, State::send_template),
        "template/api_add_template" => (post, State::add_library_template),
        "template/del_private_template" => (post, State::delete_template),
        "template/get_all_private_template" => (get, State::list_templates),
        "template/api_set_industry" => (post, State::set_industry),
        "template/get_industry" => (get, State::industry),
        "message/subscribe/send" | "message/subscribe/bizsend" => (post, State::send_subscribed),
        "user/info" => (get, State::user_of_account),
        "user/info/batchget" => (post, State::users_of_account),
        "user/get" => (get, State::followers),
        "user/info/updateremark" => (post, State::update_remark),
        "menu/create" => (post, State::create_menu),
        "menu/get" => (get, State::menu),
        "menu/delete" => (get, State::delete_menu),
        "openapi/quota/get" => (post, State::quota),
        "openapi/rid/get" => (post, State::remembered),
        "clear_quota" => (post, State::clear_quota),
        "callback/check" => (post, State::check_callback),
        _ => return None,
    })
}

impl State {
    /// Serves a call of an official account, if it is one.
    pub(super) fn official(
        &mut self,
        request: &Request<Bytes>,
        query: &Query,
        now: SystemTime,
    ) -> Option<Response<Bytes>> {
        let path = request.uri().path();
        if path == "/cgi-bin/showqrcode" {
            return Some(match request.method() == Method::GET {
                true => self.show_code(query, now),
                false => empty(StatusCode::METHOD_NOT_ALLOWED),
            });
        }
        let answer = match path {
            "/cgi-bin/clear_quota/v2" => self.clear_quota_by_secret(request.body(), now),
            _ => {
                let (method, serve) = route(path)?;
                self.check_call(&method, request, query, now)
                    .and_then(|appid| {
                        let body = request.body();
                        let call = Call {
                            appid,
                            query,
                            body,
                            now,
                        };
                        serve(self, &call)
                    })
            }
        };
        Some(match answer {
            Ok(body) => refusal::document(&body),
            Err(refused) => self.refuse(request, query, &refused, now),
        })
    }

    /// A refusal on the wire, to be asked about by its rid.
    pub(in crate::sandbox) fn refuse(
        &mut self,
        request: &Request<Bytes>,
        query: &Query,
        refused: &Refused,
        now: SystemTime,
    ) -> Response<Bytes> {
        let rid = refusal::rid();
        let document = refused.document(&rid);
        self.remember(&rid, request, query, &document, now);
        refusal::document(&document)
    }

    fn check_call(
        &mut self,
        method: &Method,
        request: &Request<Bytes>,
        query: &Query,
        now: SystemTime,
    ) -> Result<AppId, Refused> {
        if request.method() != method {
            return Err(match *method {
                Method::GET => ErrCode::REQUIRE_GET.into(),
                _ => ErrCode::REQUIRE_POST.into(),
            });
        }
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let path = request.uri().path();
        self.official.quotas.count(&appid, path, now)?;
        Ok(appid)
    }
}
