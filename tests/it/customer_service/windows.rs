//! The number of messages an account may send after each interaction.

use std::time::Duration;

use tower_wechat::api::customer_service::SendCustomerServiceMessage;
use tower_wechat::sandbox::{Push, Sandbox, User};
use tower_wechat::{ErrCode, ErrorClass};

use super::{HOUR, app, interact, refusal};
use crate::support::clock;

const CLOSED: Option<ErrCode> = Some(ErrCode::RESPONSE_WINDOW_CLOSED);
const USED_UP: Option<ErrCode> = Some(ErrCode::RESPONSES_USED_UP);

fn event(user: &User, event: &str) -> Push {
    Push::new(
        user,
        [("MsgType", "event"), ("Event", event), ("EventKey", "K")],
    )
}

/// Returns how many messages are accepted and the error of the next one.
async fn taken(sandbox: &Sandbox, user: &User) -> (usize, Option<ErrCode>) {
    let app = app(sandbox);
    let mut taken = 0;
    loop {
        match refusal(&app, user).await {
            None => taken += 1,
            refused => return (taken, refused),
        }
    }
}

#[tokio::test]
async fn a_message_of_the_user_grants_five_messages_in_48_hours() {
    let sandbox = Sandbox::with_clock(clock());
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::text(&user, "hi")).await;
    sandbox.advance(HOUR * 48 - Duration::from_secs(1));
    assert_eq!(taken(&sandbox, &user).await, (5, USED_UP));
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(taken(&sandbox, &user).await, (0, CLOSED));
}

#[tokio::test]
async fn a_menu_click_a_scan_or_a_subscription_grants_three_messages_in_a_minute() {
    for what in ["CLICK", "scancode_push", "scancode_waitmsg", "SCAN"] {
        let sandbox = Sandbox::with_clock(clock());
        let user = sandbox.user("Hui");
        interact(&sandbox, event(&user, what)).await;
        assert_eq!(taken(&sandbox, &user).await, (3, USED_UP), "{what}");
        interact(&sandbox, event(&user, what)).await;
        sandbox.advance(Duration::from_secs(60));
        assert_eq!(taken(&sandbox, &user).await, (0, CLOSED), "{what}");
    }
    let sandbox = Sandbox::with_clock(clock());
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::scan(&user, "order-42")).await;
    assert!(user.follows());
    assert_eq!(taken(&sandbox, &user).await, (3, USED_UP));
}

#[tokio::test]
async fn entering_a_mini_programs_customer_service_grants_two_messages_in_a_minute() {
    let sandbox = Sandbox::with_clock(clock());
    let user = sandbox.user("Hui");
    interact(&sandbox, event(&user, "user_enter_tempsession")).await;
    assert_eq!(taken(&sandbox, &user).await, (2, USED_UP));
    sandbox.advance(Duration::from_secs(60));
    assert_eq!(taken(&sandbox, &user).await, (0, CLOSED));
}

#[tokio::test]
async fn a_menu_click_adds_to_the_messages_granted_by_a_message() {
    let sandbox = Sandbox::with_clock(clock());
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    interact(&sandbox, Push::text(&user, "hi")).await;
    for _ in 0..4 {
        assert_eq!(refusal(&app, &user).await, None);
    }
    interact(&sandbox, Push::click(&user, "HELP")).await;
    assert_eq!(refusal(&app, &user).await, None);
    // The messages of the one-minute window are spent first and expire with it.
    sandbox.advance(Duration::from_secs(60));
    assert_eq!(taken(&sandbox, &user).await, (1, USED_UP));
}

#[tokio::test]
async fn other_events_grant_no_message() {
    let sandbox = Sandbox::with_clock(clock());
    let user = sandbox.user("Hui");
    user.openid();
    for what in ["VIEW", "LOCATION", "subscribe_msg_popup_event"] {
        interact(&sandbox, event(&user, what)).await;
        assert_eq!(taken(&sandbox, &user).await, (0, CLOSED), "{what}");
    }
}

#[tokio::test]
async fn both_errors_need_an_action_of_the_user() {
    let sandbox = Sandbox::with_clock(clock());
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    let refused = async || {
        let call = SendCustomerServiceMessage::text(user.openid(), "hello");
        app.call(call).await.unwrap_err()
    };
    let closed = refused().await;
    assert_eq!(
        (closed.errcode(), closed.class()),
        (CLOSED, ErrorClass::User)
    );
    interact(&sandbox, Push::click(&user, "HELP")).await;
    taken(&sandbox, &user).await;
    let used_up = refused().await;
    assert_eq!(
        (used_up.errcode(), used_up.class()),
        (USED_UP, ErrorClass::User)
    );
}
