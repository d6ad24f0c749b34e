//! A row of the table of calls.

use ::http::Response;
use bytes::Bytes;

use super::account_type::AccountType;
use super::answer::Answer;
use super::call::{Call, OpenCall};
use super::state::State;
use crate::error::ErrCode;

/// The methods that a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Another method is refused with 43001.
    Get,
    /// Another method is refused with 43002.
    Post,
    /// Another method is answered with HTTP 405.
    GetOnly,
    Any,
}

/// The credential that a call takes, with the function that serves it.
#[derive(Debug)]
pub(super) enum Serve {
    /// An access token. It is checked before the function runs.
    Token(fn(&mut State, &Call<'_>) -> Answer),
    /// The same. The function returns the text of a code, which is sent as an image.
    TokenForCode(fn(&mut State, &Call<'_>) -> Result<String, ErrCode>),
    /// The same, checked by the function, after the body.
    TokenAfterBody(fn(&mut State, &OpenCall<'_>) -> Answer),
    /// The id and the secret of an app. The function checks them.
    Secret(fn(&mut State, &OpenCall<'_>) -> Answer),
    /// The token of a user, or the token that renews it. The function checks it.
    UserToken(fn(&mut State, &OpenCall<'_>) -> Answer),
    /// No credential. The function returns the whole response.
    Page(fn(&mut State, &OpenCall<'_>) -> Response<Bytes>),
    /// The row is of all paths that begin with its path. They are not served.
    Unknown,
}

/// The types of the accounts that may make a call.
pub(super) type Accounts = &'static [AccountType];

#[derive(Debug)]
pub(super) struct Row {
    pub(super) method: Method,
    path: &'static str,
    pub(super) accounts: Accounts,
    pub(super) serve: Serve,
    /// Whether the call counts towards a daily quota.
    pub(super) counted: bool,
    /// Whether a refusal can be looked up by its rid. That of a wrong type of account always can.
    pub(super) remembered: bool,
}

impl Row {
    pub(super) fn is_of(&self, path: &str) -> bool {
        match self.serve {
            Serve::Unknown => path.starts_with(self.path),
            _ => path == self.path,
        }
    }
}

/// A call that is not counted, and whose refusals are not remembered.
pub(super) const fn call(
    method: Method,
    path: &'static str,
    accounts: Accounts,
    serve: Serve,
) -> Row {
    Row {
        method,
        path,
        accounts,
        serve,
        counted: false,
        remembered: false,
    }
}

/// A call whose refusals are remembered.
pub(super) const fn remembered(
    method: Method,
    path: &'static str,
    accounts: Accounts,
    serve: Serve,
) -> Row {
    Row {
        remembered: true,
        ..call(method, path, accounts, serve)
    }
}

/// A call that is counted, and whose refusals are remembered.
pub(super) const fn counted(
    method: Method,
    path: &'static str,
    accounts: Accounts,
    serve: Serve,
) -> Row {
    Row {
        counted: true,
        ..remembered(method, path, accounts, serve)
    }
}

/// The calls whose paths begin with `path` and that no row above serves. They are refused to
/// accounts of other types.
pub(super) const fn others(path: &'static str, accounts: Accounts) -> Row {
    call(Method::Any, path, accounts, Serve::Unknown)
}
