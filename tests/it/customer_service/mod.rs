//! Customer-service messages that the sandbox accepts and rejects.

mod chained;
mod kinds;
mod long_texts;
mod media;
mod typing;
mod windows;

use std::time::Duration;

use http::{Response, StatusCode};
use serde_json::json;
use tower::{ServiceExt, service_fn};
use tower_wechat::api::customer_service::{Article, SendCustomerServiceMessage};
use tower_wechat::callback::deadline::{CustomerService, LateReply};
use tower_wechat::callback::{Mode, Reply};
use tower_wechat::sandbox::{Push, Sandbox, User};
use tower_wechat::{App, Body, ErrCode, ErrorKind, Message};

const HOUR: Duration = Duration::from_secs(3600);

/// Makes the user interact with the app, which opens the window for messages.
async fn interact(sandbox: &Sandbox, push: Push) {
    let quiet = service_fn(async |_| Ok::<_, std::convert::Infallible>(ok()));
    assert!(sandbox.push(push, quiet).await.is_answered());
}

fn ok() -> Response<Body> {
    Response::new(Body::from("success"))
}

fn app(sandbox: &Sandbox) -> App {
    sandbox.wechat().app(Sandbox::APPID).unwrap()
}

async fn refusal(app: &App, user: &User) -> Option<ErrCode> {
    let call = SendCustomerServiceMessage::text(user.openid(), "hello");
    app.call(call).await.err().and_then(|error| error.errcode())
}

#[tokio::test]
async fn each_message_of_the_user_grants_five_again() {
    let sandbox = Sandbox::new();
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    assert_eq!(refusal(&app, &user).await, Some(ErrCode::new(45015)));
    for round in 1..=2 {
        interact(&sandbox, Push::text(&user, "hi")).await;
        for _ in 0..5 {
            assert_eq!(refusal(&app, &user).await, None);
        }
        assert_eq!(refusal(&app, &user).await, Some(ErrCode::new(45047)));
        assert_eq!(user.received().len(), round * 5);
    }
}

#[tokio::test]
async fn a_message_after_48_hours_or_an_unsubscribe_is_rejected() {
    let sandbox = Sandbox::new();
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    interact(&sandbox, Push::text(&user, "hi")).await;
    sandbox.advance(HOUR * 47);
    assert_eq!(refusal(&app, &user).await, None);
    sandbox.advance(HOUR);
    let closed = Some(ErrCode::RESPONSE_WINDOW_CLOSED);
    assert_eq!(refusal(&app, &user).await, closed);
    interact(&sandbox, Push::text(&user, "hi")).await;
    assert_eq!(refusal(&app, &user).await, None);
    interact(&sandbox, Push::unsubscribe(&user)).await;
    assert_eq!(refusal(&app, &user).await, closed);
}

#[tokio::test]
async fn an_openid_is_valid_for_its_app_only() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::text(&user, "hi")).await;
    let other = sandbox.add_app("wxba5fad812f8e6fb9", Mode::Secure).unwrap();
    let wechat = sandbox.wechat();
    let call = |openid: String| {
        let app = wechat.app(&other).unwrap();
        async move {
            app.call(SendCustomerServiceMessage::text(openid, "hello"))
                .await
        }
    };
    for openid in [user.openid(), "oNOBODY".to_owned()] {
        let error = call(openid).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_OPENID));
    }
}

#[tokio::test]
async fn the_user_reads_the_sent_text_and_rejected_tokens_are_replaced() {
    let sandbox = Sandbox::new();
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    interact(&sandbox, Push::click(&user, "HELP")).await;
    let article = Article::new("今天", "https://example.com/today");
    app.call(SendCustomerServiceMessage::news(user.openid(), article))
        .await
        .unwrap();
    sandbox.expire_tokens();
    let call =
        SendCustomerServiceMessage::text(user.openid(), "a<b & \"c\"").kf_account("kf1@test");
    app.call(call).await.unwrap();
    let [news, text] = &user.received()[..] else {
        panic!("two messages");
    };
    assert_eq!(news["news"]["articles"][0]["title"], "今天");
    assert_eq!(text["text"], json!({ "content": "a<b & \"c\"" }));
    assert_eq!(text["customservice"], json!({ "kf_account": "kf1@test" }));
}

#[tokio::test]
async fn the_sandbox_checks_the_token_and_the_body() {
    let sandbox = Sandbox::new();
    let post = async |query: &str, body: &str| {
        let uri = format!("/cgi-bin/message/custom/send?{query}");
        let request = http::Request::post(uri).body(body.to_owned().into());
        let response = sandbox.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        answer["errcode"].as_i64().unwrap()
    };
    assert_eq!(post("", "{}").await, 41001);
    assert_eq!(post("access_token=x", "{}").await, 40001);
    let token = app(&sandbox).token().await.unwrap();
    let query = format!("access_token={}", token.secret().expose());
    for (body, code) in [
        ("", 47001),
        (r#"{"touser":"o","msgtype":"poem","poem":{}}"#, 40008),
        (r#"{"touser":"o","msgtype":"text"}"#, 47001),
        (
            r#"{"touser":"o","msgtype":"news","news":{"articles":[]}}"#,
            45008,
        ),
        (
            r#"{"touser":"o","msgtype":"text","text":{"content":"a"}}"#,
            40003,
        ),
    ] {
        assert_eq!(post(&query, body).await, code, "{body}");
    }
}

#[tokio::test]
async fn the_hook_reports_why_a_reply_cannot_be_sent() {
    let sandbox = Sandbox::new();
    let hook = CustomerService::new(sandbox.wechat());
    let late = |appid: &str, reply| {
        let document = "<xml><FromUserName>oNOBODY</FromUserName></xml>".to_owned();
        let message = Message::parse(tower_wechat::AppId::new(appid).unwrap(), document);
        hook.clone()
            .oneshot(LateReply::new(message.unwrap(), reply))
    };
    let error = late(Sandbox::APPID, Reply::text("hi")).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_OPENID));
    let error = late(Sandbox::APPID, Reply::video("M")).await.unwrap_err();
    assert_eq!(error.field(), Some("reply"));
    let error = late("wxunknown", Reply::text("hi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownApp);
}
