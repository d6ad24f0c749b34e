//! Web OAuth: the page that gives a code, and the calls that take it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use ::http::header::{CONTENT_TYPE, LOCATION};
use ::http::{HeaderValue, Request, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::account::PersonId;
use super::platform::Query;
use super::refusal::Outcome;
use super::state::State;
use super::{User, random};
use crate::api::oauth::Scope;
use crate::app::AppId;
use crate::clock::Clock;
use crate::error::ErrCode;
use crate::secret::Secret;

const CODE_LIFE: Duration = Duration::from_secs(300);
const TOKEN_LIFE: Duration = Duration::from_secs(7200);
const REFRESH_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// What is dead is remembered for a day, so that it can be told from what never was.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// The most codes or tokens at a time.
const GRANTS_MAX: usize = 100_000;

/// The parameters of the authorisation page, in the order that the platform insists on.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Grant>,
    refresh: HashMap<String, (Grant, String)>,
}

#[derive(Debug)]
struct Code {
    grant: Grant,
    used: bool,
}

/// What a user allowed an app, until when.
#[derive(Debug, Clone)]
struct Grant {
    appid: AppId,
    person: PersonId,
    /// `snsapi_userinfo`, not just `snsapi_base`.
    profile: bool,
    end: SystemTime,
}

impl Grant {
    fn until(&self, end: SystemTime) -> Self {
        Self {
            end,
            ..self.clone()
        }
    }
}

impl Grants {
    fn forget(&mut self, now: SystemTime) {
        let remembered = |end: SystemTime| end + REMEMBERED > now;
        self.codes.retain(|_, code| remembered(code.grant.end));
        self.tokens.retain(|_, grant| remembered(grant.end));
        self.refresh.retain(|_, (grant, _)| remembered(grant.end));
    }
}

impl User {
    /// Opens an authorisation page and agrees: the address that the browser is sent back to, with
    /// the code. It needs no socket.
    ///
    /// ```
    /// use tower_wechat::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::new();
    /// let app = sandbox.wechat().app(sandbox.appid())?;
    /// let page = app.authorize_url("https://shop.example/done").state("1024").build()?;
    /// let back = sandbox.user("Hui").consent(&page).unwrap();
    /// assert!(back.starts_with("https://shop.example/done?code="));
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    ///
    /// # Errors
    /// The page that the user sees instead: when the address is not a valid one, or the user
    /// refuses.
    pub fn consent(&self, page: &str) -> Result<String, String> {
        let page = page.split('#').next().unwrap_or_default();
        let openid = self.openid();
        let user: String = form_urlencoded::byte_serialize(openid.as_bytes()).collect();
        let request = Request::get(format!("{page}&sandbox_user={user}")).body(());
        let request = request.map_err(|_| "not an address".to_owned())?;
        let now = self.sandbox().clock.now();
        let answer = self.sandbox().state().authorize(&Query::of(&request), now);
        match answer.headers().get(LOCATION).map(HeaderValue::to_str) {
            Some(Ok(location)) => Ok(location.to_owned()),
            _ => Err(String::from_utf8_lossy(answer.body()).into_owned()),
        }
    }
}

