//! Published samples of the platform and of other SDKs, computed and verified.

use std::sync::{Arc, Mutex};

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::{Signature, sign};
use tower_wechat::callback::{Format, Mode, Rejection};
use tower_wechat::{AppId, Body, Callback, CallbackKeys, ManualClock, Message, handler_fn};

use super::support::{Platform, Push};

fn group(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../vectors/vectors.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {}", vector["id"]))
}

fn verifies(hex: &str, signature: Signature) -> bool {
    Signature::parse(hex) == Some(signature)
}

fn random(vector: &Value) -> [u8; 16] {
    text(vector, "random_16").as_bytes().try_into().unwrap()
}

fn clock(vector: &Value) -> ManualClock {
    ManualClock::at_unix(text(vector, "timestamp").parse().unwrap())
}

#[test]
fn plain_signatures() {
    let vectors = group("plain_signature");
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let [token, timestamp, nonce] =
            ["token", "timestamp", "nonce"].map(|name| text(&vector, name));
        let signature = sign([nonce, token, timestamp]);
        assert_eq!(signature.to_string(), text(&vector, "signature"));
        assert!(verifies(text(&vector, "signature"), signature));
        assert!(!verifies(
            text(&vector, "signature"),
            sign(["", timestamp, nonce])
        ));
    }
}

#[test]
fn message_signatures() {
    let groups = ["encrypted_message", "msg_signature_only"].map(group);
    for vector in groups.iter().flatten() {
        let [token, timestamp, nonce, encrypt] =
            ["token", "timestamp", "nonce", "encrypt"].map(|name| text(vector, name));
        let signature = sign([token, timestamp, nonce, encrypt]);
        assert_eq!(signature.to_string(), text(vector, "msg_signature"));
        assert!(verifies(text(vector, "msg_signature"), signature));
        let changed = encrypt.replacen('A', "B", 1);
        assert!(!verifies(
            text(vector, "msg_signature"),
            sign([token, timestamp, nonce, &changed])
        ));
    }
}

#[test]
fn ciphertexts() {
    let vectors = group("encrypted_message");
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let key = AesKey::parse(text(&vector, "encoding_aes_key")).unwrap();
        let decrypted = key.decrypt(text(&vector, "encrypt")).unwrap();
        assert_eq!(decrypted.message, text(&vector, "decrypted"));
        assert_eq!(decrypted.appid, text(&vector, "appid"));
        assert_eq!(decrypted.message.len() as u64, vector["msg_len"]);
        let encrypt = key.encrypt(&decrypted.message, &decrypted.appid, random(&vector));
        assert_eq!(encrypt, text(&vector, "encrypt"));
    }
    for vector in group("encrypted_reply")
        .iter()
        .chain(&group("encrypt_deterministic"))
    {
        let key = AesKey::parse(text(vector, "encoding_aes_key")).unwrap();
        let [plaintext, appid, encrypt] =
            ["plaintext", "appid", "encrypt"].map(|name| text(vector, name));
        assert_eq!(key.encrypt(plaintext, appid, random(vector)), encrypt);
        let decrypted = key.decrypt(encrypt).unwrap();
        assert_eq!((&*decrypted.message, &*decrypted.appid), (plaintext, appid));
    }
    for vector in group("url_verification_encrypted_echostr_wecom") {
        let key = AesKey::parse(text(&vector, "encoding_aes_key")).unwrap();
        let decrypted = key.decrypt(text(&vector, "echostr")).unwrap();
        assert_eq!(decrypted.message, text(&vector, "decrypted_echostr"));
    }
}

#[test]
fn reply_signatures() {
    for vector in group("encrypted_reply") {
        let timestamp = match &vector["timestamp"] {
            Value::String(timestamp) => timestamp.clone(),
            number => number.to_string(),
        };
        let [token, nonce, encrypt] = ["token", "nonce", "encrypt"].map(|name| text(&vector, name));
        let signature = sign([token, &timestamp, nonce, encrypt]);
        assert!(verifies(text(&vector, "msg_signature"), signature));
    }
}

/// Returns the body of a vector.
fn body(vector: &Value) -> &str {
    text(vector, "body")
}

