//! Texts longer than one message.

use tower::ServiceExt;
use tower_wechat::api::customer_service::SendCustomerServiceMessage;
use tower_wechat::callback::deadline::{CustomerService, LateReply};
use tower_wechat::sandbox::{Push, Sandbox, User};
use tower_wechat::{ErrCode, Error, Message, Reply};

use super::{app, interact};

async fn late(hook: CustomerService, user: &User, text: &str) -> Result<(), Error> {
    let from = user.openid();
    let document = format!("<xml><FromUserName>{from}</FromUserName></xml>");
    let message = Message::parse(user.appid().clone(), document).unwrap();
    let reply = LateReply::new(message, Reply::text(text));
    hook.oneshot(reply).await
}

fn received(user: &User) -> Vec<String> {
    let text = |message: &serde_json::Value| message["text"]["content"].as_str().map(str::to_owned);
    user.received().iter().filter_map(text).collect()
}

#[tokio::test]
async fn a_long_late_reply_is_sent_completely() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let hook = CustomerService::new(sandbox.wechat());
    let lines = format!("{}\n", "茶".repeat(100)).repeat(33);
    interact(&sandbox, Push::text(&user, "hi")).await;

    let error = late(hook.clone(), &user, &lines).await.unwrap_err();
    assert_eq!(error.field(), Some("content"));
    assert!(user.received().is_empty());

    let hook = hook.split_long_texts();
    late(hook, &user, &lines).await.unwrap();
    let parts = received(&user);
    assert_eq!(parts.concat(), lines);
    assert_eq!(parts.len(), 5);
    for part in &parts {
        assert!(part.len() <= SendCustomerServiceMessage::MAX_TEXT);
    }
}

#[tokio::test]
async fn a_text_longer_than_five_messages_is_not_sent() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let hook = CustomerService::new(sandbox.wechat()).split_long_texts();
    interact(&sandbox, Push::text(&user, "hi")).await;
    let text = "x".repeat(
        SendCustomerServiceMessage::MAX_MESSAGES * SendCustomerServiceMessage::MAX_TEXT + 1,
    );
    let error = late(hook.clone(), &user, &text).await.unwrap_err();
    assert_eq!(error.field(), Some("content"));
    assert!(user.received().is_empty());
    late(hook, &user, "short").await.unwrap();
    assert_eq!(received(&user), ["short"]);
}

#[tokio::test]
async fn after_an_error_no_more_is_sent() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let hook = CustomerService::new(sandbox.wechat()).split_long_texts();
    interact(&sandbox, Push::text(&user, "hi")).await;
    let app = app(&sandbox);
    for _ in 0..4 {
        app.call(SendCustomerServiceMessage::text(user.openid(), "hello"))
            .await
            .unwrap();
    }
    let error = late(hook, &user, &"x".repeat(6000)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::RESPONSES_USED_UP));
    assert_eq!(user.received().len(), 5);
}

#[test]
fn the_rest_of_a_split_reply_becomes_messages() {
    let text = format!("{}\n{}", "a".repeat(2000), "b".repeat(3000));
    let (reply, rest) = Reply::split_text(&*text);
    assert_eq!(reply, Reply::text("a".repeat(2000) + "\n"));
    let messages = SendCustomerServiceMessage::split_text("o1", rest.unwrap()).unwrap();
    assert_eq!(messages.len(), 2);
}
