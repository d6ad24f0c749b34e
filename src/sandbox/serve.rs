//! Dispatches a call to its handler, with the checks around it.

use std::time::SystemTime;

use ::http::{self, Request, Response, StatusCode};
use bytes::Bytes;

use super::answer::{self, empty};
use super::call::{Call, OpenCall, Query};
use super::refusal::{Refused, rid};
use super::row::{Method, Row, Serve};
use super::state::State;
use crate::app::AppId;
use crate::error::ErrCode;

/// Serves a call by its table row. Returns `None` if the call is not supported.
pub(super) fn serve(
    row: &Row,
    state: &mut State,
    request: &Request<Bytes>,
    now: SystemTime,
) -> Option<Response<Bytes>> {
    let query = Query::of(request);
    let call = OpenCall::new(request, &query, now);
    // Comes first: accounts of a wrong type are refused even for unsupported calls.
    if let Err(code) = check_account_type(row, state, &call) {
        return Some(refuse(state, &call, &code.into()));
    }
    if let Serve::Unknown = row.serve {
        return None;
    }
    if row.method == Method::GetOnly && request.method() != http::Method::GET {
        return Some(empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    let answer = check_method(row, request.method())
        .map_err(Refused::from)
        .and_then(|()| run(row, state, call));
    Some(match answer {
        Ok(response) => response,
        Err(refused) if row.remembered => refuse(state, &call, &refused),
        Err(refused) => answer::refused(&refused),
    })
}

/// Refuses a call that the account's type may not make. An invalid token passes: it is refused
/// later.
fn check_account_type(row: &Row, state: &State, call: &OpenCall<'_>) -> Result<(), ErrCode> {
    let Ok(appid) = check_token(state, call) else {
        return Ok(());
    };
    match state.directory.account_type(appid.as_str()) {
        Some(account_type) if !row.accounts.contains(&account_type) => {
            Err(ErrCode::API_UNAUTHORIZED)
        }
        _ => Ok(()),
    }
}

fn check_method(row: &Row, method: &http::Method) -> Result<(), ErrCode> {
    match row.method {
        Method::Get if method != http::Method::GET => Err(ErrCode::REQUIRE_GET),
        Method::Post if method != http::Method::POST => Err(ErrCode::REQUIRE_POST),
        _ => Ok(()),
    }
}

fn check_token(state: &State, call: &OpenCall<'_>) -> Result<AppId, ErrCode> {
    state.tokens.check(call.query.get("access_token"), call.now)
}

fn run(row: &Row, state: &mut State, call: OpenCall<'_>) -> Result<Response<Bytes>, Refused> {
    Ok(match row.serve {
        Serve::Token(serve) => {
            let call = admit(row, state, call)?;
            answer::document(&serve(state, &call)?)
        }
        Serve::TokenForCode(serve) => {
            let call = admit(row, state, call)?;
            answer::code(&serve(state, &call)?)?
        }
        Serve::Secret(serve) | Serve::UserToken(serve) | Serve::TokenAfterBody(serve) => {
            answer::document(&serve(state, &call)?)
        }
        Serve::Page(serve) => serve(state, &call),
        Serve::Unknown => empty(StatusCode::NOT_FOUND),
    })
}

/// Checks the call's token and counts the call towards its quota.
fn admit<'a>(row: &Row, state: &mut State, call: OpenCall<'a>) -> Result<Call<'a>, ErrCode> {
    let call = call.by(check_token(state, &call)?);
    if row.counted {
        state.quotas.count(&call)?;
    }
    Ok(call)
}

/// Builds a refusal and remembers it by its rid.
fn refuse(state: &mut State, call: &OpenCall<'_>, refused: &Refused) -> Response<Bytes> {
    let rid = rid();
    let document = refused.document(&rid);
    let token_of = check_token(state, call).ok();
    state.refused.remember(&rid, token_of, call, &document);
    answer::document(&document)
}
