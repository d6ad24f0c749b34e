//! Replies as the platform reads them: verified, decrypted and parsed by a second implementation
//! that shares only the block cipher and the hash with the crate.

use aes::Aes256Dec;
use aes::cipher::{BlockCipherDecrypt, KeyInit};
use http::StatusCode;
use sha1::{Digest, Sha1};
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::{Article, Mode, Music, Video};
use tower_wechat::{AppId, Callback, CallbackKeys, ManualClock, Message, Reply, handler_fn};

use super::support::{NOW, OTHER_KEY, Platform, TOKEN};

const APPID: &str = "wxba5fad812f8e6fb9";

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut have) = (Vec::new(), 0u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|&it| it == character).unwrap();
        bits = bits << 6 | digit as u32;
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have) as u8);
        }
    }
    bytes
}

/// Returns the document inside a ciphertext.
fn decrypt(encrypt: &str) -> String {
    let key: [u8; 32] = base64(OTHER_KEY).try_into().unwrap();
    let cipher = Aes256Dec::new(&key.into());
    let ciphertext = base64(encrypt);
    assert_eq!(ciphertext.len() % 32, 0);
    let mut frame = Vec::new();
    let mut before: [u8; 16] = key[..16].try_into().unwrap();
    for block in ciphertext.chunks_exact(16) {
        let block: [u8; 16] = block.try_into().unwrap();
        let mut clear = block.into();
        cipher.decrypt_block(&mut clear);
        frame.extend(clear.iter().zip(before).map(|(byte, before)| byte ^ before));
        before = block;
    }
    let pad = usize::from(*frame.last().unwrap());
    assert!((1..=32).contains(&pad), "{pad}");
    let (frame, padding) = frame.split_at(frame.len() - pad);
    assert!(padding.iter().all(|&byte| usize::from(byte) == pad));
    let len = u32::from_be_bytes(frame[16..20].try_into().unwrap()) as usize;
    assert_eq!(&frame[20 + len..], APPID.as_bytes());
    String::from_utf8(frame[20..20 + len].to_vec()).unwrap()
}

fn sha1(mut parts: [&str; 4]) -> String {
    parts.sort();
    let digest = Sha1::digest(parts.concat());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the part of an envelope between `before` and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let at = text.find(before).unwrap() + before.len();
    let end = text[at..].find(after).unwrap();
    &text[at..at + end]
}

