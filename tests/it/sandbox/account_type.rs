//! Accounts cannot make the calls of other account types.

use tower::ServiceExt;
use tower_wechat::api::customer_service::{Article, Link, SendCustomerServiceMessage, SetTyping};
use tower_wechat::api::miniprogram::code::GetUnlimitedQrcode;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::api::quota::GetRid;
use tower_wechat::api::{menu, qrcode, subscribe_message, template, user};
use tower_wechat::sandbox::{AccountType, Push, Sandbox};
use tower_wechat::{App, ErrCode, Error, ErrorClass, Reply, handler_fn};

use crate::support::clock;

fn account(account_type: AccountType) -> (Sandbox, App) {
    let sandbox = Sandbox::with_clock(clock());
    sandbox.set_account_type(&sandbox.appid(), account_type);
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    (sandbox, app)
}

fn unauthorized<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::API_UNAUTHORIZED), "{error}");
    assert_eq!(error.class(), ErrorClass::Permission);
    error
}

#[tokio::test]
async fn a_mini_program_cannot_make_calls_of_an_official_account() {
    let (_, app) = account(AccountType::MiniProgram);
    let error = unauthorized(app.call(qrcode::CreateQrcode::temporary("order-42")).await);
    let hint = "only a verified service account (服务号) can make QR codes";
    assert_eq!(error.hint(), Some(hint));
    unauthorized(app.call(template::SendTemplateMessage::new("o", "t")).await);
    unauthorized(app.call(template::ListTemplates::new()).await);
    unauthorized(
        app.call(subscribe_message::BizSendSubscribeMessage::new("o", "t"))
            .await,
    );
    unauthorized(app.call(user::ListFollowers::new()).await);
    unauthorized(app.call(menu::GetMenu::new()).await);

    app.call(GetUnlimitedQrcode::new("order=42")).await.unwrap();
    let own = app
        .call(subscribe_message::SendSubscribeMessage::new("o", "t"))
        .await;
    let error = own.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_OPENID));
    app.call(GetCallbackIp::new()).await.unwrap();
}

#[tokio::test]
async fn an_official_account_cannot_make_calls_of_a_mini_program() {
    for account_type in [
        AccountType::ServiceAccount,
        AccountType::SubscriptionAccount,
    ] {
        let (_, app) = account(account_type);
        unauthorized(app.call(GetUnlimitedQrcode::new("order=42")).await);
        unauthorized(
            app.call(subscribe_message::SendSubscribeMessage::new("o", "t"))
                .await,
        );
        app.call(user::ListFollowers::new()).await.unwrap();
        app.call(GetCallbackIp::new()).await.unwrap();
    }
}

#[tokio::test]
async fn a_subscription_account_cannot_create_codes_or_send_template_messages() {
    let (_, app) = account(AccountType::SubscriptionAccount);
    unauthorized(app.call(qrcode::CreateQrcode::temporary("order-42")).await);
    unauthorized(app.call(template::SendTemplateMessage::new("o", "t")).await);
    let (_, app) = account(AccountType::ServiceAccount);
    let create = qrcode::CreateQrcode::temporary("order-42");
    app.call(create).await.unwrap();
}

#[tokio::test]
async fn an_unverified_subscription_account_can_only_reply_passively() {
    let (sandbox, app) = account(AccountType::UnverifiedSubscriptionAccount);
    let hui = sandbox.user("Hui");
    let routes = sandbox.wechat().routes();
    let routes = routes.on_message(handler_fn(|_| async { "hello" }));
    let delivery = sandbox
        .push(Push::text(&hui, "hi"), routes.prefix("/v1/service/wx"))
        .await;
    assert_eq!(delivery.reply().unwrap().text(), Some("hello"));

    unauthorized(
        app.call(SendCustomerServiceMessage::text(hui.openid(), "late"))
            .await,
    );
    unauthorized(app.call(SetTyping::start(hui.openid())).await);
    unauthorized(app.call(qrcode::CreateQrcode::temporary("order-42")).await);
    unauthorized(app.call(template::SendTemplateMessage::new("o", "t")).await);
    unauthorized(app.call(user::ListFollowers::new()).await);
    unauthorized(app.call(menu::GetMenu::new()).await);
    unauthorized(app.call(GetUnlimitedQrcode::new("order=42")).await);
    app.call(GetCallbackIp::new()).await.unwrap();
    assert!(hui.received().is_empty());

    let page = format!(
        "/connect/oauth2/authorize?appid={}&redirect_uri=https%3A%2F%2Fshop.example%2Fin&\
         response_type=code&scope=snsapi_base&state=1",
        Sandbox::APPID
    );
    let request = http::Request::get(page).body(bytes::Bytes::new()).unwrap();
    let response = sandbox.clone().oneshot(request).await.unwrap();
    let shown = String::from_utf8_lossy(response.body()).into_owned();
    let expected = "<p>10005: the app may not ask for this scope</p>";
    assert!(shown.contains(expected), "{shown}");
}

#[tokio::test]
async fn a_rejected_call_can_be_looked_up_by_its_rid() {
    let (_, app) = account(AccountType::MiniProgram);
    let error = unauthorized(app.call(user::ListFollowers::new()).await);
    let call = app.call(GetRid::new(error.rid().unwrap())).await.unwrap();
    let url = call.request.request_url.expose();
    assert!(url.starts_with("/cgi-bin/user/get?"), "{url}");
}

#[tokio::test]
async fn each_type_has_different_kinds_of_customer_service_messages() {
    for account_type in [AccountType::ServiceAccount, AccountType::MiniProgram] {
        let (sandbox, app) = account(account_type);
        let user = sandbox.user("Hui");
        let routes = sandbox.wechat().routes();
        let routes = routes.on_message(handler_fn(|_| async { Reply::none() }));
        let routes = routes.prefix("/v1/service/wx");
        sandbox.push(Push::text(&user, "hi"), routes).await;

        let news = SendCustomerServiceMessage::news(
            user.openid(),
            Article::new("t", "https://example.com"),
        );
        let link =
            SendCustomerServiceMessage::link(user.openid(), Link::new("t", "https://example.com"));
        let (own, foreign) = match account_type {
            AccountType::MiniProgram => (link, news),
            _ => (news, link),
        };
        app.call(own).await.unwrap();
        let error = app.call(foreign).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_MESSAGE_TYPE));
    }
}
