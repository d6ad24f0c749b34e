//! Trait implementations for storing, comparing and deserializing public types.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tower::ServiceExt;
use tower_wechat::api::miniprogram::phone::PhoneCode;
use tower_wechat::api::miniprogram::session::LoginCode;
use tower_wechat::api::oauth::Profile;
use tower_wechat::api::qrcode::Ticket;
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::callback::{Format, Mode, Rejection};
use tower_wechat::oauth::SignedIn;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::scan_login::ScannedUser;
use tower_wechat::{
    AppConfig, AppId, ErrCode, Error, ErrorClass, ErrorKind, ManualClock, Message, Reply, Secret,
    TokenGrant, Wechat, handler_fn,
};

use crate::callback::support::{AES_KEY, NOW, OTHER_KEY, Platform, document, text_fields};

fn assert_serde<T: Serialize + DeserializeOwned + Debug + Clone>() {}
fn assert_eq_debug<T: Debug + Clone + PartialEq>() {}
fn assert_hash<T: Debug + Clone + Eq + Hash>() {}
fn assert_from_str<T: std::str::FromStr>() {}
fn assert_from_string<T: From<String> + for<'a> From<&'a str>>() {}

#[test]
fn types_implement_the_traits_of_their_uses() {
    assert_serde::<AppId>();
    assert_serde::<Message>();
    assert_serde::<Mode>();
    assert_serde::<Profile>();
    assert_serde::<Reply>();
    assert_serde::<ScannedUser>();
    assert_serde::<Ticket>();
    assert_serde::<TokenGrant>();
    fn assert_serialize<T: Serialize + Debug + Clone>() {}
    assert_serialize::<SignedIn>();
    assert_eq_debug::<Profile>();
    assert_eq_debug::<Reply>();
    assert_eq_debug::<ScannedUser>();
    assert_eq_debug::<Ticket>();
    assert_hash::<AppId>();
    assert_hash::<ErrorClass>();
    assert_hash::<ErrCode>();
    assert_hash::<ErrorKind>();
    assert_hash::<Format>();
    assert_hash::<Mode>();
    assert_hash::<DedupKey>();
    assert_from_str::<AppId>();
    assert_from_str::<Mode>();
    assert_from_string::<LoginCode>();
    assert_from_string::<PhoneCode>();
    assert_from_string::<Reply>();
    assert_from_string::<Secret>();
}

#[test]
fn names_are_read_from_text() {
    assert_eq!("wx1".parse::<AppId>().unwrap().as_str(), "wx1");
    assert_eq!("wx 1".parse::<AppId>().unwrap_err().field(), Some("appid"));
    for (text, mode) in [
        ("plaintext", Mode::Plaintext),
        ("compatible", Mode::Compatible),
        ("secure", Mode::Secure),
    ] {
        assert_eq!(text.parse::<Mode>().unwrap(), mode);
        assert_eq!(serde_json::to_value(mode).unwrap(), text);
    }
    assert_eq!("Secure".parse::<Mode>().unwrap_err().field(), Some("mode"));
}

#[tokio::test]
async fn an_app_is_read_from_a_settings_file() {
    let app = json!({
        "appid": "wx1", "secret": "s3cr3t", "token_grant": "classic",
        "callback": {
            "token": "thetoken", "previous_token": "theoldtoken", "aes_key": AES_KEY,
            "previous_aes_key": OTHER_KEY, "mode": "secure", "mini_program": true,
        },
    });
    let config: AppConfig = serde_json::from_value(app.clone()).unwrap();
    let assert_serialize = format!("{config:?}");
    for secret in ["s3cr3t", "thetoken", "theoldtoken", AES_KEY, OTHER_KEY] {
        assert!(!assert_serialize.contains(secret), "{assert_serialize}");
    }
    let sandbox = Sandbox::with_clock(ManualClock::at_unix(NOW));
    let wechat = Wechat::builder().transport(sandbox.clone()).app(config);
    let wechat = wechat.clock(ManualClock::at_unix(NOW)).build().unwrap();
    // The sandbox does not know the app; the call uses the classic grant.
    wechat.app("wx1").unwrap().token().await.unwrap_err();
    let grants = ["/cgi-bin/token", "/cgi-bin/stable_token"].map(|path| sandbox.calls(path));
    assert_eq!(grants, [1, 0]);
    let routes = wechat
        .routes()
        .on_message(handler_fn(|_: Message| async { "hello" }));
    let secure = Platform::new(Mode::Secure).appid("wx1");
    for (platform, rejection) in [
        (secure.clone(), None),
        (secure.clone().token("theoldtoken").aes_key(OTHER_KEY), None),
        (
            secure.clone().token("anothertoken"),
            Some(Rejection::Signature),
        ),
        (
            secure.clone().aes_key("a".repeat(43)),
            Some(Rejection::Undecryptable),
        ),
        (
            Platform::new(Mode::Plaintext),
            Some(Rejection::NotEncrypted),
        ),
    ] {
        let push = platform.push(&document(&text_fields(1)));
        let response = routes.clone().oneshot(push.request()).await.unwrap();
        assert_eq!(response.body().rejection(), rejection);
        if rejection.is_none() {
            // Users of a mini-program see no reply.
            assert_eq!(response.into_body().into_bytes(), "success");
        }
    }

    let wrong = |path: &str, value: serde_json::Value| {
        let mut app = app.clone();
        *app.pointer_mut(path).unwrap() = value;
        serde_json::from_value::<AppConfig>(app)
            .unwrap_err()
            .to_string()
    };
    for (path, value, told) in [
        ("/appid", json!("wx 1"), "must be 1 to 64 letters, digits, "),
        (
            "/callback/aes_key",
            json!("short"),
            "aes_key must be 43 letters and digits (it has 5 bytes)",
        ),
        (
            "/callback/aes_key",
            json!(null),
            "aes_key is missing: this mode requires it",
        ),
        (
            "/callback/mode",
            json!("plaintext"),
            "mode is plaintext although there is an aes_key",
        ),
        (
            "/callback/token",
            json!(""),
            "token must be 1 to 64 printable ASCII characters without spaces (it has 0 bytes)",
        ),
        (
            "/token_grant",
            json!("other"),
            "unknown variant `other`, expected `stable` or `classic`",
        ),
    ] {
        let error = wrong(path, value);
        assert!(
            error.starts_with(told) && !error.contains("s3cr3t"),
            "{error}"
        );
    }
    let unknown = json!({"appid": "wx1", "secret": "s", "x": 1});
    let error = serde_json::from_value::<AppConfig>(unknown).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown field `x`, expected one of `appid`, `secret`, `token_grant`, `callback`"
    );
}

#[test]
fn an_error_has_an_http_status() {
    let error = Error::input("scene", "is too long");
    assert_eq!(error.status().as_u16(), 400);
    let error = Error::transport(ErrorKind::Timeout, "late");
    assert_eq!(error.status().as_u16(), 504);
}
