//! Checks on arbitrary bytes. The fuzz targets in `fuzz/` and the property tests beside this file
//! share these functions. Each takes bytes and panics when a check fails.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aes::Aes256Enc;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::{Signature, sign};
use tower_wechat::callback::{Article, Field, Fields, Format, Music, Recipient, Rejection, Video};
use tower_wechat::{AppId, Body, Callback, CallbackKeys, ManualClock, Message, Reply, handler_fn};

const APPID: &str = "wxba5fad812f8e6fb9";
const TOKEN: &str = "thetoken";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const NOW: u64 = 1_767_225_600;
const PUSHES: [&str; 2] = [
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><MsgType>event</MsgType></xml>",
    r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"event"}"#,
];

fn appid() -> AppId {
    AppId::new(APPID).unwrap()
}

/// Returns the keys of 明文模式, 兼容模式 or 安全模式.
fn recipient(mode: u8) -> Recipient {
    let keys = match mode % 3 {
        0 => CallbackKeys::plaintext(TOKEN),
        1 => CallbackKeys::compatible(TOKEN, AES_KEY),
        _ => CallbackKeys::secure(TOKEN, AES_KEY),
    };
    keys.unwrap().for_app(appid())
}

/// Returns the response of a callback whose handler always replies `reply`. No step waits.
fn exchange(recipient: Recipient, reply: Reply, request: Request<Full<Bytes>>) -> Response<Body> {
    let handler = handler_fn(move |_: Message| std::future::ready(reply.clone()));
    let callback = Callback::new(recipient, handler).clock(ManualClock::at_unix(NOW));
    let mut answer = pin!(callback.oneshot(request));
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(Ok(response)) => response,
        Poll::Pending => panic!("the callback waits for nothing, and did"),
    }
}

fn post(query: &str, body: impl Into<Bytes>) -> Option<Request<Full<Bytes>>> {
    let uri = Uri::try_from(format!("/wxmsg?{query}")).ok()?;
    let request = Request::post(uri).body(Full::new(body.into()));
    Some(request.unwrap())
}

fn text(response: Response<Body>) -> String {
    let mut body = pin!(response.into_body().collect());
    match body.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(body) => String::from_utf8(body.unwrap().to_bytes().into()).unwrap(),
        Poll::Pending => panic!("a body in memory waits"),
    }
}

/// Splits off the first byte, which selects how the others are used.
fn choice(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(choice, rest)| (*choice, rest))
}

/// A request with any query: only a signed query may get anything but a rejection.
pub fn query(data: &[u8]) {
    let Some((choice, query)) = choice(data) else {
        return;
    };
    let Ok(query) = std::str::from_utf8(query) else {
        return;
    };
    let parsed = |query: &str| -> Vec<(String, String)> {
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    };
    let first = |pairs: &[(String, String)], name: &str| {
        let mut found = pairs.iter().filter(|(other, _)| other == name);
        found
            .next()
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let mut query = query.to_owned();
    if choice & 1 == 1 {
        // Sign the query to get past the signature check.
        let pairs = parsed(&query);
        let [timestamp, nonce] = ["timestamp", "nonce"].map(|name| first(&pairs, name));
        query += &format!("&signature={}", sign([TOKEN, &timestamp, &nonce]));
    }
    let Some(mut request) = post(&query, PUSHES[0]) else {
        return;
    };
    let get = choice & 2 == 2;
    if get {
        *request.method_mut() = Method::GET;
    }
    let pairs = parsed(request.uri().query().unwrap_or_default());
    let response = exchange(recipient(choice >> 2), Reply::none(), request);
    let refused = response.body().rejection();
    let (status, answer) = (response.status(), text(response));
    if let Some(rejection) = refused {
        assert_eq!((status, &*answer), (rejection.status(), ""));
        return;
    }
    assert_eq!(status, StatusCode::OK);
    for name in ["signature", "timestamp", "nonce", "echostr", "openid"] {
        let count = pairs.iter().filter(|(other, _)| other == name).count();
        assert!(count <= 1, "{name} came {count} times");
    }
    let [timestamp, nonce] = ["timestamp", "nonce"].map(|name| first(&pairs, name));
    let signature = Signature::parse(&first(&pairs, "signature"));
    assert_eq!(signature, Some(sign([TOKEN, &timestamp, &nonce])));
    assert!(timestamp.parse::<u64>().unwrap().abs_diff(NOW) <= 600);
    let expected = if get {
        first(&pairs, "echostr")
    } else {
        "success".into()
    };
    assert_eq!(answer, expected);
}

/// Any text as an XML document, which must read the same after it is written again.
pub fn xml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(message) = document(text).filter(|message| message.format() == Format::Xml) else {
        return;
    };
    // A repeated text element of a user is one text.
    if message.field("MsgType").is_some() {
        return;
    }
    let mut anew = String::from("<xml>");
    if write(message.fields(), &mut anew).is_some() {
        let again = Message::parse(appid(), anew + "</xml>").unwrap();
        assert_eq!(show(again.fields()), show(message.fields()));
    }
}

