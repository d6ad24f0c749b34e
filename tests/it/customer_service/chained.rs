//! A late reply that the platform rejects goes to another hook.

use std::sync::{Arc, Mutex};

use tower::{ServiceExt, service_fn};
use tower_wechat::callback::deadline::{CustomerService, LateReply};
use tower_wechat::sandbox::{AccountType, Push, Sandbox, User};
use tower_wechat::{BoxError, ErrCode, Message, Reply};

use super::interact;

const SEND: &str = "/cgi-bin/message/custom/send";

/// Passes a late reply to customer service and returns what the other hook received.
async fn chained(sandbox: &Sandbox, user: &User, reply: Reply) -> (bool, Vec<Reply>) {
    let handed = Arc::new(Mutex::new(Vec::new()));
    let other = handed.clone();
    let other = service_fn(move |late: LateReply| {
        other.lock().unwrap().push(late.reply);
        async { Ok::<_, BoxError>(()) }
    });
    let hook = CustomerService::new(sandbox.wechat())
        .split_long_texts()
        .or(other);
    let from = user.openid();
    let document = format!("<xml><FromUserName>{from}</FromUserName></xml>");
    let message = Message::parse(user.appid().clone(), document).unwrap();
    let sent = hook.oneshot(LateReply::new(message, reply)).await;
    let handed = handed.lock().unwrap().clone();
    (sent.is_ok(), handed)
}

#[tokio::test]
async fn a_reply_refused_with_48001_or_45015_goes_to_the_other_hook() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let reply = || Reply::text("late");
    // The user never wrote: 45015.
    assert_eq!(
        chained(&sandbox, &user, reply()).await,
        (true, vec![reply()])
    );
    interact(&sandbox, Push::text(&user, "hi")).await;
    assert_eq!(chained(&sandbox, &user, reply()).await, (true, vec![]));
    assert_eq!(user.received().len(), 1);
    let unverified = AccountType::UnverifiedSubscriptionAccount;
    sandbox.set_account_type(&sandbox.appid(), unverified);
    assert_eq!(
        chained(&sandbox, &user, reply()).await,
        (true, vec![reply()])
    );
    assert_eq!(user.received().len(), 1);
}

#[tokio::test]
async fn a_reply_beyond_the_quota_goes_to_the_other_hook() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::text(&user, "hi")).await;
    sandbox.fail_next(SEND, ErrCode::RESPONSES_USED_UP);
    let outcome = chained(&sandbox, &user, Reply::text("late")).await;
    assert_eq!(outcome, (true, vec![Reply::text("late")]));
}

#[tokio::test]
async fn a_reply_that_fails_otherwise_does_not_go_to_the_other_hook() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::text(&user, "hi")).await;
    for code in [ErrCode::INVALID_OPENID, ErrCode::new(48002)] {
        sandbox.fail_next(SEND, code);
        let outcome = chained(&sandbox, &user, Reply::text("late")).await;
        assert_eq!(outcome, (false, vec![]), "{code:?}");
    }
}

#[tokio::test]
async fn a_reply_without_a_message_equivalent_goes_to_the_other_hook() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::text(&user, "hi")).await;
    for reply in [Reply::video("M"), Reply::text("x".repeat(6 * 2048))] {
        let outcome = chained(&sandbox, &user, reply.clone()).await;
        assert_eq!(outcome, (true, vec![reply]));
    }
    assert!(user.received().is_empty());
}

#[tokio::test]
async fn only_the_rest_of_a_long_text_goes_to_the_other_hook() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let lines = format!("{}\n", "茶".repeat(100)).repeat(20);
    interact(&sandbox, Push::text(&user, "hi")).await;
    // The first message is accepted, and the window closes before the second.
    let taken = http::Response::new(bytes::Bytes::from(r#"{"errcode":0,"errmsg":"ok"}"#));
    sandbox.answer_next(SEND, taken);
    sandbox.fail_next(SEND, ErrCode::RESPONSE_WINDOW_CLOSED);
    let (sent, handed) = chained(&sandbox, &user, Reply::text(&lines)).await;
    assert!(sent);
    // Six whole lines of 301 bytes fit into 2048.
    let first = lines.get(..301 * 6).unwrap();
    let left = lines.strip_prefix(first).unwrap();
    assert_eq!(handed, [Reply::text(left)]);
    assert!(user.received().is_empty());
}
