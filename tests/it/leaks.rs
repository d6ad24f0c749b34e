//! No secret appears in a log line, an error or a `Debug` text.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower::ServiceExt;
use tower_wechat::api::miniprogram::phone::{GetPhoneNumber, PhoneCode};
use tower_wechat::api::miniprogram::session::{
    CheckSession, CodeToSession, LoginCode, ResetSession,
};
use tower_wechat::api::miniprogram::user_data::{EncryptedData, UserProfile};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::api::oauth::{CheckUserToken, ExchangeCode, GetUserInfo, RefreshUserToken};
use tower_wechat::api::ticket::GetTicket;
use tower_wechat::api::token::{GetClassicToken, GetStableToken};
use tower_wechat::callback::Mode;
use tower_wechat::routes::TokenRoute;
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{
    AppConfig, AppSecret, Callback, ErrCode, Message, Reply, TokenGrant, TokenLayer, Wechat,
    handler_fn,
};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{code, post, send, settle};

/// Collects the log and whatever a test adds to it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn add(&self, text: impl fmt::Debug) {
        writeln!(self.clone(), "{text:?} {text:#?}").unwrap();
    }

    fn add_error(&self, error: &tower_wechat::Error) {
        self.add(error);
        let mut source: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = source {
            writeln!(self.clone(), "{error} {error:?}").unwrap();
            source = error.source();
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_flow_leaks_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // One thread, so that the subscriber sees every task.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _second = crate::support::second_subscriber();
    let secrets = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let sandbox = Sandbox::new();
            tokens(&sandbox, &log).await;
            sign_in(&sandbox, &log).await;
            pushes(&sandbox, &log).await;
            official(&sandbox, &log).await;
            mini_program(&sandbox, &log).await;
            sandbox.secrets()
        })
    });

    let text = log.text();
    // Check that the log is not empty, or the test would prove nothing.
    for expected in [
        "wechat.call",
        "wechat.route",
        "request_id",
        "/cgi-bin/stable_token",
        "40125",
        "refused",
    ] {
        assert!(text.contains(expected), "{expected} is not logged");
    }
    assert_eq!(secrets.len(), 44);
    for secret in secrets {
        let line = text.lines().find(|line| line.contains(secret.expose()));
        assert_eq!(line, None, "{secret:?}");
    }
    for name in [
        "access_token=",
        "secret=",
        "?code=",
        "&code=",
        "refresh_token=",
        "js_code=",
        "signature=",
    ] {
        let line = text.lines().find(|line| line.contains(name));
        assert_eq!(line, None, "an address with its query");
    }
}

async fn official(sandbox: &Sandbox, log: &Log) {
    use tower_wechat::api::{qrcode, quota, template, user};

    let wechat = sandbox.wechat();
    let app = wechat.app(Sandbox::APPID).unwrap();
    let secret = AppSecret::from(sandbox.secrets()[0].clone());
    let clear = quota::ClearQuotaBySecret::new(app.appid().clone(), &secret);
    log.add(&clear);
    app.call(clear).await.unwrap();
    let ticket = app
        .call(qrcode::CreateQrcode::temporary("x"))
        .await
        .unwrap();
    log.add(app.call(qrcode::ShowQrcode::of(&ticket)).await.unwrap());
    let refused = app.call(user::GetUser::new("nobody")).await.unwrap_err();
    log.add_error(&refused);
    let seen = app.call(quota::GetRid::new(refused.rid().unwrap())).await;
    log.add(seen.unwrap());
    log.add_error(&app.call(qrcode::ShowQrcode::new("gQ")).await.unwrap_err());
    log.add_error(
        &app.call(template::SendTemplateMessage::new("o", "t"))
            .await
            .unwrap_err(),
    );
    let routes = wechat.routes().unprotected();
    for route in ["/getwxqrcode", "/sendwxtemplatemsg"] {
        let body = format!(
            r#"{{"source":"t","appid":"{}","scene":"x"}}"#,
            Sandbox::APPID
        );
        log.add(routes.clone().oneshot(post(route, body)).await.unwrap());
    }
}