/// Any text inside an XML document. A flat document is read without a parser. A declaration in
/// front forces the parser, and the result must be the same.
pub fn flat(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for plain in [format!("<xml>{text}</xml>"), format!("<xml>{text}")] {
        let read = |text: String| {
            let message = Message::parse(appid(), text);
            message.map(|message| show(message.fields()))
        };
        assert_eq!(
            read(plain.clone()),
            read(format!("<?xml version=\"1.0\"?>{plain}"))
        );
    }
}

/// Any bytes as a user's text: they are read unchanged, and no other field changes.
pub fn typed(data: &[u8]) {
    let Some((&kind, typed)) = data.split_first() else {
        return;
    };
    let (before, name, after) = match kind % 3 {
        0 => ("<MsgType>text</MsgType>", "Content", "<MsgId>9</MsgId>"),
        1 => (
            "<MsgType>event</MsgType><Event>SCAN</Event>",
            "EventKey",
            "<Ticket><![CDATA[9]]></Ticket>",
        ),
        _ => (
            "<MsgType>link</MsgType><Title><![CDATA[t]]></Title>",
            "Url",
            "<MsgId>9</MsgId>",
        ),
    };
    let before = format!("<xml><FromUserName>o1</FromUserName>{before}<{name}><![CDATA[");
    let after = format!("]]></{name}>{after}</xml>");
    let document = [before.as_bytes(), typed, after.as_bytes()].concat();
    let message = Message::parse_bytes(appid(), document.clone()).unwrap();
    assert_eq!(message.raw_bytes(), document);
    let typed = String::from_utf8_lossy(typed).replace("]]]]><![CDATA[>", "]]>");
    assert_eq!(message.field(name), Some(&*typed));
    assert_eq!(message.from_user_name(), "o1");
    let plain = [before.as_bytes(), b"a", after.as_bytes()].concat();
    let plain = Message::parse_bytes(appid(), plain).unwrap();
    let others = |message: &Message| {
        let fields = message.fields().filter(|field| field.name() != name);
        let shown = fields.map(|field| format!("{}={}", field.name(), field.text()));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(others(&message), others(&plain));
}

/// Writes elements with plain names, and returns `None` on other names.
fn write(fields: Fields<'_>, to: &mut String) -> Option<()> {
    for field in fields {
        let name = field.name();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let text = field.text().replace("]]>", "]]]]><![CDATA[>");
        *to += &format!("<{name}><![CDATA[{text}]]>");
        write(field.children(), to)?;
        *to += &format!("</{name}>");
    }
    Some(())
}

fn show(fields: Fields<'_>) -> Vec<String> {
    let shown = fields.map(|field| {
        let (name, text) = (field.name(), field.text());
        format!("{name}={text:?} {:?}", show(field.children()))
    });
    shown.collect()
}

/// Any text as a JSON document, which must read as serde_json reads it, where serde_json can.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(message) = document(text) else {
        return;
    };
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text) else {
        return;
    };
    for (name, value) in object {
        // Of two fields of one name the crate takes the first, and serde_json takes the last.
        let dedup = message
            .fields()
            .filter(|field| field.name() == name)
            .count()
            == 1;
        if let (true, serde_json::Value::String(value)) = (dedup, value) {
            assert_eq!(message.field(&name), Some(&*value));
        }
    }
}

