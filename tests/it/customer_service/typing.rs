//! The typing indicator.

use std::time::Duration;

use serde_json::json;
use tower::ServiceExt;
use tower_wechat::api::customer_service::{SendCustomerServiceMessage, SetTyping};
use tower_wechat::sandbox::{Push, Sandbox, User};
use tower_wechat::{App, ErrCode, ErrorClass};

use super::{app, interact};

async fn refusal(app: &App, user: &User) -> Option<ErrCode> {
    let call = SetTyping::start(user.openid());
    app.call(call).await.err().and_then(|error| error.errcode())
}

#[tokio::test]
async fn the_indicator_is_visible_for_15_seconds_and_not_shown_twice() {
    let sandbox = Sandbox::new();
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    interact(&sandbox, Push::text(&user, "hi")).await;
    assert!(!user.sees_typing());
    assert_eq!(refusal(&app, &user).await, None);
    assert!(user.sees_typing());
    assert_eq!(refusal(&app, &user).await, Some(ErrCode::ALREADY_TYPING));
    sandbox.advance(Duration::from_secs(15));
    assert!(!user.sees_typing());
    assert_eq!(refusal(&app, &user).await, None);
    app.call(SetTyping::cancel(user.openid())).await.unwrap();
    assert!(!user.sees_typing());
    assert_eq!(refusal(&app, &user).await, None);
    app.call(SendCustomerServiceMessage::text(user.openid(), "hello"))
        .await
        .unwrap();
    assert!(!user.sees_typing());
    assert_eq!(user.received().len(), 1);
}

#[tokio::test]
async fn the_indicator_needs_a_message_in_the_last_30_seconds() {
    let sandbox = Sandbox::new();
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    let closed = Some(ErrCode::RESPONSE_WINDOW_CLOSED);
    user.openid();
    assert_eq!(refusal(&app, &user).await, closed);
    interact(&sandbox, Push::text(&user, "hi")).await;
    sandbox.advance(Duration::from_secs(30));
    let call = SetTyping::start(user.openid());
    let error = app.call(call).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::NO_MESSAGE_LATELY));
    assert_eq!(error.class(), ErrorClass::User);
    app.call(SendCustomerServiceMessage::text(user.openid(), "hello"))
        .await
        .unwrap();
    assert_eq!(refusal(&app, &user).await, None);
    interact(&sandbox, Push::unsubscribe(&user)).await;
    assert!(!user.sees_typing());
    assert_eq!(refusal(&app, &user).await, closed);
}

#[tokio::test]
async fn an_unknown_command_or_user_is_refused() {
    let sandbox = Sandbox::new();
    let (app, openid) = (app(&sandbox), sandbox.user("Hui").openid());
    let error = app.call(SetTyping::cancel("oNOBODY")).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_OPENID));
    let token = app.token().await.unwrap();
    let uri = format!(
        "/cgi-bin/message/custom/typing?access_token={}",
        token.secret().expose()
    );
    let body = json!({"touser": openid, "command": "Dancing"});
    let request = http::Request::post(uri).body(body.to_string().into());
    let response = sandbox.clone().oneshot(request.unwrap()).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(answer["errcode"], 45072);
}