async fn tokens(sandbox: &Sandbox, log: &Log) {
    let config = sandbox.app_configs().remove(0);
    for grant in [TokenGrant::Stable, TokenGrant::Classic] {
        let builder = Wechat::builder()
            .transport(sandbox.clone())
            .clock(sandbox.clock());
        let builder = builder.app(config.clone().token_grant(grant));
        log.add(&builder);
        let wechat = builder.build().unwrap();
        let app = wechat.app(Sandbox::APPID).unwrap();
        log.add((
            &wechat,
            &app,
            wechat.tokens(),
            TokenLayer::new(wechat.tokens()),
        ));
        log.add(app.token().await.unwrap());
        app.call(GetCallbackIp::new()).await.unwrap();
        sandbox.expire_tokens();
        app.call(GetCallbackIp::new()).await.unwrap();
        sandbox.refuse_tokens();
        let _ = app.call(GetCallbackIp::new()).await;
        sandbox.advance(Duration::from_secs(7200 - 100));
        app.token().await.unwrap();
        settle().await;
        for (code, found) in [
            (-1, Some(-1)),
            // The token is replaced, and the sandbox does not serve the repeated call.
            (40001, None),
            (40164, Some(40164)),
            (45009, Some(45009)),
            (50001, Some(50001)),
        ] {
            sandbox.fail_next("/cgi-bin/message/test/send", ErrCode::new(code));
            let error = app.call(send()).await.unwrap_err();
            assert_eq!(error.errcode(), found.map(ErrCode::new), "{error}");
            log.add_error(&error);
        }
        sandbox.drop_next("/cgi-bin/message/test/send");
        log.add_error(&app.call(send()).await.unwrap_err());
        sandbox.advance(Duration::from_secs(7200));
    }
    log.add((&config, sandbox, sandbox.http(), sandbox.user("Hui🐠")));
    let secret = AppSecret::from(sandbox.secrets().remove(0));
    let appid = sandbox.appid();
    log.add((
        GetStableToken::new(appid.clone(), &secret),
        GetClassicToken::new(appid, &secret),
        &secret,
    ));

    let builder = Wechat::builder().transport(sandbox.clone());
    let wechat = builder
        .app(AppConfig::new(Sandbox::APPID, "a wrong secret"))
        .build()
        .unwrap();
    log.add_error(&wechat.tokens().get(Sandbox::APPID).await.unwrap_err());
}

async fn sign_in(sandbox: &Sandbox, log: &Log) {
    let wechat = sandbox.wechat();
    let app = wechat.app(Sandbox::APPID).unwrap();
    let first = code(sandbox, "snsapi_userinfo").await;
    let trade = ExchangeCode::new(first.clone());
    log.add(&trade);
    let token = app.call(trade).await.unwrap();
    let refresh = RefreshUserToken::new(token.refresh_token.clone());
    log.add((
        &token,
        GetUserInfo::new(&token),
        CheckUserToken::new(&token),
        &refresh,
    ));
    log.add((
        app.call(refresh).await.unwrap(),
        app.call(CheckUserToken::new(&token)).await.unwrap(),
    ));
    log.add(app.call(GetUserInfo::new(&token)).await.unwrap());
    log.add_error(&app.call(ExchangeCode::new(first)).await.unwrap_err());
    sandbox.advance(Duration::from_secs(7200));
    log.add_error(&app.call(GetUserInfo::new(&token)).await.unwrap_err());

    let routes = wechat
        .routes()
        .access_keys(["an access key of some length"]);
    log.add(&routes);
    let routes = wechat.routes().unprotected();
    for scope in ["snsapi_userinfo", "snsapi_base"] {
        let code = code(sandbox, scope).await;
        let body = format!(
            r#"{{"source":"test","appid":"{}","code":"{code}"}}"#,
            Sandbox::APPID
        );
        for body in [
            body.clone(),
            body.clone(),
            body.replace("\"source\"", "source"),
        ] {
            let response = routes
                .clone()
                .oneshot(post("/getwxuserinfo", body))
                .await
                .unwrap();
            log.add(response.headers());
            let text = response.into_body().into_bytes();
            assert!(!text.is_empty());
            log.add(text);
        }
    }
}