/// Sends a push to a new callback and returns the message the handler received.
async fn post(
    vector: &Value,
    keys: CallbackKeys,
    push: &Push,
) -> (Response<Body>, Option<Message>) {
    let received = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&received);
    let handler = handler_fn(move |message: Message| {
        slot.lock().unwrap().replace(message);
        async {}
    });
    let appid = vector["appid"].as_str().unwrap_or("wx0000000000000001");
    let recipient = keys.for_app(AppId::new(appid).unwrap());
    let callback = Callback::new(recipient, handler).clock(clock(vector));
    let response = push.send(&callback).await;
    let message = received.lock().unwrap().take();
    (response, message)
}

/// Returns the platform of a vector.
fn platform(mode: Mode, vector: &Value) -> Platform {
    let [token, timestamp, nonce] = ["token", "timestamp", "nonce"].map(|name| text(vector, name));
    let platform = Platform::new(mode).token(token);
    platform.timestamp(timestamp).nonce(nonce)
}

/// Returns the push that carries a vector.
fn encrypted(vector: &Value) -> Push {
    let mut push = platform(Mode::Secure, vector).openid("o1").push("");
    if let Some(published) = vector["signature"].as_str() {
        assert_eq!(published, push.get("signature"));
    }
    push.set("msg_signature", text(vector, "msg_signature"))
        .body(body(vector));
    push
}

#[tokio::test]
async fn encrypted_messages_are_accepted() {
    for vector in group("encrypted_message") {
        let [token, key] = ["token", "encoding_aes_key"].map(|name| text(&vector, name));
        for keys in [
            CallbackKeys::secure(token, key),
            CallbackKeys::compatible(token, key),
        ] {
            let (response, message) = post(&vector, keys.unwrap(), &encrypted(&vector)).await;
            assert_eq!(response.status(), StatusCode::OK, "{}", vector["id"]);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "success");
            let message = message.unwrap();
            assert_eq!(message.raw(), text(&vector, "decrypted"));
            let json = message.format() == Format::Json;
            assert_eq!(json, text(&vector, "format") == "json");
            assert!(!message.from_user_name().is_empty());
            let number = message.field("CreateTime").unwrap();
            assert_eq!(message.create_time().unwrap().to_string(), number);
        }
    }
}

#[tokio::test]
async fn a_changed_ciphertext_is_rejected() {
    for vector in group("encrypted_message") {
        let [token, key] = ["token", "encoding_aes_key"].map(|name| text(&vector, name));
        let keys = CallbackKeys::secure(token, key).unwrap();
        let mut push = encrypted(&vector);
        let encrypt = text(&vector, "encrypt");
        let changed = match encrypt.strip_prefix('A') {
            Some(rest) => format!("B{rest}"),
            None => format!("A{}", &encrypt[1..]),
        };
        push.body(body(&vector).replace(encrypt, &changed));
        let (response, message) = post(&vector, keys, &push).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{}", vector["id"]);
        assert_eq!(response.body().rejection(), Some(Rejection::MsgSignature));
        assert!(message.is_none());
    }
}

#[tokio::test]
async fn plain_messages_are_accepted() {
    let vectors = group("plain_signature");
    for vector in vectors.iter().filter(|vector| vector["body"].is_string()) {
        let platform = platform(Mode::Plaintext, vector);
        let mut push = platform.push(body(vector));
        push.set("signature", text(vector, "signature"));
        let (response, message) = post(vector, platform.keys(), &push).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(message.unwrap().field("debug_str"), Some("hello world"));
    }
}

#[tokio::test]
async fn urls_are_verified() {
    let vectors = group("plain_signature");
    for vector in vectors
        .iter()
        .filter(|vector| vector["echostr"].is_string())
    {
        let platform = platform(Mode::Plaintext, vector).appid("wx1");
        let callback = platform.callback(handler_fn(|_| async {}));
        let echostr = text(vector, "echostr");
        let mut echo = platform.echo(echostr);
        echo.set("signature", text(vector, "signature")).path("/");
        let response = echo.send(&callback.clock(clock(vector))).await;
        assert_eq!(response.into_body().into_bytes(), echostr);
    }
}
