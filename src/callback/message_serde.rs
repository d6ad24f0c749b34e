//! Serializes a message, for example for a queue: its app and its document as received.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::app::AppId;
use crate::callback::Message;

/// Exactly one of `raw` and `raw_bytes` is set.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    appid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<Cow<'a, str>>,
    /// A document that is not UTF-8, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_bytes: Option<String>,
}

/// Serializes as `{"appid", "raw"}`. A document that is not UTF-8 is stored in Base64 as
/// `raw_bytes`. The output contains what the user wrote.
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(self.raw_bytes()).ok();
        let stored = Stored {
            appid: self.appid().as_str().into(),
            raw: text.map(Into::into),
            raw_bytes: text.is_none().then(|| STANDARD.encode(self.raw_bytes())),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let appid = AppId::new(stored.appid).map_err(D::Error::custom)?;
        let document = match (stored.raw, stored.raw_bytes) {
            (Some(text), None) => text.into_owned().into_bytes(),
            (None, Some(encoded)) => STANDARD.decode(encoded).map_err(D::Error::custom)?,
            _ => {
                return Err(D::Error::custom(
                    "expected exactly one of raw and raw_bytes",
                ));
            }
        };
        Self::parse_bytes(appid, document).map_err(D::Error::custom)
    }
}
