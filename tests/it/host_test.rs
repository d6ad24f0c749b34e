use std::time::Duration;

use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{Message, Reply, handler_fn};

async fn on_message(_: Message) -> Reply {
    tokio::time::sleep(Duration::from_secs(14)).await; // a slow model
    Reply::text("42")
}

// Tokio's clock is paused: fourteen seconds of work take no time.
#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_acknowledged_in_time() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    let routes = sandbox.wechat().routes().on_message(handler_fn(on_message));
    let delivery = sandbox
        .push(Push::text(&user, "?"), routes.prefix("/v1/service/wx"))
        .await;
    assert!(delivery.is_answered());
    assert!(delivery.reply().is_none()); // `success`, since the platform waits five seconds
}