async fn mini_program(sandbox: &Sandbox, log: &Log) {
    let wechat = sandbox.wechat();
    let app = wechat.app(Sandbox::APPID).unwrap();
    let user = sandbox.user("Hui🐠");
    let trade = CodeToSession::new(LoginCode::new(user.login_code()));
    log.add(&trade);
    let session = app.call(trade.clone()).await.unwrap();
    log.add(&session);
    log.add_error(&app.call(trade).await.unwrap_err());
    let (openid, key) = (&session.openid, &session.session_key);
    let (check, reset) = (
        CheckSession::new(openid, key),
        ResetSession::new(openid, key),
    );
    log.add((&check, &reset, key));
    log.add(app.call(check.clone()).await.unwrap());
    log.add(app.call(reset).await.unwrap());
    log.add_error(&app.call(check).await.unwrap_err());
    log.add_error(&key.check_raw_data("{}", "0").unwrap_err());
    let body = user.encrypted_data(r#"{"nickName":"Hui"}"#).unwrap();
    let data: EncryptedData = serde_json::from_str(&body).unwrap();
    log.add(&data);
    log.add_error(&data.decrypt::<UserProfile>(key, app.appid()).unwrap_err());

    let trade = GetPhoneNumber::new(PhoneCode::new(user.phone_code()));
    log.add(&trade);
    log.add(app.call(trade.clone()).await.unwrap());
    log.add_error(&app.call(trade).await.unwrap_err());
    sandbox.drop_next("/wxa/business/getuserphonenumber");
    let trade = GetPhoneNumber::new(PhoneCode::new(user.phone_code()));
    log.add_error(&app.call(trade).await.unwrap_err());

    log.add(app.call(GetTicket::jsapi()).await.unwrap());
    let tokens = wechat.tokens();
    log.add((
        tokens.ticket(Sandbox::APPID).await,
        tokens.card_ticket(Sandbox::APPID).await,
    ));
    log.add(app.page_config("https://shop.example/").await.unwrap());
    log.add(app.card_ext("a card").await.unwrap());

    let key = "an access key of some length";
    let routes = wechat.routes().unprotected();
    let routes = routes.serve_tokens([key]).unwrap();
    log.add((&routes, TokenRoute::new(wechat, [key]).unwrap()));
    let bodies = [
        ("/token", String::new()),
        ("/token", r#","kind":"jsapi_ticket""#.to_owned()),
        ("/token", r#","kind":"other""#.to_owned()),
        (
            "/getuserphone",
            format!(r#","code":"{}""#, user.phone_code()),
        ),
        (
            "/getuserphone",
            format!(r#","code":["{}"]"#, user.phone_code()),
        ),
        ("/getunlimitedqrcode", r#","scene":"a""#.to_owned()),
    ];
    for (route, more) in bodies {
        let body = format!(r#"{{"source":"test","appid":"{}"{more}}}"#, Sandbox::APPID);
        let mut request = post(route, body);
        let bearer = format!("Bearer {key}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let response = routes.clone().oneshot(request).await.unwrap();
        log.add(response.headers());
    }
    assert!(!log.text().contains(key));
    assert!(!log.text().contains(&user.phone_number()));
}

async fn pushes(sandbox: &Sandbox, log: &Log) {
    let on_message = handler_fn(async |message: Message| {
        tracing::info!(?message, event = ?message.event(), "a message");
        Reply::text("hello")
    });
    for (appid, mode) in [
        ("wxp", Mode::Plaintext),
        ("wxc", Mode::Compatible),
        ("wxs", Mode::Secure),
    ] {
        let appid = sandbox.add_app(appid, mode).unwrap();
        let routes = sandbox.wechat().routes().on_message(on_message);
        let routes = routes.prefix("/v1/service/wx");
        log.add(&routes);
        let user = sandbox.user("Ming").at(&appid);
        assert!(sandbox.verify(&appid, routes.clone()).await);
        for push in [
            Push::text(&user, "hi"),
            Push::scan(&user, "1"),
            Push::scan(&user, "2"),
        ] {
            let delivery = sandbox.push(push, routes.clone()).await;
            assert!(delivery.is_answered());
            log.add(&delivery);
        }
        // The same pushes to an app with other keys.
        sandbox.set_callback_url(&appid, format!("/v1/service/wx/wxmsg/{}", Sandbox::APPID));
        let quick = sandbox.clone().patience(Duration::from_millis(1));
        let delivery = quick.push(Push::text(&user, "hi"), routes).await;
        assert!(!delivery.is_answered());
    }
    let keys = tower_wechat::CallbackKeys::secure("callbacktoken", "a".repeat(43)).unwrap();
    let recipient = keys.clone().for_app(sandbox.appid());
    log.add((
        keys,
        recipient.clone(),
        Callback::new(recipient, on_message),
    ));
    assert!(!log.text().contains("callbacktoken"));
}
