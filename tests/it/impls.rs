//! What hosts store, compare and read from their own files.

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

fn stored<T: Serialize + DeserializeOwned + Debug + Clone>() {}
fn compared<T: Debug + Clone + PartialEq>() {}
fn keyed<T: Debug + Clone + Eq + Hash>() {}
fn read_from_text<T: std::str::FromStr>() {}
fn made_of_text<T: From<String> + for<'a> From<&'a str>>() {}

#[test]
fn types_do_what_a_host_needs() {
    stored::<AppId>();
    stored::<Message>();
    stored::<Mode>();
    stored::<Profile>();
    stored::<Reply>();
    stored::<ScannedUser>();
    stored::<Ticket>();
    stored::<TokenGrant>();
    fn shown<T: Serialize + Debug + Clone>() {}
    shown::<SignedIn>();
    compared::<Profile>();
    compared::<Reply>();
    compared::<ScannedUser>();
    compared::<Ticket>();
    keyed::<AppId>();
    keyed::<ErrorClass>();
    keyed::<ErrCode>();
    keyed::<ErrorKind>();
    keyed::<Format>();
    keyed::<Mode>();
    keyed::<DedupKey>();
    read_from_text::<AppId>();
    read_from_text::<Mode>();
    made_of_text::<LoginCode>();
    made_of_text::<PhoneCode>();
    made_of_text::<Reply>();
    made_of_text::<Secret>();
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
    let shown = format!("{config:?}");
    for secret in ["s3cr3t", "thetoken", "theoldtoken", AES_KEY, OTHER_KEY] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let sandbox = Sandbox::with_clock(ManualClock::at_unix(NOW));
    let wechat = Wechat::builder().transport(sandbox.clone()).app(config);
    let wechat = wechat.clock(ManualClock::at_unix(NOW)).build().unwrap();
    // The sandbox does not know the app, and is asked in the classic way.
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
            // The users of a mini-program see no reply.
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
fn an_error_has_a_status_for_a_hosts_own_answer() {
    let error = Error::input("scene", "is too long");
    assert_eq!(error.status().as_u16(), 400);
    let error = Error::transport(ErrorKind::Timeout, "late");
    assert_eq!(error.status().as_u16(), 504);
}
