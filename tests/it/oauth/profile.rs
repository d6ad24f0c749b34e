//! Profile responses: nicknames as users type them, and responses that are not profiles.

use bytes::Bytes;
use http::Response;
use tower_wechat::api::oauth::{ExchangeCode, GetUserInfo, Profile};
use tower_wechat::{ErrCode, Error, ErrorClass, ErrorKind};

use super::sandbox;
use crate::miniprogram::typed;
use crate::support::{code, json, status};

const USERINFO: &str = "/sns/userinfo";

/// Returns the profile that the client reads from this response, retries included.
async fn read(answer: Response<Bytes>) -> Result<Profile, Error> {
    let (sandbox, app) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let token = app.call(ExchangeCode::new(code)).await.unwrap();
    for _ in 0..3 {
        sandbox.answer_next(USERINFO, answer.clone());
    }
    app.call(GetUserInfo::new(&token)).await
}

async fn profile(body: impl Into<Bytes>) -> Profile {
    read(json(body)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_nickname_with_emoji_and_joiners_is_kept() {
    let raw = r#"{"openid":"o1","nickname":"🐠 👨‍👩‍👧"}"#;
    assert_eq!(profile(raw).await.nickname, "🐠 👨‍👩‍👧");
    let escaped = r#"{"openid":"o1","nickname":"\ud83d\udc20"}"#;
    assert_eq!(profile(escaped).await.nickname, "🐠");
}

#[tokio::test(start_paused = true)]
async fn raw_control_characters_in_a_nickname_are_read_as_spaces() {
    let body = Bytes::from_static(b"{\"openid\":\"o1\",\"nickname\":\"a\x08b\x14c\"}");
    assert_eq!(profile(body).await.nickname, "a b c");
}

#[tokio::test(start_paused = true)]
async fn broken_utf8_in_a_nickname_is_replaced() {
    let body = Bytes::from_static(b"{\"openid\":\"o1\",\"nickname\":\"\xc4\xe3\xba\xc3\"}");
    assert_eq!(profile(body).await.nickname, "\u{fffd}\u{fffd}\u{fffd}");
}

#[tokio::test(start_paused = true)]
async fn null_and_empty_fields_are_none() {
    let body = r#"{"openid":"o1","nickname":null,"headimgurl":"","unionid":"","privilege":null}"#;
    let profile = profile(body).await;
    assert_eq!(profile.nickname, "");
    assert_eq!((profile.headimgurl, profile.unionid), (None, None));
}

#[tokio::test(start_paused = true)]
async fn escaped_slashes_in_a_url_are_slashes() {
    let body = r#"{"openid":"o1","headimgurl":"http:\/\/thirdwx.qlogo.cn\/1\/0"}"#;
    let picture = profile(body).await.headimgurl;
    assert_eq!(picture.as_deref(), Some("http://thirdwx.qlogo.cn/1/0"));
}

#[tokio::test(start_paused = true)]
async fn numbers_as_strings_and_unknown_fields_are_accepted() {
    let body = r#"{"openid":"o1","nickname":"x","sex":"1","new_field":{"a":[1]}}"#;
    let profile = profile(body).await;
    assert_eq!((profile.nickname.as_str(), profile.sex), ("x", 1));
}

#[tokio::test(start_paused = true)]
async fn an_errcode_of_zero_beside_a_profile_is_success() {
    let body = r#"{"openid":"o1","nickname":"x","errcode":0,"errmsg":"ok"}"#;
    assert_eq!(profile(body).await.nickname, "x");
    let body = r#"{"openid":"o1","nickname":"x","errcode":"0","errmsg":"ok"}"#;
    assert_eq!(profile(body).await.nickname, "x");
}

#[tokio::test(start_paused = true)]
async fn an_errcode_that_is_a_string_is_an_error() {
    let body = r#"{"errcode":"40003","errmsg":"invalid openid rid: 1-2-3"}"#;
    let error = read(json(body)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_OPENID));
    assert_eq!(error.kind(), ErrorKind::Platform);
    assert_eq!(
        (error.class(), error.rid()),
        (ErrorClass::Input, Some("1-2-3"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_with_an_image_content_type_is_an_error() {
    let body = r#"{"errcode":48001,"errmsg":"api unauthorized rid: 1-2-3"}"#;
    let error = read(typed("image/jpeg", body)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::API_UNAUTHORIZED));
    assert_eq!(error.class(), ErrorClass::Permission);
}

#[tokio::test(start_paused = true)]
async fn an_html_page_is_a_transient_gateway_error() {
    let page = "<html><body>busy</body></html>";
    let error = read(typed("text/html", page)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(200));
    assert_eq!(error.class(), ErrorClass::Retry);
}

#[tokio::test(start_paused = true)]
async fn an_empty_body_is_a_transient_gateway_error() {
    let error = read(status(200, "")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(200));
    assert_eq!(error.class(), ErrorClass::Retry);
}

#[tokio::test(start_paused = true)]
async fn a_truncated_profile_is_an_answer_error() {
    let error = read(json(r#"{"openid":"o1","nickn"#)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Answer);
    assert_eq!(
        error.to_string(),
        "/sns/userinfo: could not parse the response: it ends too early, at line 1 column 21"
    );
}
