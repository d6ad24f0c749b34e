//! Sessions.

use std::time::Duration;

use serde_json::Value;
use tower_wechat::api::miniprogram::session::{
    CheckSession, CodeToSession, LoginCode, ResetSession, Session, SessionKey,
};
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, ErrCode, ErrorClass, ErrorKind, Wechat};

use super::{input, sandbox};
use crate::support::{Recorded, json};

const LOGIN: &str = "/sns/jscode2session";
const CHECK: &str = "/wxa/checksession";

fn trade(code: impl Into<String>) -> CodeToSession {
    CodeToSession::new(LoginCode::new(code.into()))
}

async fn session(sandbox: &Sandbox, app: &App) -> Session {
    let code = sandbox.user("Hui").login_code();
    app.call(trade(code)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_code_is_exchanged_for_a_session_that_can_be_checked_and_reset() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let old = session(&sandbox, &app).await;
    assert_eq!(
        (&old.openid, &old.unionid),
        (&user.openid(), &Some(user.unionid()))
    );
    app.call(CheckSession::new(&old.openid, &old.session_key))
        .await
        .unwrap();

    let new = app
        .call(ResetSession::new(&old.openid, &old.session_key))
        .await
        .unwrap();
    assert_eq!(new.openid, old.openid);
    app.call(CheckSession::new(&new.openid, &new.session_key))
        .await
        .unwrap();
    let stale = app
        .call(CheckSession::new(&old.openid, &old.session_key))
        .await
        .unwrap_err();
    assert_eq!(stale.errcode(), Some(ErrCode::INVALID_SESSION_SIGNATURE));
    assert_eq!(stale.class(), ErrorClass::User);
    let hint = "the session_key is not the current one: let the client call wx.login again";
    assert_eq!(stale.hint(), Some(hint));
    let stale = app
        .call(ResetSession::new(&old.openid, &old.session_key))
        .await
        .unwrap_err();
    assert_eq!(stale.errcode(), Some(ErrCode::INVALID_SESSION_SIGNATURE));
    assert_eq!(stale.class(), ErrorClass::User);

    let nobody = app
        .call(CheckSession::new("o-nobody", &new.session_key))
        .await
        .unwrap_err();
    assert_eq!(
        (nobody.errcode(), nobody.class()),
        (Some(ErrCode::new(87007)), ErrorClass::User)
    );
    let error = app
        .call(CheckSession::new("", &new.session_key))
        .await
        .unwrap_err();
    assert_eq!(input(&error).0, "openid");
}

#[tokio::test(start_paused = true)]
async fn the_session_check_sends_only_a_signature_in_the_query() {
    let (sandbox, _) = sandbox();
    let recorded = Recorded::new(&sandbox);
    let builder = Wechat::builder().app(sandbox.app_configs().remove(0));
    let wechat = builder.transport(recorded.clone()).build().unwrap();
    let app = wechat.app(Sandbox::APPID).unwrap();
    let key = SessionKey::new("o0q0otL8aEzpcZL/FT9WsQ==");
    let error = app.call(CheckSession::new("o-1", &key)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::new(87007)));
    let request = recorded.of(CHECK).remove(0);
    assert_eq!(
        (request.method(), request.body().len()),
        (&http::Method::GET, 0)
    );
    let query = request.uri().query().unwrap();
    let expected = "openid=o-1&signature=\
                    46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128\
                    &sig_method=hmac_sha256&access_token=";
    assert!(query.starts_with(expected), "{query}");
}

