//! The calls that handlers receive.

use std::time::SystemTime;

use ::http::Request;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::app::AppId;
use crate::error::ErrCode;

/// Query parameters, in request order.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// A call, with the app that its access token belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a, A = AppId> {
    pub(super) appid: A,
    pub(super) path: &'a str,
    pub(super) query: &'a Query,
    pub(super) body: &'a [u8],
    pub(super) now: SystemTime,
}

/// A call whose access token has not been checked, or that takes none.
pub(super) type OpenCall<'a> = Call<'a, ()>;

impl<'a> OpenCall<'a> {
    pub(super) fn new(request: &'a Request<Bytes>, query: &'a Query, now: SystemTime) -> Self {
        Self {
            appid: (),
            path: request.uri().path(),
            query,
            body: request.body(),
            now,
        }
    }

    /// Attaches the app that made the call.
    pub(super) fn by(self, appid: AppId) -> Call<'a> {
        Call {
            appid,
            path: self.path,
            query: self.query,
            body: self.body,
            now: self.now,
        }
    }
}

impl<A> Call<'_, A> {
    /// Parses the body as JSON. An empty body is refused with [`ErrCode::EMPTY_BODY`].
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ErrCode> {
        if self.body.is_empty() {
            return Err(ErrCode::EMPTY_BODY);
        }
        self.json_or_malformed()
    }

    /// Parses the body as JSON. An empty body is refused as malformed.
    pub(super) fn json_or_malformed<T: DeserializeOwned>(&self) -> Result<T, ErrCode> {
        serde_json::from_slice(self.body).map_err(|_| ErrCode::MALFORMED_BODY)
    }
}