/// Reads a text as a push in every mode. Text that is not a document must be rejected by the
/// callback as well.
fn document(text: &str) -> Option<Message> {
    let message = Message::parse(appid(), text.to_owned()).ok();
    let signature = sign([TOKEN, &NOW.to_string(), "n"]);
    let query = format!("signature={signature}&timestamp={NOW}&nonce=n");
    let request = post(&query, text.to_owned())?;
    let response = exchange(recipient(0), Reply::text("hi"), request);
    let refused = response.body().rejection();
    let Some(message) = message else {
        let expected = [Rejection::Malformed, Rejection::BodyTooLarge];
        assert!(
            refused.is_some_and(|it| expected.contains(&it)),
            "{refused:?}"
        );
        return None;
    };
    assert_eq!(message.raw(), text);
    let nodes = walk(message.fields(), 0);
    assert!(nodes <= 2048, "{nodes} elements");
    let _ = format!("{message:?} {:?} {:?}", message.event(), message.fields());
    let _ = (
        message.create_time(),
        message.msg_id(),
        message.msg_id_u64(),
    );
    if refused.is_none() {
        let reply = self::text(response);
        let shows = !message.from_user_name().is_empty() && !message.to_user_name().is_empty();
        if shows && let Ok(reply) = Message::parse(appid(), reply.clone()) {
            assert_eq!(reply.to_user_name(), legal(message.from_user_name()));
            assert_eq!(reply.field("Content"), Some("hi"));
        } else {
            assert_eq!(reply, "success");
        }
    }
    Some(message)
}

fn walk(fields: Fields<'_>, depth: usize) -> usize {
    assert!(depth <= 17, "too deep");
    fields
        .map(|field| {
            assert!(field.field("\u{0}none").is_none());
            let _ = (field.name().len(), field.text().len());
            1 + walk(field.children(), depth + 1)
        })
        .sum()
}

/// Any text as a ciphertext, any bytes inside a genuine one, and any damage to a genuine one.
pub fn decrypt(data: &[u8]) {
    let Some((choice, data)) = choice(data) else {
        return;
    };
    let key = AesKey::parse(AES_KEY).unwrap();
    let encrypt = match choice % 4 {
        0 => match std::str::from_utf8(data) {
            Ok(text) => text.to_owned(),
            Err(_) => return,
        },
        1 => STANDARD.encode(data),
        // An arbitrary frame of whole blocks.
        2 => {
            let whole = data.len() - data.len() % 16;
            let encrypt = encrypted(&data[..whole]);
            let expected = opened(&data[..whole]);
            let decrypted = key.decrypt(&encrypt).ok();
            let parts = decrypted.map(|it| (it.message, it.appid));
            assert_eq!(parts, expected);
            encrypt
        }
        _ => {
            let whole = key.encrypt(PUSHES[0], APPID, [7; 16]);
            let mut bytes = STANDARD.decode(&whole).unwrap();
            let changes = data.chunks_exact(2);
            for change in changes {
                let at = usize::from(change[0]) % bytes.len();
                bytes[at] ^= change[1];
            }
            STANDARD.encode(&bytes)
        }
    };
    let decrypted = key.decrypt(&encrypt);
    // Signed, so that the callback decrypts it.
    let timestamp = NOW.to_string();
    let signature = sign([TOKEN, &timestamp, "n"]);
    let msg_signature = sign([TOKEN, &timestamp, "n", &encrypt]);
    let query = format!(
        "signature={signature}&timestamp={NOW}&nonce=n&encrypt_type=aes&msg_signature={msg_signature}"
    );
    let Some(request) = post(
        &query,
        format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"),
    ) else {
        return;
    };
    let response = exchange(recipient(choice >> 4), Reply::none(), request);
    // Bytes that are not UTF-8 cannot be a `String`, but are accepted as a push.
    if response.status() == StatusCode::OK
        && let Ok(decrypted) = decrypted
    {
        assert_eq!(decrypted.appid, APPID);
    }
}

/// Encrypts `frame` without adding a header or padding.
fn encrypted(frame: &[u8]) -> String {
    let key = STANDARD.decode(format!("{AES_KEY}=")).or_else(|_| {
        // The last character of a key has unused bits.
        STANDARD.decode(format!("{}E=", &AES_KEY[..42]))
    });
    let key: [u8; 32] = key.unwrap().try_into().unwrap();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let mut bytes = frame.to_vec();
    let cipher = cbc::Encryptor::<Aes256Enc>::new(&key.into(), &iv.into());
    let len = bytes.len();
    let encrypted = cipher.encrypt_padded::<NoPadding>(&mut bytes, len).unwrap();
    STANDARD.encode(encrypted)
}

/// Opens a frame as documented, without any optimization.
fn opened(frame: &[u8]) -> Option<(String, String)> {
    let pad = usize::from(*frame.last()?);
    let unpadded = frame
        .len()
        .checked_sub(pad)
        .filter(|_| (1..=32).contains(&pad))?;
    if frame[unpadded..]
        .iter()
        .any(|byte| usize::from(*byte) != pad)
    {
        return None;
    }
    let content = frame[..unpadded].get(16..)?;
    let len = u32::from_be_bytes(content.get(..4)?.try_into().unwrap()) as usize;
    let message = content[4..].get(..len)?;
    let appid = &content[4 + len..];
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some((text(message)?, text(appid)?))
}

