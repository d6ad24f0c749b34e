//! Sends slow replies on an account that has only the passive reply, such as an unverified 订阅号.
//!
//! Run with `cargo run --example late_replies`. The sandbox is the platform. Its user asks a
//! question that takes the handler eleven seconds, gets a placeholder, and then picks up the answer
//! part by part.

use std::time::Duration;

use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::deadline::pick_up::PickUp;
use tower_wechat::sandbox::{AccountType, Push, Sandbox};
use tower_wechat::{Message, handler_fn};

/// Simulates a slow model.
async fn answer(message: Message) -> String {
    let question = message.field("Content").unwrap_or_default();
    if question == "ping" {
        return "pong".to_owned();
    }
    tokio::time::sleep(Duration::from_secs(11)).await;
    let line = format!("{question} First warm the pot, then wait.\n");
    line.repeat(60)
}

#[tokio::main]
async fn main() {
    let sandbox = Sandbox::new();
    let unverified = AccountType::UnverifiedSubscriptionAccount;
    sandbox.set_account_type(&sandbox.appid(), unverified);
    let user = sandbox.user("Hui");

    let pick_up = PickUp::new().remaining(|left| format!("\n({left} more: write anything)"));
    let deadline = DeadlineLayer::ack()
        .placeholder(|_| "Thinking. Write anything in a moment to see the answer.")
        .pick_up(pick_up);
    let routes = sandbox
        .wechat()
        .routes()
        .on_message_within(deadline, handler_fn(answer))
        .prefix("/v1/service/wx");

    // Added to the 4.5 seconds of the placeholder, this exceeds the handler's eleven seconds.
    let patience = Duration::from_secs(8);
    for (text, pause) in [
        ("How is tea made?", patience),
        ("1", Duration::ZERO),
        ("1", Duration::ZERO),
        ("ping", Duration::ZERO),
    ] {
        println!("Hui:     {text}");
        let delivery = sandbox.push(Push::text(&user, text), routes.clone()).await;
        let reply = delivery.reply().and_then(|reply| reply.text());
        println!("Account: {}", shortened(reply.unwrap_or("(nothing)")));
        tokio::time::sleep(pause).await;
    }
}

/// Returns the first line of a text, and its last if it has more than one.
fn shortened(text: &str) -> String {
    let mut lines = text.lines();
    match (lines.next(), lines.next_back()) {
        (Some(first), Some(last)) => format!("{first} … {last}"),
        (first, _) => first.unwrap_or_default().to_owned(),
    }
}
