//! Invalid UTF-8, split characters and NULs affect only the field that contains them.

use tower::ServiceExt;
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::{AppId, Message};

use super::super::support::{APPID, Tally, callback, instant, message_of, push};
use super::text;

/// Returns a text message with these bytes as its content.
fn with(content: &[u8]) -> Vec<u8> {
    let document = text("HERE");
    let (before, after) = document.split_once("HERE").unwrap();
    [before.as_bytes(), content, after.as_bytes()].concat()
}

fn read(document: &[u8]) -> Message {
    Message::parse_bytes(AppId::new(APPID).unwrap(), document.to_vec()).unwrap()
}

#[test]
fn invalid_utf8_is_replaced_in_place() {
    for (content, read_as) in [
        (&b"a\xe4\xbd"[..], "a\u{fffd}"),
        (b"\xe4\xbda\xff\xfe", "\u{fffd}a\u{fffd}\u{fffd}"),
        (b"\xc4\xe3\xba\xc3", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xed\xa0\xbd", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"a\xe4\xbd]]>b<c>", "a\u{fffd}]]>b<c>"),
    ] {
        let document = with(content);
        let message = read(&document);
        assert_eq!(message.field("Content"), Some(read_as));
        assert_eq!(
            (message.from_user_name(), message.msg_id()),
            ("o1", Some("9"))
        );
        assert_eq!(message.raw_bytes(), document);
        assert_eq!(message.clone().raw_bytes(), document);
        assert_eq!(message.raw(), String::from_utf8_lossy(&document));
    }
}

#[test]
fn a_nul_is_kept() {
    for (document, content) in [
        (text("a\0b"), "a\0b"),
        (text("\0"), "\0"),
        (text("a") + "\0", "a"),
        (text("a") + "\n\0\0", "a"),
        (text("a]]>\0") + "\0", "a]]>\0"),
        (r#"{"MsgType":"text","Content":"a"}"#.to_owned() + "\0", "a"),
        (
            "{\"MsgType\":\"text\",\"Content\":\"a\0b\"}".to_owned(),
            "a\0b",
        ),
        (
            "{\"MsgType\":\"text\",\"Content\":\"\\n\0\"}".to_owned(),
            "\n\0",
        ),
    ] {
        assert_eq!(
            read(document.as_bytes()).field("Content"),
            Some(content),
            "{document}"
        );
    }
}

#[test]
fn ampersands_and_references_are_accepted() {
    for (written, value) in [
        ("a & b", "a & b"),
        ("a&b", "a&b"),
        ("&nbsp;&amp;", "&nbsp;&"),
        ("&#55357;&#56832;", "😀"),
        ("a &#xd83d;", "a \u{fffd}"),
        ("&", "&"),
        ("&&lt;&", "&<&"),
    ] {
        let plain = format!("<xml><MsgType>text</MsgType><Content>{written}</Content></xml>");
        assert_eq!(
            read(plain.as_bytes()).field("Content"),
            Some(value),
            "{written}"
        );
        // CDATA has no references.
        assert_eq!(
            read(text(written).as_bytes()).field("Content"),
            Some(written)
        );
        assert_eq!(
            read(text(&format!("{written}]]>")).as_bytes()).field("Content"),
            Some(&*format!("{written}]]>"))
        );
    }
}

#[test]
fn a_lone_surrogate_in_json_is_replaced_alone() {
    for (written, value) in [
        (r"a\ud83db", "a\u{fffd}b"),
        (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (r"\ud83d\ude00\n", "😀\n"),
    ] {
        let document = format!(r#"{{"MsgType":"text","Content":"{written}","MsgId":9}}"#);
        let message = read(document.as_bytes());
        assert_eq!(
            (message.field("Content"), message.msg_id()),
            (Some(value), Some("9"))
        );
        assert_eq!(message.raw(), document);
    }
}

#[test]
fn json_in_another_encoding_is_read() {
    for (content, value) in [
        (&b"\x8e\x5c"[..], "\u{fffd}"),
        (b"\xc4\xe3\xba\xc3", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xe4\xbd\\n", "\u{fffd}\n"),
    ] {
        let document = [
            &b"{\"MsgType\":\"text\",\"Content\":\""[..],
            content,
            b"\",\"MsgId\":9}",
        ]
        .concat();
        let message = read(&document);
        assert_eq!(
            (message.field("Content"), message.msg_id()),
            (Some(value), Some("9"))
        );
        assert_eq!(message.raw_bytes(), document);
    }
}

/// Different bytes that decode to the same text have different keys.
#[test]
fn the_dedup_key_is_computed_from_the_received_bytes() {
    let key = |content: &[u8]| {
        let document = String::from_utf8(with(b"HERE"))
            .unwrap()
            .replace("<MsgId>9</MsgId>", "");
        let (before, after) = document.split_once("HERE").unwrap();
        DedupKey::new(&read(
            &[before.as_bytes(), content, after.as_bytes()].concat(),
        ))
    };
    assert_ne!(key(b"\xff"), key(b"\xfe"));
    assert_eq!(key(b"\xff"), key(b"\xff"));
}

#[test]
fn a_message_round_trips_through_a_queue() {
    for document in [
        with(b"a\xe4\xbd]]>"),
        with(b"hello"),
        b"{\"a\":\"\\ud83d\"}".to_vec(),
    ] {
        let message = read(&document);
        let again =
            Message::parse_bytes(message.appid().clone(), message.raw_bytes().to_vec()).unwrap();
        assert_eq!(again.raw_bytes(), document);
        assert_eq!(again.field("Content"), message.field("Content"));
        let stored = serde_json::to_string(&message).unwrap();
        let loaded: Message = serde_json::from_str(&stored).unwrap();
        assert_eq!(
            (loaded.appid(), loaded.raw_bytes()),
            (message.appid(), &*document)
        );
    }
    let plain = message_of(APPID, "<xml><A>1</A></xml>".into());
    let stored = serde_json::to_value(&plain).unwrap();
    assert_eq!(
        stored,
        serde_json::json!({"appid": APPID, "raw": "<xml><A>1</A></xml>"})
    );
}

#[tokio::test]
async fn invalid_utf8_does_not_reject_a_push() {
    let tally = Tally::default();
    let callback = callback(instant(&tally));
    for (nonce, content) in [("n1", &b"a\xe4\xbd"[..]), ("n2", b"\0"), ("n3", b"\xff]]>")] {
        let request = push(nonce, with(content));
        let response = callback.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(tally.started(), 3);
}
