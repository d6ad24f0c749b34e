//! A conversation with an account that can only send passive replies.

use std::time::Duration;

use tower::Service;
use tower_wechat::callback::deadline::pick_up::{MemoryPickUpStore, PickUp};
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer};
use tower_wechat::sandbox::{AccountType, Attempt, Delivery, Push, Sandbox, User};
use tower_wechat::{Body, Message, handler_fn};

/// Takes twenty seconds for a question, and answers anything else at once.
async fn on_message(message: Message) -> String {
    let content = message.field("Content").unwrap_or_default().to_owned();
    if content.ends_with('?') {
        tokio::time::sleep(Duration::from_secs(20)).await;
        return format!("{content} 茶\n").repeat(600);
    }
    format!("echo {content}")
}

fn sandbox(account_type: AccountType) -> (Sandbox, User) {
    let sandbox = Sandbox::new();
    sandbox.set_account_type(&sandbox.appid(), account_type);
    let user = sandbox.user("Hui");
    (sandbox, user)
}

fn routes(
    sandbox: &Sandbox,
    deadline: DeadlineLayer,
) -> impl Service<
    http::Request<Body>,
    Response = http::Response<Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let routes = sandbox.wechat().routes();
    routes
        .on_message_within(deadline, handler_fn(on_message))
        .prefix("/v1/service/wx")
}

fn seen(delivery: &Delivery) -> &str {
    delivery.reply().and_then(|reply| reply.text()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_unverified_account_sends_a_late_answer_with_the_next_messages() {
    let (sandbox, hui) = sandbox(AccountType::UnverifiedSubscriptionAccount);
    let memory = MemoryPickUpStore::new().clock(sandbox.clock());
    let pick_up = PickUp::new().store(memory.clone());
    let late = CustomerService::new(sandbox.wechat()).or(pick_up.clone());
    let deadline = DeadlineLayer::hold()
        .placeholder(|_| "wait")
        .late(late)
        .pick_up(pick_up);
    let routes = routes(&sandbox, deadline);

    // The platform sends the question three times and shows the answer to the third push.
    let asked = sandbox.push(Push::text(&hui, "why?"), routes.clone()).await;
    assert_eq!((asked.attempts.len(), seen(&asked)), (3, "wait"));
    assert!(matches!(asked.attempts.first(), Some(Attempt::Timeout)));
    // The answer is not ready yet, so messages that arrive meanwhile are handled.
    let early = sandbox
        .push(Push::text(&hui, "hello"), routes.clone())
        .await;
    assert_eq!(seen(&early), "echo hello");

    tokio::time::sleep(Duration::from_secs(10)).await;
    let first = sandbox.push(Push::text(&hui, "1"), routes.clone()).await;
    assert!(seen(&first).starts_with("why? 茶\n"));
    assert!(seen(&first).ends_with("（还有 2 条，回复任意内容继续）"));
    // The location reports that a client sends every five seconds take no part.
    let fields = [
        ("MsgType", "event"),
        ("Event", "LOCATION"),
        ("Latitude", "23.1"),
    ];
    let location = sandbox.push(Push::new(&hui, fields), routes.clone()).await;
    assert!(matches!(location.attempts[..], [Attempt::Reply(_)]));
    assert_eq!(seen(&location), "echo ");
    let second = sandbox
        .push(Push::click(&hui, "MORE"), routes.clone())
        .await;
    assert!(seen(&second).ends_with("（还有 1 条，回复任意内容继续）"));
    let last = sandbox.push(Push::text(&hui, "1"), routes.clone()).await;
    let parts = [&first, &second, &last].map(seen);
    let parts = parts.map(|part| part.split("\n\n（还有").next().unwrap().trim_end());
    assert!(parts.join("\n") == "why? 茶\n".repeat(600).trim_end());
    let done = sandbox.push(Push::text(&hui, "1"), routes.clone()).await;
    assert_eq!(seen(&done), "echo 1");
    assert!(hui.received().is_empty());

    // An answer that is not picked up within an hour is dropped.
    sandbox
        .push(Push::text(&hui, "again?"), routes.clone())
        .await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    sandbox.advance(Duration::from_secs(3600));
    let late = sandbox.push(Push::text(&hui, "1"), routes).await;
    assert_eq!(seen(&late), "echo 1");
}

#[tokio::test(start_paused = true)]
async fn an_account_with_customer_service_sends_the_late_answer_at_once() {
    let (sandbox, hui) = sandbox(AccountType::ServiceAccount);
    let pick_up = PickUp::new();
    let late = CustomerService::new(sandbox.wechat())
        .split_long_texts()
        .or(pick_up.clone());
    let deadline = DeadlineLayer::ack().late(late).pick_up(pick_up);
    let routes = routes(&sandbox, deadline);
    let asked = sandbox.push(Push::text(&hui, "why?"), routes.clone()).await;
    assert!(matches!(asked.attempts[..], [Attempt::Success]));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(hui.received().len(), 3);
    let next = sandbox.push(Push::text(&hui, "thanks"), routes).await;
    assert_eq!(seen(&next), "echo thanks");
}
