//! The rows of the call table.

use ::http::Response;
use bytes::Bytes;

use super::account_type::AccountType;
use super::answer::Answer;
use super::call::{Call, OpenCall};
use super::state::State;
use crate::error::ErrCode;

/// The HTTP methods that a call accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Refuses other methods with 43001.
    Get,
    /// Refuses other methods with 43002.
    Post,
    /// Answers other methods with HTTP 405.
    GetOnly,
    Any,
}

/// The credential that a call requires, with its handler.
#[derive(Debug)]
pub(super) enum Serve {
    /// An access token, checked before the handler runs.
    Token(fn(&mut State, &Call<'_>) -> Answer),
    /// Like [`Token`](Self::Token). The handler returns the text of a code, which is sent as an
    /// image.
    TokenForCode(fn(&mut State, &Call<'_>) -> Result<String, ErrCode>),
    /// An access token, checked by the handler after it has parsed the body.
    TokenAfterBody(fn(&mut State, &OpenCall<'_>) -> Answer),
    /// An app's id and secret, checked by the handler.
    Secret(fn(&mut State, &OpenCall<'_>) -> Answer),
    /// A user's access token or refresh token, checked by the handler.
    UserToken(fn(&mut State, &OpenCall<'_>) -> Answer),
    /// No credential. The handler returns the whole response.
    Page(fn(&mut State, &OpenCall<'_>) -> Response<Bytes>),
    /// Matches every path with this prefix. These calls are not supported.
    Unknown,
}

/// The account types that may make a call.
pub(super) type Accounts = &'static [AccountType];

#[derive(Debug)]
pub(super) struct Row {
    pub(super) method: Method,
    path: &'static str,
    pub(super) accounts: Accounts,
    pub(super) serve: Serve,
    /// Whether the call counts towards a daily quota.
    pub(super) counted: bool,
    /// Whether refusals can be looked up by their rid. Refusals for a wrong account type always
    /// can.
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

/// Creates a row for a call that is not counted and whose refusals are not remembered.
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

/// Creates a row for a call whose refusals are remembered.
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

/// Creates a row for a call that is counted and whose refusals are remembered.
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

/// Creates a prefix row for the unsupported calls under `path`. Accounts of other types are
/// refused. The rest get HTTP 404.
pub(super) const fn others(path: &'static str, accounts: Accounts) -> Row {
    call(Method::Any, path, accounts, Serve::Unknown)
}
