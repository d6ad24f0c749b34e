//! A message in a queue: its app and its document as it was received.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::app::AppId;
use crate::callback::Message;

/// Exactly one of the two documents is there.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    appid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<Cow<'a, str>>,
    /// Of a document that is no text, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_bytes: Option<String>,
}

/// As `{"appid", "raw"}`; a document that is not UTF-8 is in Base64, as `raw_bytes`. It holds what
/// the user wrote.
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
                    "exactly one of raw and raw_bytes is needed",
                ));
            }
        };
        Self::parse_bytes(appid, document).map_err(D::Error::custom)
    }
}
