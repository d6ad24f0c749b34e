//! Matches the delivery receipts of template messages, which the platform pushes later, with the
//! ids of the sent messages.
//!
//! Run with `cargo run --example template_receipt`. The sandbox is the platform. Its user accepts
//! the first message, and has blocked the account's messages before the second.

use std::collections::HashMap;
use std::sync::mpsc;

use tower_wechat::api::template;
use tower_wechat::callback::event::TemplateOutcome;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Event, Message, Reply, handler_fn};

/// A message's id, and its delivery outcome.
type Receipt = (Option<u64>, TemplateOutcome);

async fn on_message(message: Message, receipts: mpsc::Sender<Receipt>) -> Reply {
    if let Event::TemplateSendJobFinish(finish) = message.event() {
        // Not matched here: a receipt can arrive before the response to the call that sent the
        // message, when the id isn't known yet.
        let _ = receipts.send((finish.msg_id_u64(), finish.outcome()));
    }
    Reply::none()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::new();
    let template_id = sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}");
    let user = sandbox.user("Hui");
    user.set_follows(true);

    let wechat = sandbox.wechat();
    let (receipts, received) = mpsc::channel();
    let handler = handler_fn(move |message| on_message(message, receipts.clone()));
    let routes = wechat.routes().on_message(handler);

    let app = wechat.app(sandbox.appid())?;
    let mut sent = HashMap::new();
    for (order, blocks) in [("order 42", false), ("order 43", true)] {
        user.set_blocks_messages(blocks);
        let message =
            template::SendTemplateMessage::new(user.openid(), &template_id).value("thing1", "茶叶");
        // The response means that the platform accepted the message, not that it arrived.
        let msgid = app.call(message).await?.msgid;
        sent.insert(msgid, order);
    }

    sandbox
        .deliver_pending(routes.prefix("/v1/service/wx"))
        .await;
    for (msgid, outcome) in received.try_iter() {
        let Some(order) = msgid.and_then(|msgid| sent.remove(&msgid)) else {
            continue;
        };
        match outcome {
            TemplateOutcome::Delivered => println!("{order}: delivered"),
            TemplateOutcome::UserBlocked => println!("{order}: blocked by the user"),
            other => println!("{order}: {other:?}"),
        }
    }
    Ok(())
}
