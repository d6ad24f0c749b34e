//! The payload of an entry: a message, and its reply once the handler has succeeded.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::callback::{Message, Reply};

/// The version of the format, which is the first byte.
const VERSION: u8 = 1;

/// What is stored beside the document of the message.
#[derive(Serialize, Deserialize, Default)]
struct Head {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mini_program: bool,
    /// The reply that the late-reply hook could not send yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<Reply>,
}

/// A payload: a version, the length of the head, the head in JSON, and the document.
pub(super) fn encode(message: &Message, reply: Option<&Reply>) -> Bytes {
    let head = Head {
        mini_program: !message.shows_replies(),
        reply: reply.cloned(),
    };
    let document = message.raw_bytes();
    // Its parts always have a JSON form.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let length = u32::try_from(head.len()).unwrap_or_default();
    let mut payload = Vec::with_capacity(5 + head.len() + document.len());
    payload.push(VERSION);
    payload.extend(length.to_be_bytes());
    payload.extend(&head);
    payload.extend(document);
    payload.into()
}

/// Reads a payload. The reason is logged, and contains nothing of it.
pub(super) fn decode(
    appid: &AppId,
    payload: &Bytes,
) -> Result<(Message, Option<Reply>), &'static str> {
    let (version, rest) = payload.split_first().ok_or("the payload is empty")?;
    if *version != VERSION {
        return Err("the payload was written by another version");
    }
    let (length, rest) = rest.split_first_chunk().ok_or("the payload is cut")?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let (head, document) = rest.split_at_checked(length).ok_or("the payload is cut")?;
    let head: Head = serde_json::from_slice(head).map_err(|_| "the head is not readable")?;
    let message = Message::parse_bytes(appid.clone(), payload.slice_ref(document));
    let message = message.map_err(|_| "the document is not readable")?;
    Ok((message.of_mini_program(head.mini_program), head.reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_written_and_nothing_else_is() {
        let appid = AppId::new("wx1").unwrap();
        let document = b"<xml><FromUserName>o1</FromUserName><Content>\xff</Content></xml>";
        let message = Message::parse_bytes(appid.clone(), document.to_vec()).unwrap();
        let message = message.of_mini_program(true);
        for reply in [None, Some(Reply::text("late"))] {
            let payload = encode(&message, reply.as_ref());
            let (read, kept) = decode(&appid, &payload).unwrap();
            assert_eq!((read.raw_bytes(), kept), (&document[..], reply));
            assert!(!read.shows_replies());
            for end in 0..20 {
                assert!(decode(&appid, &payload.slice(..end)).is_err());
            }
        }
    }
}
