//! An answer that says nothing but that it is one.

use bytes::Bytes;

use super::{Answer, json};
use crate::error::Error;

/// The platform did what it was asked to do: its answer has an errcode of 0. An answer without an
/// errcode is an error of kind [`Answer`](crate::ErrorKind::Answer), for there is nothing else in it
/// to tell success by.
///
/// The response of every call that answers with no data:
///
/// ```
/// use bytes::Bytes;
/// use tower_wechat::api::{Answer, Done};
///
/// assert!(Done::decode(&Bytes::from(r#"{"errcode":0,"errmsg":"ok"}"#)).is_ok());
/// assert!(Done::decode(&Bytes::from(r#"{"errcode":45015,"errmsg":null}"#)).is_err());
/// assert!(Done::decode(&Bytes::from("{}")).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {}

impl Answer for Done {
    fn decode(body: &Bytes) -> Result<Self, Error> {
        json::done(body).map(|()| Self {})
    }
}