impl State {
    /// `GET /connect/oauth2/authorize`: the browser's page. The user is the one that the extra
    /// parameter `sandbox_user` names by nickname or openid, or the first one.
    pub(super) fn authorize(&mut self, query: &Query, now: SystemTime) -> Response<Bytes> {
        match self.consent(query, now) {
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
        query: &Query,
        now: SystemTime,
    ) -> Result<HeaderValue, (u32, &'static str)> {
        let given = |name| query.get(name).filter(|value: &&str| !value.is_empty());
        let appid = given("appid").ok_or((10012, "appid is empty"))?;
        let redirect = given("redirect_uri").ok_or((10011, "redirect_uri is empty"))?;
        let scope = given("scope").ok_or((10010, "scope is empty"))?;
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
        if self.account(appid).is_none() {
            return Err((10012, "appid is unknown"));
        }
        if !self.may_authorize(appid) {
            return Err((10005, "the app may not ask for this scope"));
        }
        let person = match query.get("sandbox_user") {
            Some(name) => self
                .find_user(name)
                .ok_or((10006, "there is no such user"))?,
            None => PersonId(0),
        };
        let refuses = self.person(person).is_some_and(|person| person.refuses);
        if profile && refuses {
            return Err((0, "the user refused"));
        }

        let appid = AppId::new(appid).map_err(|_| (10012, "appid is unknown"))?;
        let grant = Grant {
            appid,
            person,
            profile,
            end: now + CODE_LIFE,
        };
        let code = self
            .give_code(grant, now)
            .ok_or((10009, "too many requests"))?;
        location(redirect, &code, query.get("state")).ok_or((
            10003,
            "redirect_uri is not an absolute http or https address",
        ))
    }

    /// A new code; none when there are too many.
    fn give_code(&mut self, grant: Grant, now: SystemTime) -> Option<String> {
        self.grants.forget(now);
        if self.grants.codes.len() >= GRANTS_MAX {
            return None;
        }
        let code = format!("0{}", random::text(31));
        self.issued.note(&code);
        let given = Code { grant, used: false };
        self.grants.codes.insert(code.clone(), given);
        Some(code)
    }

    /// `GET /sns/oauth2/access_token`
    pub(super) fn trade_code(&mut self, query: &Query, now: SystemTime) -> Outcome {
        let appid = self.check_secret(query.get("appid"), query.get("secret"))?;
        if query.get("grant_type") != Some("authorization_code") {
            return Err(ErrCode::INVALID_GRANT_TYPE);
        }
        let code = query.get("code").filter(|code| !code.is_empty());
        let code = code.ok_or(ErrCode::MISSING_CODE)?;
        let code = self
            .grants
            .codes
            .get_mut(code)
            .filter(|code| code.grant.appid == appid);
        let code = code.ok_or(ErrCode::INVALID_CODE)?;
        if code.used {
            return Err(ErrCode::CODE_USED);
        }
        if code.grant.end <= now {
            return Err(ErrCode::CODE_EXPIRED);
        }
        code.used = true;
        let grant = code.grant.until(now + TOKEN_LIFE);
        let refresh_token = format!("{}_{}", random::digits(2), random::text(86));
        self.issued.note(&refresh_token);
        let token = self.user_token(&grant);
        let remembered = (grant.until(now + REFRESH_LIFE), token.clone());
        self.grants
            .refresh
            .insert(refresh_token.clone(), remembered);
        Ok(self.user_grant(&grant, &token, &refresh_token))
    }

    /// `GET /sns/oauth2/refresh_token`: a token that still lives is prolonged, a dead one replaced.
    pub(super) fn refresh_user_token(&mut self, query: &Query, now: SystemTime) -> Outcome {
        let appid = query.get("appid").filter(|appid| !appid.is_empty());
        let appid = appid.ok_or(ErrCode::MISSING_APPID)?;
        self.account(appid).ok_or(ErrCode::INVALID_APPID)?;
        if query.get("grant_type") != Some("refresh_token") {
            return Err(ErrCode::INVALID_GRANT_TYPE);
        }
        let refresh_token = query.get("refresh_token").filter(|token| !token.is_empty());
        let refresh_token = refresh_token.ok_or(ErrCode::MISSING_REFRESH_TOKEN)?;
        let found = self.grants.refresh.get(refresh_token).cloned();
        let (grant, token) = found
            .filter(|(grant, _)| grant.appid.as_str() == appid)
            .ok_or(ErrCode::INVALID_REFRESH_TOKEN)?;
        if grant.end <= now {
            return Err(ErrCode::REFRESH_TOKEN_EXPIRED);
        }
        let renewed = grant.until(now + TOKEN_LIFE);
        let token = match self.grants.tokens.get_mut(&token) {
            Some(live) if live.end > now => {
                live.end = renewed.end;
                token
            }
            _ => self.user_token(&renewed),
        };
        let remembered = (grant, token.clone());
        self.grants
            .refresh
            .insert(refresh_token.to_owned(), remembered);
        Ok(self.user_grant(&renewed, &token, refresh_token))
    }

    /// `GET /sns/userinfo`
    pub(super) fn user_info(&mut self, query: &Query, now: SystemTime) -> Outcome {
        let grant = self.check_grant(query, now)?;
        if !grant.profile {
            return Err(ErrCode::API_UNAUTHORIZED);
        }
        let person = self
            .person_mut(grant.person)
            .ok_or(ErrCode::INVALID_OPENID)?;
        Ok(json!({
            "openid": person.openid(&grant.appid),
            "nickname": person.nickname,
            "sex": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": person.headimgurl,
            "privilege": [],
            "unionid": person.unionid,
        }))
    }

    /// `GET /sns/auth`
    pub(super) fn check_user_token(&mut self, query: &Query, now: SystemTime) -> Outcome {
        self.check_grant(query, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }

    fn check_grant(&mut self, query: &Query, now: SystemTime) -> Result<Grant, ErrCode> {
        let token = query.get("access_token").filter(|token| !token.is_empty());
        let token = token.ok_or(ErrCode::MISSING_ACCESS_TOKEN)?;
        let openid = query.get("openid").filter(|openid| !openid.is_empty());
        let openid = openid.ok_or(ErrCode::MISSING_OPENID)?;
        let grant = self
            .grants
            .tokens
            .get(token)
            .cloned()
            .ok_or(ErrCode::INVALID_CREDENTIAL)?;
        if grant.end <= now {
            return Err(ErrCode::ACCESS_TOKEN_EXPIRED);
        }
        let person = self
            .person_mut(grant.person)
            .ok_or(ErrCode::INVALID_OPENID)?;
        if person.openid(&grant.appid) != openid {
            return Err(ErrCode::INVALID_OPENID);
        }
        Ok(grant)
    }

    fn user_token(&mut self, grant: &Grant) -> String {
        let token = format!("{}_{}", random::digits(2), random::text(86));
        self.issued.note(&token);
        self.grants.tokens.insert(token.clone(), grant.clone());
        token
    }

    fn user_grant(&mut self, grant: &Grant, token: &str, refresh_token: &str) -> Value {
        let mut answer = json!({
            "access_token": token,
            "expires_in": TOKEN_LIFE.as_secs(),
            "refresh_token": refresh_token,
            "scope": if grant.profile { "snsapi_userinfo" } else { "snsapi_base" },
        });
        let Some(fields) = answer.as_object_mut() else {
            return answer;
        };
        if let Some(person) = self.person_mut(grant.person) {
            fields.insert("openid".to_owned(), person.openid(&grant.appid).into());
            if grant.profile {
                fields.insert("unionid".to_owned(), person.unionid.clone().into());
            }
            if person.snapshot {
                fields.insert("is_snapshotuser".to_owned(), 1.into());
            }
        }
        answer
    }
}

impl User {
    /// Consents on the authorisation page: the code with which the browser comes back. It works
    /// once, for five minutes. `None` when the user refuses.
    ///
    /// ```
    /// use tower_wechat::api::oauth::Scope;
    ///
    /// let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// assert!(sandbox.user("Hui").oauth_code(Scope::UserInfo).is_some());
    /// ```
    pub fn oauth_code(&self, scope: Scope) -> Option<Secret> {
        let now = self.sandbox().clock.now();
        let mut state = self.sandbox().state();
        let profile = scope == Scope::UserInfo;
        if profile && state.person(self.person())?.refuses {
            return None;
        }
        let grant = Grant {
            appid: self.appid().clone(),
            person: self.person(),
            profile,
            end: now + CODE_LIFE,
        };
        state.give_code(grant, now).map(Secret::new)
    }
}

/// The redirect address with the code in its query.
fn location(redirect: &str, code: &str, state: Option<&str>) -> Option<HeaderValue> {
    let uri: ::http::Uri = redirect.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| ["http", "https"].contains(scheme))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", code);
    query.append_pair("state", state.unwrap_or_default());
    let own = uri.query().map(|own| format!("{own}&")).unwrap_or_default();
    let path = Some(uri.path()).filter(|path| !path.is_empty());
    let (authority, path) = (uri.authority()?, path.unwrap_or("/"));
    let address = format!("{scheme}://{authority}{path}?{own}{}", query.finish());
    HeaderValue::try_from(address).ok()
}

/// The platform's page in WeChat's own browser, with its number.
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
