//! Template messages: requests, errors, retries and delivery events.

use std::time::Duration;

use serde_json::json;
use tower_wechat::api::subscribe_message;
use tower_wechat::api::template::{self, SendTemplateMessage};
use tower_wechat::{AppId, ErrCode, ErrorClass, ErrorKind, Event, Message, Reply, handler_fn};

use super::{Platform, platform, refused_here, refused_there};
use crate::support::json;

const SEND: &str = "/cgi-bin/message/template/send";

/// A valid message to a follower.
fn message(platform: &Platform) -> SendTemplateMessage {
    let user = platform.sandbox.user("Ming");
    user.set_follows(true);
    let appid = platform.sandbox.appid();
    let content = "{{thing1.DATA}} {{phrase4.DATA}}";
    let template = platform.sandbox.add_template(&appid, "发货通知", content);
    SendTemplateMessage::new(user.openid(), template)
        .value("thing1", "茶叶")
        .value("phrase4", "已发货")
}

#[tokio::test]
async fn a_message_is_sent_as_documented() {
    let platform = platform();
    let sent = platform.app.call(message(&platform)).await.unwrap();
    assert!(sent.msgid > 1_000_000_000_000_000_000, "{sent:?}");
    let body = platform.body(SEND);
    let data = json!({"thing1": {"value": "茶叶"}, "phrase4": {"value": "已发货"}});
    assert_eq!(body["data"], data);
    assert_eq!(body.as_object().unwrap().len(), 3, "{body}");

    let appid = AppId::new(platform.sandbox.appid()).unwrap();
    let full = message(&platform)
        .url("https://shop.example/?a=1&b=<2>")
        .mini_program(appid.clone(), "pages/order?id=42")
        .client_msg_id("m-1");
    platform.app.call(full).await.unwrap();
    let body = platform.body(SEND);
    assert_eq!(body["url"], "https://shop.example/?a=1&b=<2>");
    assert_eq!(
        body["miniprogram"],
        json!({"appid": appid, "pagepath": "pages/order?id=42"})
    );
    assert_eq!(body["client_msg_id"], "m-1");
    let raw = platform.sent.of(SEND).pop().unwrap();
    assert!(
        String::from_utf8_lossy(raw.body()).contains("&b=<2>"),
        "nothing is escaped"
    );
}

