//! A response without data.

use bytes::Bytes;

use super::{Answer, json};
use crate::error::Error;

/// The response of a call that returns no data.
///
/// Decoding requires an errcode of 0. A response without an errcode is an error of kind
/// [`Answer`](crate::ErrorKind::Answer), because nothing else in it indicates success.
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