/// Any reply, in both formats and every mode, must read back unchanged.
pub fn reply(data: &[u8]) {
    let Some((choice, data)) = choice(data) else {
        return;
    };
    let given = String::from_utf8_lossy(data).into_owned();
    let mut parts = given.splitn(3, '\u{0}').map(str::to_owned);
    let [first, second, third] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let (kind, path) = match choice % 8 {
        0 => (Reply::text(&*first), "Content"),
        1 => (Reply::image(&*first), "Image/MediaId"),
        2 => (Reply::voice(&*first), "Voice/MediaId"),
        3 => (
            Reply::video(Video::new(&*first).title(&*second).description(&*third)),
            "Video/MediaId",
        ),
        4 => (
            Reply::music(Music::new(&*first).title(&*second).music_url(&*third)),
            "Music/ThumbMediaId",
        ),
        5 => (
            Reply::news([Article::new(&*first, &*second).description(&*third)]),
            "Articles",
        ),
        6 => (
            Reply::transfer_customer_service_to(&*first),
            "TransInfo/KfAccount",
        ),
        _ => (Reply::transfer_customer_service(), "MsgType"),
    };
    let mode = choice >> 3;
    let push = PUSHES[usize::from(choice >> 6) % 2];
    let answer = answered(mode, push, kind);
    if answer == "success" {
        return assert!(legal(&first).is_empty(), "a reply was lost: {first:?}");
    }
    let document = opened_reply(mode, answer);
    assert_eq!(document.to_user_name(), "o1");
    assert_eq!(document.from_user_name(), "gh_1");
    assert_eq!(document.create_time(), Some(NOW));
    let found = path.split('/').try_fold(None, |parent: Option<_>, name| {
        let fields = match &parent {
            None => document.fields(),
            Some(parent) => Field::children(parent),
        };
        fields
            .into_iter()
            .find(|field| field.name() == name)
            .map(Some)
    });
    let Some(Some(found)) = found else {
        panic!("no {path}: {}", document.raw());
    };
    // The platform's limit may cut a longer text.
    let meant = legal(&first);
    match choice % 8 {
        5 | 7 => {}
        _ if meant.len() > 512 => assert!(meant.starts_with(found.text())),
        _ => assert_eq!(found.text(), meant),
    }
}

/// Returns the callback's response to a push.
fn answered(mode: u8, push: &str, reply: Reply) -> String {
    let timestamp = NOW.to_string();
    let signature = sign([TOKEN, &timestamp, "n"]);
    let mut query = format!("signature={signature}&timestamp={NOW}&nonce=n");
    let mut body = push.to_owned();
    if !mode.is_multiple_of(3) {
        let key = AesKey::parse(AES_KEY).unwrap();
        let encrypt = key.encrypt(push, APPID, [7; 16]);
        let msg_signature = sign([TOKEN, &timestamp, "n", &encrypt]);
        query += &format!("&encrypt_type=aes&msg_signature={msg_signature}");
        body = format!(r#"{{"Encrypt":"{encrypt}"}}"#);
    }
    let response = exchange(recipient(mode), reply, post(&query, body).unwrap());
    assert_eq!(response.status(), StatusCode::OK);
    text(response)
}

/// Returns the document of a reply, verified and decrypted.
fn opened_reply(mode: u8, answer: String) -> Message {
    let outer = Message::parse(appid(), answer).unwrap();
    if mode.is_multiple_of(3) {
        return outer;
    }
    let field = |name| outer.field(name).unwrap();
    let encrypt = field("Encrypt");
    let signature = sign([TOKEN, field("TimeStamp"), field("Nonce"), encrypt]);
    assert_eq!(Signature::parse(field("MsgSignature")), Some(signature));
    let decrypted = AesKey::parse(AES_KEY).unwrap().decrypt(encrypt).unwrap();
    assert_eq!(decrypted.appid, APPID);
    Message::parse(appid(), decrypted.message).unwrap()
}

/// Returns the text without the characters that XML 1.0 cannot hold.
fn legal(text: &str) -> String {
    let illegal = |character: char| {
        matches!(character, '\u{fffe}' | '\u{ffff}')
            || character < ' ' && !matches!(character, '\t' | '\n' | '\r')
    };
    text.chars()
        .filter(|&character| !illegal(character))
        .collect()
}