#[tokio::test]
async fn the_id_keeps_every_digit() {
    let platform = platform();
    let id = 3_428_411_849_815_982_087_u64;
    for body in [
        format!(r#"{{"errcode":0,"errmsg":"ok","msgid":{id}}}"#),
        format!(r#"{{"errcode":"0","errmsg":"ok","msgid":"{id}"}}"#),
    ] {
        platform.sandbox.answer_next(SEND, json(body));
        assert_eq!(
            platform.app.call(message(&platform)).await.unwrap().msgid,
            id
        );
    }
}

#[tokio::test]
async fn each_error_has_a_class_and_a_hint() {
    let platform = platform();
    let app = &platform.app;
    let appid = platform.sandbox.appid();
    let ming = platform.sandbox.user("Ming");
    let good = message(&platform);
    let template = platform
        .sandbox
        .add_template(&appid, "t", "{{thing1.DATA}}");
    let subscribe = platform
        .sandbox
        .add_subscribe_template(&appid, "t", "{{thing1.DATA}}");
    let to = |openid: String, template: &str| {
        SendTemplateMessage::new(openid, template).value("thing1", "x")
    };

    let error = refused_there(app.call(to("nobody".to_owned(), &template)).await, 40003);
    assert_eq!(error.class(), ErrorClass::User);
    let error = refused_there(app.call(to(ming.openid(), "unknown")).await, 40037);
    assert_eq!(error.class(), ErrorClass::Input);
    let hint = "this template belongs to another account, was deleted, or is of the subscribe kind, \
                which message/subscribe/bizsend sends";
    assert_eq!(error.hint(), Some(hint));
    let error = refused_there(app.call(to(ming.openid(), &subscribe)).await, 40037);
    assert_eq!(error.hint(), Some(hint));
    let unlinked = AppId::new("wxunlinked").unwrap();
    let error = refused_there(
        app.call(good.clone().mini_program(unlinked, "")).await,
        40013,
    );
    assert_eq!(error.class(), ErrorClass::Input, "not the operator's");
    let hint = "the mini-program in the message is unknown, not linked to this account or \
                not published";
    assert_eq!(error.hint(), Some(hint));
    let error = refused_there(app.call(good.clone().value("phrase4", "abc")).await, 47003);
    assert!(
        error
            .errmsg()
            .unwrap()
            .contains("data.phrase4.value invalid"),
        "{error}"
    );
    let error = refused_there(app.call(good.clone().value("thing1", "")).await, 47003);
    assert_eq!(
        error.errmsg(),
        Some("argument invalid! data.thing1.value is empty")
    );
    ming.set_follows(false);
    let error = refused_there(app.call(good.clone()).await, 43004);
    assert_eq!(error.class(), ErrorClass::User);
    let hint = "the user does not follow the account, or has unfollowed it: nothing can be \
                sent";
    assert_eq!(error.hint(), Some(hint));
    ming.set_follows(true);
    platform.sandbox.set_daily_quota(SEND, 7);
    let error = refused_there(app.call(good.clone()).await, 45009);
    assert_eq!(error.class(), ErrorClass::Quota);
    let hint = "the daily quota is used up: it resets at midnight, China time, or by \
                clear_quota, ten times a month";
    assert_eq!(error.hint(), Some(hint));
    platform.sandbox.advance(Duration::from_secs(24 * 3600));
    app.call(good).await.unwrap();
}

#[tokio::test]
async fn a_message_to_a_blacklisted_user_is_rejected() {
    let platform = platform();
    let (message, user) = (message(&platform), platform.sandbox.user("Ming"));
    user.set_blacklisted(true);
    let error = refused_there(platform.app.call(message.clone()).await, 43019);
    assert_eq!(error.class(), ErrorClass::User);
    let hint = "the user is on the account's blacklist";
    assert_eq!(error.hint(), Some(hint));
    assert!(user.follows());
    user.set_blacklisted(false);
    platform.app.call(message).await.unwrap();
}

#[tokio::test]
async fn strict_checks_each_value_before_it_is_sent() {
    let platform = platform();
    let long = message(&platform).value("thing1", "长".repeat(21)).strict();
    let error = platform.app.call(long).await.unwrap_err();
    refused_here(
        &error,
        "data",
        &["keyword thing1", "at most 20", "it has 21"],
    );
    refused_here(
        &platform
            .app
            .call(message(&platform).client_msg_id(""))
            .await
            .unwrap_err(),
        "client_msg_id",
        &[],
    );
    refused_here(
        &platform
            .app
            .call(SendTemplateMessage::new("", "t"))
            .await
            .unwrap_err(),
        "touser",
        &[],
    );
    refused_here(
        &platform
            .app
            .call(SendTemplateMessage::new("o", ""))
            .await
            .unwrap_err(),
        "template_id",
        &[],
    );
    assert_eq!(platform.sandbox.calls(SEND), 0);
    platform
        .app
        .call(message(&platform).strict())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_is_retried_only_with_its_id() {
    let platform = platform();
    let app = &platform.app;
    platform.sandbox.drop_next(SEND);
    let error = app.call(message(&platform)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(platform.sandbox.calls(SEND), 1, "the user may have got it");

    platform.sandbox.fail_next(SEND, ErrCode::SYSTEM_BUSY);
    platform.sandbox.drop_next(SEND);
    app.call(message(&platform).client_msg_id("m-1"))
        .await
        .unwrap();
    assert_eq!(platform.sandbox.calls(SEND), 4);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_timed_out_after_it_was_sent_arrives_once() {
    let platform = platform();
    platform.app.token().await.unwrap();
    // The platform sends the message at once and responds too late.
    platform.sandbox.delay_next(SEND, Duration::from_secs(3600));
    let once = message(&platform).client_msg_id("m-2");
    let sent = platform.app.call(once).await.unwrap();
    assert_eq!(platform.sandbox.calls(SEND), 2);
    let deliveries = platform
        .sandbox
        .deliver_pending(recorder(&platform).0)
        .await;
    assert_eq!(deliveries.len(), 1);
    let _ = sent;
}

type Seen = std::sync::Arc<std::sync::Mutex<Vec<(u64, String)>>>;

/// Returns routes that record the outcome of each message.
fn recorder(
    platform: &Platform,
) -> (
    impl tower::Service<
        http::Request<tower_wechat::Body>,
        Response = http::Response<tower_wechat::Body>,
        Error = std::convert::Infallible,
    > + Clone,
    Seen,
) {
    let seen = Seen::default();
    let noted = seen.clone();
    let routes = platform.wechat.routes().prefix("/v1/service/wx");
    let routes = routes.on_message(handler_fn(move |message: Message| {
        let noted = noted.clone();
        async move {
            if let Event::TemplateSendJobFinish(finish) = message.event() {
                let id = finish.msg_id().parse().unwrap();
                noted.lock().unwrap().push((id, finish.status().to_owned()));
            }
            Reply::none()
        }
    }));
    (routes, seen)
}

#[tokio::test]
async fn the_delivery_event_has_the_message_id() {
    let platform = platform();
    let (routes, seen) = recorder(&platform);
    let first = platform.app.call(message(&platform)).await.unwrap();
    platform.sandbox.user("Ming").set_blocks_messages(true);
    let second = platform.app.call(message(&platform)).await.unwrap();
    let deliveries = platform.sandbox.deliver_pending(routes.clone()).await;
    assert!(deliveries.iter().all(|delivery| delivery.is_answered()));
    let expected = [
        (first.msgid, "success".to_owned()),
        (second.msgid, "failed:user block".to_owned()),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert!(platform.sandbox.deliver_pending(routes).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_with_a_callback_pushes_at_once() {
    use tower::ServiceExt;
    let platform = platform();
    let (routes, seen) = recorder(&platform);
    // Only one thread uses the routes of a test, so they need not be `Sync`.
    let routes = std::sync::Arc::new(std::sync::Mutex::new(routes));
    let sent = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let transport = tower::service_fn({
        let sent = sent.clone();
        move |request: http::Request<bytes::Bytes>| {
            sent.lock().unwrap().push(request);
            std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(
                bytes::Bytes::from("success"),
            )))
        }
    });
    let _http = platform.sandbox.http().push_through(transport);
    let message = platform.app.call(message(&platform)).await.unwrap();
    crate::support::settle().await;
    let request = sent.lock().unwrap().pop().expect("the push");
    let routes = routes.lock().unwrap().clone();
    routes
        .oneshot(request.map(tower_wechat::Body::from))
        .await
        .unwrap();
    assert_eq!(seen.lock().unwrap()[0].0, message.msgid);
}

#[tokio::test]
async fn a_delivery_event_is_not_a_user_interaction() {
    use tower_wechat::api::customer_service;
    let platform = platform();
    let openid = platform.sandbox.user("Ming").openid();
    platform.app.call(message(&platform)).await.unwrap();
    platform
        .sandbox
        .deliver_pending(recorder(&platform).0)
        .await;
    let text = customer_service::SendCustomerServiceMessage::text(openid, "hi");
    refused_there(platform.app.call(text).await, 45015);
}

#[tokio::test]
async fn templates_are_added_listed_and_deleted() {
    let platform = platform();
    let app = &platform.app;
    let names = ["商品名称", "发货时间"];
    let first = app
        .call(template::AddTemplate::new("42841", names))
        .await
        .unwrap()
        .template_id;
    for _ in 1..25 {
        app.call(template::AddTemplate::new("42841", names))
            .await
            .unwrap();
    }
    let error = refused_there(
        app.call(template::AddTemplate::new("42841", names)).await,
        45026,
    );
    let hint = "the account has its maximum of 25 templates: delete one first";
    assert_eq!(error.hint(), Some(hint));
    let all = app
        .call(template::ListTemplates::new())
        .await
        .unwrap()
        .template_list;
    assert_eq!(all.len(), 25);
    let keywords: Vec<_> = all[0].keywords().collect();
    assert_eq!(keywords, ["thing1", "thing2"]);
    app.call(template::DeleteTemplate::new(&first))
        .await
        .unwrap();
    refused_there(app.call(template::DeleteTemplate::new(&first)).await, 40037);

    app.call(template::SetIndustry::new("1", "4"))
        .await
        .unwrap();
    refused_there(app.call(template::SetIndustry::new("1", "4")).await, 43100);
    let chosen = app.call(template::GetIndustry::new()).await.unwrap();
    assert_eq!(chosen.secondary_industry.second_class, "4");
}

/// A test can read what the user sees.
#[tokio::test]
async fn the_user_sees_template_and_subscribe_messages() {
    let platform = platform();
    let user = platform.sandbox.user("Ming");
    platform.app.call(message(&platform)).await.unwrap();
    let appid = platform.sandbox.appid();
    let template = platform
        .sandbox
        .add_subscribe_template(&appid, "t", "{{thing2.DATA}}");
    user.allow_message(&template);
    let subscribed = subscribe_message::BizSendSubscribeMessage::new(user.openid(), &template);
    platform
        .app
        .call(subscribed.value("thing2", "x"))
        .await
        .unwrap();
    let [sent, subscribed] = &user.received()[..] else {
        panic!("two messages: {:?}", user.received())
    };
    assert_eq!(sent["data"]["thing1"]["value"], "茶叶");
    assert_eq!(subscribed["template_id"], template);
    assert_eq!(subscribed["data"]["thing2"]["value"], "x");

    // A message that the user blocks is accepted but not shown.
    user.set_blocks_messages(true);
    platform.app.call(message(&platform)).await.unwrap();
    assert_eq!(user.received().len(), 2);
}
