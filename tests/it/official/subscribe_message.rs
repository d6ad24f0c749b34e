//! Subscribe messages of both kinds.

use std::time::Duration;

use serde_json::json;
use tower_wechat::api::subscribe_message::{
    BizSendSubscribeMessage, Lang, SendSubscribeMessage, State,
};
use tower_wechat::sandbox::User;
use tower_wechat::{AppId, ErrorClass, ErrorKind};

use super::{platform, refused_here, refused_there};

const SEND: &str = "/cgi-bin/message/subscribe/send";
const BIZSEND: &str = "/cgi-bin/message/subscribe/bizsend";

#[tokio::test(start_paused = true)]
async fn a_permission_is_used_up_by_one_message() {
    let platform = platform();
    let app = &platform.app;
    let appid = platform.sandbox.appid();
    let user = platform.sandbox.user("Ming");
    let template = platform
        .sandbox
        .add_subscribe_template(&appid, "t", "{{thing1.DATA}}");
    let message = || SendSubscribeMessage::new(user.openid(), &template).value("thing1", "面");

    let error = refused_there(app.call(message()).await, 43101);
    assert_eq!(error.class(), ErrorClass::User);
    let hint = "the user has not subscribed to this message, has used the subscription up or \
                refuses it: ask again in the page";
    assert_eq!(error.hint(), Some(hint));
    user.allow_message(&template);
    user.allow_message(&template);
    app.call(message()).await.unwrap();
    user.set_blocks_messages(true);
    refused_there(app.call(message()).await, 43101);
    user.set_blocks_messages(false);
    app.call(message()).await.unwrap();
    refused_there(app.call(message()).await, 43101);

    refused_there(
        app.call(SendSubscribeMessage::new("nobody", &template))
            .await,
        40003,
    );
    refused_there(
        app.call(SendSubscribeMessage::new(user.openid(), "t").value("thing1", "x"))
            .await,
        40037,
    );
    let own = platform.sandbox.add_template(&appid, "t", "");
    refused_there(
        app.call(BizSendSubscribeMessage::new(user.openid(), own))
            .await,
        40037,
    );
    refused_there(
        app.call(message().value("thing1", "长".repeat(21))).await,
        47003,
    );
    let error = app
        .call(message().value("thing1", "长".repeat(21)).strict())
        .await
        .unwrap_err();
    refused_here(&error, "data", &["thing1", "20", "21"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_user_who_is_being_sent_another_is_refused() {
    let platform = platform();
    let (app, sandbox) = (&platform.app, &platform.sandbox);
    let template = sandbox.add_subscribe_template(&sandbox.appid(), "t", "{{thing1.DATA}}");
    let (ming, mei) = (sandbox.user("Ming"), sandbox.user("Mei"));
    for user in [&ming, &ming, &mei] {
        user.allow_message(&template);
    }
    let message =
        |user: &User| SendSubscribeMessage::new(user.openid(), &template).value("thing1", "面");

    sandbox.delay_next(SEND, Duration::from_secs(2));
    let slow = app.call(message(&ming));
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let error = refused_there(app.call(message(&ming)).await, 43108);
        assert_eq!(error.class(), ErrorClass::Retry);
        let hint = "messages to one user must be sent one after the other";
        assert_eq!(error.hint(), Some(hint));
        app.call(message(&mei)).await.unwrap();
    };
    let (slow, ()) = tokio::join!(slow, meanwhile);
    slow.unwrap();
    // The rejected message used no permission and does not block the next one.
    app.call(message(&ming)).await.unwrap();
    refused_there(app.call(message(&ming)).await, 43101);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_may_have_been_sent_is_not_retried() {
    let platform = platform();
    platform.sandbox.drop_next(SEND);
    let error = platform
        .app
        .call(SendSubscribeMessage::new("o", "t"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(platform.sandbox.calls(SEND), 1);
}

#[tokio::test]
async fn each_kind_has_the_documented_fields() {
    let platform = platform();
    let app = &platform.app;
    let message = SendSubscribeMessage::new("o", "t")
        .page("pages/x?a=1")
        .state(State::Trial)
        .lang(Lang::HongKong);
    refused_there(app.call(message.value("thing1", "x")).await, 40003);
    assert_eq!(
        platform.body(SEND),
        json!({"touser": "o", "template_id": "t", "page": "pages/x?a=1",
               "miniprogram_state": "trial", "lang": "zh_HK", "data": {"thing1": {"value": "x"}}})
    );
    refused_there(app.call(SendSubscribeMessage::new("o", "t")).await, 40003);
    assert_eq!(
        platform.body(SEND),
        json!({"touser": "o", "template_id": "t", "data": {}})
    );
    let appid = AppId::new("wxmini").unwrap();
    let message = BizSendSubscribeMessage::new("o", "t")
        .page("https://x.example")
        .mini_program(appid, "p");
    refused_there(app.call(message).await, 40003);
    assert_eq!(
        platform.body(BIZSEND),
        json!({"touser": "o", "template_id": "t", "page": "https://x.example",
               "miniprogram": {"appid": "wxmini", "pagepath": "p"}, "data": {}})
    );
    refused_here(
        &app.call(BizSendSubscribeMessage::new("", "t"))
            .await
            .unwrap_err(),
        "touser",
        &[],
    );
    refused_here(
        &app.call(SendSubscribeMessage::new("o", ""))
            .await
            .unwrap_err(),
        "template_id",
        &[],
    );
}