/// Returns the document of a sealed reply, in either format.
fn open(envelope: &str) -> String {
    let field = |name: &str| match envelope.starts_with('<') {
        true => between(envelope, &format!("<{name}><![CDATA["), "]]>"),
        false => between(envelope, &format!(r#""{name}":""#), "\""),
    };
    let timestamp = match envelope.starts_with('<') {
        true => between(envelope, "<TimeStamp>", "</TimeStamp>"),
        false => between(envelope, r#""TimeStamp":"#, ","),
    };
    // The reply has a fresh timestamp and nonce.
    assert_eq!(timestamp, (NOW + 1).to_string());
    assert_eq!(field("Nonce").len(), 16);
    let signature = sha1([TOKEN, timestamp, field("Nonce"), field("Encrypt")]);
    assert_eq!(field("MsgSignature"), signature);
    decrypt(field("Encrypt"))
}

fn text_push(format: &str, msg_type: &str) -> String {
    match format {
        "xml" => format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
             <MsgType>{msg_type}</MsgType></xml>"
        ),
        _ => format!(r#"{{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"{msg_type}"}}"#),
    }
}

/// The platform, with the envelope in the document's format.
fn platform(document: &str) -> Platform {
    let clear = match document.starts_with('<') {
        true => "<xml></xml>",
        false => "{}",
    };
    let platform = Platform::new(Mode::Secure).appid(APPID).aes_key(OTHER_KEY);
    platform.nonce("0372623149").clear(clear)
}

/// Pushes a document in secure mode and returns the body of the response.
async fn push(keys: CallbackKeys, document: &str, reply: Reply) -> String {
    let handler = handler_fn(move |_: Message| {
        let reply = reply.clone();
        async move { reply }
    });
    let callback = Callback::new(keys.for_app(AppId::new(APPID).unwrap()), handler);
    let callback = callback.clock(ManualClock::at_unix(NOW));
    let mut push = platform(document).push(document);
    let order = ["nonce", "encrypt_type", "msg_signature", "timestamp"];
    let response = push.path("/").order(order).send(&callback).await;
    assert_eq!(response.status(), StatusCode::OK);
    String::from_utf8(response.into_body().into_bytes().into()).unwrap()
}

fn keys() -> CallbackKeys {
    platform("{}").keys()
}

/// Returns the content of a text reply as the platform reads it.
async fn content(format: &str, content: &str) -> String {
    let body = push(keys(), &text_push(format, "text"), Reply::text(content)).await;
    let document = open(&body);
    let message = Message::parse(AppId::new(APPID).unwrap(), document).unwrap();
    assert_eq!(message.to_user_name(), "o1");
    assert_eq!(message.from_user_name(), "gh_1");
    assert_eq!(
        (message.create_time(), message.msg_type()),
        (Some(NOW), "text")
    );
    message.field("Content").unwrap().to_owned()
}

#[tokio::test]
async fn sealed_replies_of_every_length_are_opened_by_another_implementation() {
    for len in 1..=300 {
        for format in ["xml", "json"] {
            let sent: String = "字a".chars().cycle().take(len).collect();
            assert_eq!(content(format, &sent).await, sent);
        }
    }
}

#[test]
fn ciphertexts_of_every_length_are_opened_by_another_implementation() {
    let key = AesKey::parse(OTHER_KEY).unwrap();
    for len in 0..=300 {
        let message = "m".repeat(len);
        assert_eq!(decrypt(&key.encrypt(&message, APPID, [7; 16])), message);
    }
}

#[tokio::test]
async fn characters_that_xml_cannot_hold_are_left_out() {
    for format in ["xml", "json"] {
        for (sent, arrives) in [
            ("a]]>b", "a]]>b"),
            ("]]>]]>", "]]>]]>"),
            ("]]", "]]"),
            ("<b>&amp;", "<b>&amp;"),
            ("a\nb\tc", "a\nb\tc"),
            ("a\0\u{1}\u{8}\u{b}\u{c}\u{e}\u{1d}\u{1f}b", "ab"),
            ("a\u{fffe}\u{ffff}b\u{fffd}", "ab\u{fffd}"),
            ("👨‍👩‍👧\u{10ffff}", "👨‍👩‍👧\u{10ffff}"),
            ("\u{7f}\u{85}", "\u{7f}\u{85}"),
            ("]\u{1}]\u{2}>", "]]>"),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(content(format, sent).await, arrives, "{format} {sent:?}");
        }
    }
    for nothing in ["", "\u{0}\u{ffff}"] {
        let body = push(keys(), &text_push("xml", "text"), Reply::text(nothing)).await;
        assert_eq!(body, "success");
    }
}

#[tokio::test]
async fn a_long_text_is_cut_at_a_character_boundary() {
    for format in ["xml", "json"] {
        for (sent, arrives) in [
            ("x".repeat(2048), "x".repeat(2048)),
            ("x".repeat(2049), "x".repeat(2048)),
            ("十".repeat(683), "十".repeat(682)),
            ("x".repeat(2046) + "👍", "x".repeat(2046)),
            // Characters that are left out do not count towards the limit.
            ("\u{1}".repeat(99) + &"x".repeat(2048), "x".repeat(2048)),
            ("x".repeat(100_000), "x".repeat(2048)),
        ] {
            assert_eq!(content(format, &sent).await, arrives);
        }
    }
    let (reply, rest) = Reply::split_text("x".repeat(2046) + "👍y");
    assert_eq!(reply, Reply::text("x".repeat(2046)));
    assert_eq!(rest.as_deref(), Some("👍y"));
    assert_eq!(Reply::split_text(""), (Reply::text(""), None));
}

#[tokio::test]
async fn articles_are_capped_at_what_the_platform_shows() {
    let news = Reply::news((0..10).map(|index| Article::new(index.to_string(), "u")));
    for (msg_type, count) in [
        ("text", 1),
        ("image", 1),
        ("voice", 1),
        ("video", 1),
        ("shortvideo", 1),
        ("location", 1),
        ("link", 1),
        ("event", 8),
    ] {
        let body = push(keys(), &text_push("xml", msg_type), news.clone()).await;
        let document = open(&body);
        assert!(document.contains(&format!("<ArticleCount>{count}</ArticleCount>")));
        assert_eq!(document.matches("<item>").count(), count, "{msg_type}");
        let body = push(keys(), &text_push("json", msg_type), news.clone()).await;
        let document: serde_json::Value = serde_json::from_str(&open(&body)).unwrap();
        assert_eq!(document["ArticleCount"], count);
        assert_eq!(document["Articles"].as_array().unwrap().len(), count);
    }
}

#[tokio::test]
async fn a_mini_program_reply_is_a_transfer_or_success() {
    let mini = keys().mini_program();
    for format in ["xml", "json"] {
        let document = text_push(format, "text");
        for reply in [
            Reply::none(),
            Reply::text("hi"),
            Reply::image("M"),
            Reply::voice("M"),
            Reply::video(Video::new("M")),
            Reply::music(Music::new("M")),
            Reply::news([Article::new("t", "u")]),
        ] {
            assert_eq!(push(mini.clone(), &document, reply).await, "success");
        }
        let over = Reply::transfer_customer_service();
        let document = open(&push(mini.clone(), &document, over).await);
        let message = Message::parse(AppId::new(APPID).unwrap(), document).unwrap();
        assert_eq!(message.msg_type(), "transfer_customer_service");
        assert_eq!(message.fields().count(), 4);
    }
}

#[tokio::test]
async fn json_replies_have_the_documented_types() {
    let body = push(keys(), &text_push("json", "text"), Reply::text("hi")).await;
    let envelope: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(envelope["TimeStamp"].is_u64() && envelope["Nonce"].is_string());
    let document: serde_json::Value = serde_json::from_str(&open(&body)).unwrap();
    let expected = serde_json::json!({
        "ToUserName": "o1", "FromUserName": "gh_1", "CreateTime": NOW, "MsgType": "text",
        "Content": "hi",
    });
    assert_eq!(document, expected);
}

/// The delivery event, which is answered with a JSON object instead of a message.
fn delivery_push(format: &str) -> String {
    text_push(format, "event").replace(
        match format {
            "xml" => "</xml>",
            _ => "}",
        },
        match format {
            "xml" => "<Event>xpay_goods_deliver_notify</Event></xml>",
            _ => r#","Event":"xpay_goods_deliver_notify"}"#,
        },
    )
}

#[tokio::test]
async fn a_delivery_is_acknowledged_in_the_format_of_the_push() {
    for keys in [keys(), keys().mini_program()] {
        for (format, code, document) in [
            (
                "xml",
                0,
                "<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>",
            ),
            ("json", 0, r#"{"ErrCode":0,"ErrMsg":"success"}"#),
            ("json", -1, r#"{"ErrCode":-1,"ErrMsg":"success"}"#),
        ] {
            let reply = Reply::acknowledged(code, "success");
            let body = push(keys.clone(), &delivery_push(format), reply).await;
            assert_eq!(open(&body), document);
        }
    }
}

#[tokio::test]
async fn a_raw_reply_is_sent_unchanged() {
    let document = "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName>\
        <CreateTime>1767225600</CreateTime><MsgType>transfer_biz_ai_ivr</MsgType></xml>";
    let reply = Reply::raw(document).unwrap();
    for keys in [keys(), keys().mini_program()] {
        let body = push(keys, &text_push("xml", "text"), reply.clone()).await;
        assert_eq!(open(&body), document);
    }
    // The platform could not read a reply in a format other than the push's.
    let body = push(keys(), &text_push("json", "text"), reply).await;
    assert_eq!(body, "success");
    for (broken, why) in [
        ("", "neither XML nor JSON"),
        ("success", "neither XML nor JSON"),
        ("<xml>", "not well-formed"),
        ("{\"a\":", "not well-formed"),
        ("<!DOCTYPE a><xml/>", "not well-formed"),
    ] {
        let error = Reply::raw(broken).unwrap_err();
        assert_eq!(error.to_string(), why, "{broken}");
    }
}

#[tokio::test]
async fn a_long_text_is_cut_before_a_link() {
    let before = "十".repeat(670);
    let text = format!("{before}<a href=\"https://example.com/page\">more</a> and so on");
    for format in ["xml", "json"] {
        assert_eq!(content(format, &text).await, before);
    }
}

#[test]
fn a_reply_round_trips_through_storage() {
    let replies = [
        Reply::none(),
        Reply::from("hi"),
        Reply::from("hi".to_owned()),
        Reply::image("M"),
        Reply::voice("M"),
        Reply::video(Video::new("M").title("t")),
        Reply::music(Music::new("T").music_url("u")),
        Reply::news([Article::new("t", "u")]),
        Reply::transfer_customer_service(),
        Reply::transfer_customer_service_to("a@b"),
        Reply::acknowledged(0, "success"),
        Reply::raw("{}").unwrap(),
    ];
    for reply in replies {
        let stored = serde_json::to_string(&reply).unwrap();
        assert_eq!(serde_json::from_str::<Reply>(&stored).unwrap(), reply);
    }
    assert_eq!(Reply::from("hi").as_text(), Some("hi"));
    assert_eq!(Reply::video("M").media_id(), Some("M"));
    assert_eq!(Reply::news([Article::new("t", "u")]).articles().len(), 1);
    assert!(Reply::none().is_none() && !Reply::text("").is_none());
}