#[tokio::test(start_paused = true)]
async fn a_code_works_once_for_five_minutes_and_for_one_app() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let refused = async |code: String| app.call(trade(code)).await.unwrap_err();

    let used = user.login_code();
    app.call(trade(used.clone())).await.unwrap();
    let error = refused(used).await;
    assert_eq!(
        (error.errcode(), error.class()),
        (Some(ErrCode::CODE_USED), ErrorClass::User)
    );
    let hint = "a code works once: let the client call wx.login again, and send each code once";
    assert_eq!(error.hint(), Some(hint));

    let late = user.login_code();
    sandbox.advance(Duration::from_secs(300));
    let other = sandbox.add_app("wxother", Mode::Secure).unwrap();
    let foreign = user.clone().at(&other).login_code();
    for code in [late, foreign, user.phone_code(), "never was".to_owned()] {
        let error = refused(code).await;
        assert_eq!(
            (error.errcode(), error.class()),
            (Some(ErrCode::INVALID_CODE), ErrorClass::User)
        );
        let hint = "the code is not from this app's wx.login (a phone code does not work \
                    here) or is older than five minutes: let the client call wx.login again";
        assert_eq!(error.hint(), Some(hint));
    }
    assert_eq!(input(&refused(String::new()).await).0, "js_code");
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_rejects_what_the_platform_rejects() {
    use http::Request;
    use tower::ServiceExt;

    let (sandbox, app) = sandbox();
    let session = session(&sandbox, &app).await;
    let token = app.token().await.unwrap();
    let refused = async |query: String| {
        let token = token.secret().expose();
        let uri = format!("{CHECK}?access_token={token}{query}");
        let request = Request::get(uri).body(bytes::Bytes::new()).unwrap();
        let response = sandbox.clone().oneshot(request).await.unwrap();
        let answer: Value = serde_json::from_slice(response.body()).unwrap();
        answer["errcode"].as_i64().unwrap()
    };
    let (openid, signature) = (session.openid, session.session_key.sign(""));
    let signed = format!("&openid={openid}&signature={signature}");
    assert_eq!(refused(String::new()).await, 41009);
    assert_eq!(refused(signed.clone()).await, 87008);
    assert_eq!(refused(format!("{signed}&sig_method=sha1")).await, 87008);
    assert_eq!(
        refused(format!("{signed}0&sig_method=hmac_sha256")).await,
        87009
    );
    assert_eq!(refused(format!("{signed}&sig_method=hmac_sha256")).await, 0);
    sandbox.fail_next(LOGIN, ErrCode::USER_BLOCKED);
    let error = app.call(trade("x")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::User);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_not_retried() {
    let (sandbox, app) = sandbox();
    sandbox.drop_next(LOGIN);
    let error = app.call(trade("x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), sandbox.calls(LOGIN)),
        (ErrorKind::Transport, 1)
    );
    let hint = "the code may be used up: let the client call wx.login again";
    assert_eq!(error.hint(), Some(hint));
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_unionid_is_read() {
    let (sandbox, app) = sandbox();
    for more in ["", r#","unionid":"""#, r#","unionid":null,"errcode":0"#] {
        let body = format!(r#"{{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"o-1"{more}}}"#);
        sandbox.answer_next(LOGIN, json(body));
        let session = app.call(trade("x")).await.unwrap();
        assert_eq!((&*session.openid, session.unionid), ("o-1", None));
        assert_eq!(
            session.session_key,
            SessionKey::new("tiihtNczf5v6AKRyjwEUhQ==")
        );
    }
}

#[test]
fn signatures_match_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/vectors.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for vector in vectors["session_hmac"].as_array().unwrap() {
        let key = SessionKey::new(text(&vector["session_key"]));
        assert_eq!(
            key.sign(&text(&vector["message"])),
            text(&vector["signature"])
        );
    }
    for vector in vectors["mini_user_data_signature"].as_array().unwrap() {
        let key = SessionKey::new(text(&vector["session_key"]));
        let (data, signature) = (text(&vector["raw_data"]), text(&vector["signature"]));
        key.check_raw_data(&data, &signature).unwrap();
        key.check_raw_data(&data, &signature.to_uppercase())
            .unwrap();
        for (data, signature) in [
            (data.replacen('{', "{ ", 1), signature.clone()),
            (data.clone(), signature.replace(char::is_numeric, "0")),
            (data.clone(), String::new()),
        ] {
            let error = key.check_raw_data(&data, &signature).unwrap_err();
            assert_eq!(
                (error.kind(), error.class()),
                (ErrorKind::Session, ErrorClass::User)
            );
        }
    }
}
