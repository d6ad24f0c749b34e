//! Validates a target's answer before it is returned to the user.

use crate::callback::forward::seen::Seen;
use crate::callback::push::{Answer, Sender, Stamp};
use crate::callback::{Message, Reply};
use crate::client::AnswerMax;
use crate::clock::Moment;

/// The maximum length of an answer.
pub(super) const ANSWER_MAX: AnswerMax = AnswerMax::new(64 << 10);

/// Reads the answer to `message`, which was pushed with `stamp`. The error says what is wrong.
pub(super) fn read(
    outgoing: &Sender<'_>,
    message: &Message,
    stamp: &Stamp,
    seen: &Seen,
    body: &[u8],
    now: Moment,
) -> Result<Reply, &'static str> {
    if body.len() > ANSWER_MAX.bytes() {
        return Err("the body is too long");
    }
    // Many applications append a line break to `success`.
    if matches!(body.trim_ascii(), b"" | b"success") {
        return Ok(Reply::none());
    }
    let (document, envelope) = match outgoing.answer(body)? {
        Answer::Success => return Ok(Reply::none()),
        Answer::Clear(document) => (document, None),
        Answer::Encrypted { document, envelope } => (document, Some(envelope)),
    };
    if document.format() != message.format() {
        return Err("the reply is not in the push's format");
    }
    if !is_acknowledgement(&document) {
        // A web page can be well-formed XML, but it has no addressee.
        let addressed = [document.to_user_name(), document.from_user_name()];
        let sender = [message.from_user_name(), message.to_user_name()];
        if addressed != sender || addressed.contains(&"") {
            return Err("the reply is not addressed to the sender of the push");
        }
        if document.msg_type().is_empty() {
            return Err("the reply has no MsgType");
        }
    }
    // Last: only an answer that is otherwise valid is remembered.
    if let Some(envelope) = envelope {
        let token = outgoing.token.expose();
        seen.admit(token, &envelope, &stamp.nonce, document.create_time(), now)?;
    }
    Ok(Reply::ready(document.document()))
}

/// Whether the document is the acknowledgement object that some events require: see
/// [`Reply::acknowledged`].
fn is_acknowledgement(document: &Message) -> bool {
    let mut fields = document.fields();
    let is_its = |name: &str| matches!(name, "ErrCode" | "ErrMsg");
    document.number::<i64>("ErrCode").is_some() && fields.all(|field| is_its(field.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AppId;
    use crate::callback::CallbackKeys;
    use crate::callback::verify::crypto::AesKey;
    use crate::callback::verify::signature::sign;
    use crate::clock::{ManualClock, SharedClock};

    const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
    const REPLY: &str = "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName>\
        <MsgType>text</MsgType></xml> \n";

    fn of(keys: &CallbackKeys, body: &str) -> Result<Reply, &'static str> {
        let appid = AppId::new("wx1").unwrap();
        let push = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName></xml>";
        let message = Message::parse(appid.clone(), push.into()).unwrap();
        let stamp = Stamp::new(1_767_225_600, "sent", [7; 16]);
        let now = SharedClock::new(ManualClock::at_unix(1_767_225_600)).moment();
        let (outgoing, seen) = (keys.outgoing(&appid), Seen::default());
        read(&outgoing, &message, &stamp, &seen, body.as_bytes(), now)
    }

    #[test]
    fn nothing_and_success_are_no_reply() {
        let keys = CallbackKeys::secure("thetoken", AES_KEY).unwrap();
        for body in ["", "success", "success\n", "\r\n"] {
            assert_eq!(of(&keys, body), Ok(Reply::none()), "{body:?}");
        }
    }

    #[test]
    fn a_reply_stays_as_it_is() {
        let keys = CallbackKeys::plaintext("thetoken").unwrap();
        assert_eq!(of(&keys, REPLY), Ok(Reply::raw(REPLY).unwrap()));
    }

    #[test]
    fn an_acknowledgement_is_addressed_to_nobody() {
        let keys = CallbackKeys::plaintext("thetoken").unwrap();
        for body in [
            "<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>",
            "<xml><ErrCode>-1</ErrCode></xml>",
        ] {
            assert_eq!(of(&keys, body), Ok(Reply::raw(body).unwrap()));
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        let keys = CallbackKeys::plaintext("thetoken").unwrap();
        let long = REPLY.replace(
            "</xml>",
            &format!("<A>{}</A></xml>", "x".repeat(ANSWER_MAX.bytes())),
        );
        for body in [
            "ok",
            "SUCCESS",
            "\"success\"",
            "<html><body>Welcome to nginx!</body></html>",
            "<!DOCTYPE html><html></html>",
            "{\"code\":0}",
            "{\"ErrCode\":0}",
            "<xml><ErrCode></ErrCode></xml>",
            "<xml><ErrCode>0</ErrCode><A/></xml>",
            "[]",
            &REPLY.replace("o1", "o2"),
            &REPLY.replace("gh_1", "gh_2"),
            &REPLY.replace("text", ""),
            &REPLY.replace("</xml>", "<Encrypt>x</Encrypt></xml>"),
            r#"{"ToUserName":"o1","FromUserName":"gh_1","MsgType":"text"}"#,
            &long,
        ] {
            assert!(of(&keys, body).is_err(), "{body}");
        }
        let secure = CallbackKeys::secure("thetoken", AES_KEY).unwrap();
        assert_eq!(of(&secure, REPLY), Err("a plaintext reply in secure mode"));
    }

    #[test]
    fn each_part_of_an_encrypted_reply_counts() {
        let keys = CallbackKeys::secure("thetoken", AES_KEY).unwrap();
        let of = |token: &str, key: &str, appid: &str, document: &str| {
            let encrypt = AesKey::parse(key)
                .unwrap()
                .encrypt(document, appid, [7; 16]);
            let signature = sign([token, "1767225600", "n", &encrypt]);
            let body = format!(
                "<xml><Encrypt>{encrypt}</Encrypt><MsgSignature>{signature}</MsgSignature>\
                 <TimeStamp>1767225600</TimeStamp><Nonce>n</Nonce></xml>"
            );
            of(&keys, &body)
        };
        let read = of("thetoken", AES_KEY, "wx1", REPLY);
        assert_eq!(read, Ok(Reply::raw(REPLY).unwrap()));
        let other_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
        for (read, why) in [
            (
                of("another", AES_KEY, "wx1", REPLY),
                "the signature of the reply is wrong",
            ),
            (
                of("thetoken", other_key, "wx1", REPLY),
                "the reply cannot be decrypted",
            ),
            (
                of("thetoken", AES_KEY, "wx2", REPLY),
                "the reply is for another app",
            ),
            (
                of("thetoken", AES_KEY, "wx1", "success"),
                "the reply is not a document",
            ),
        ] {
            assert_eq!(read, Err(why));
        }
    }
}
