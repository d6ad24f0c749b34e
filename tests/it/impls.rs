//! What hosts store, compare and read from their own files.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tower_wechat::api::miniprogram::phone::PhoneCode;
use tower_wechat::api::miniprogram::session::LoginCode;
use tower_wechat::api::oauth::Profile;
use tower_wechat::api::qrcode::Ticket;
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::callback::{Format, Mode};
use tower_wechat::oauth::SignedIn;
use tower_wechat::scan_login::ScannedUser;
use tower_wechat::{
    AppConfig, AppId, ErrCode, Error, ErrorClass, ErrorKind, Message, Reply, Secret, TokenGrant,
    Wechat,
};

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

#[test]
fn an_app_is_read_from_a_settings_file() {
    let key = "a".repeat(43);
    let app = json!({
        "appid": "wx1", "secret": "s3cr3t", "token_grant": "classic",
        "callback": {
            "token": "thetoken", "previous_token": "theoldtoken", "aes_key": key,
            "previous_aes_key": key, "mode": "secure", "mini_program": true,
        },
    });
    let config: AppConfig = serde_json::from_value(app.clone()).unwrap();
    assert!(!format!("{config:?}").contains("s3cr3t") && !format!("{config:?}").contains(&key));
    let wechat = Wechat::builder().app(config).build().unwrap();
    assert!(wechat.app("wx1").is_ok());

    let wrong = |path: &str, value: serde_json::Value| {
        let mut app = app.clone();
        *app.pointer_mut(path).unwrap() = value;
        serde_json::from_value::<AppConfig>(app)
            .unwrap_err()
            .to_string()
    };
    for (path, value, told) in [
        ("/appid", json!("wx 1"), "letters"),
        ("/callback/aes_key", json!("short"), "aes_key"),
        ("/callback/aes_key", json!(null), "aes_key"),
        ("/callback/mode", json!("plaintext"), "mode"),
        ("/callback/token", json!(""), "token"),
        ("/token_grant", json!("other"), "unknown variant"),
    ] {
        let error = wrong(path, value);
        assert!(error.contains(told) && !error.contains("s3cr3t"), "{error}");
    }
    assert!(
        serde_json::from_value::<AppConfig>(json!({"appid": "wx1", "secret": "s", "x": 1}))
            .is_err()
    );
}

#[test]
fn an_error_has_a_status_for_a_hosts_own_answer() {
    let error = Error::input("scene", "is too long");
    assert_eq!(error.status().as_u16(), 400);
    let error = Error::transport(ErrorKind::Timeout, "late");
    assert_eq!(error.status().as_u16(), 504);
}
