//! The sandbox enforces the platform's rules, including those this crate never triggers.

mod account_type;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::{ServiceExt, service_fn};
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::{Attempt, Push, Sandbox};
use tower_wechat::{Body, BoxError, Event, Message, Reply, handler_fn};

use crate::support::clock;

const APPID: &str = Sandbox::APPID;

async fn call(sandbox: &Sandbox, request: Request<Bytes>) -> Value {
    let response = sandbox.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_slice(response.body()).unwrap()
}

async fn get(sandbox: &Sandbox, target: &str) -> Value {
    call(sandbox, Request::get(target).body(Bytes::new()).unwrap()).await
}

fn secret(sandbox: &Sandbox) -> String {
    sandbox.secrets()[0].expose().to_owned()
}

async fn classic(sandbox: &Sandbox) -> Value {
    let secret = secret(sandbox);
    let query = format!("grant_type=client_credential&appid={APPID}&secret={secret}");
    get(sandbox, &format!("/cgi-bin/token?{query}")).await
}

async fn stable(sandbox: &Sandbox, force: bool) -> Value {
    let body = json!({
        "grant_type": "client_credential", "appid": APPID, "secret": secret(sandbox),
        "force_refresh": force
    });
    let request = Request::post("/cgi-bin/stable_token");
    call(sandbox, request.body(body.to_string().into()).unwrap()).await
}

async fn works(sandbox: &Sandbox, answer: &Value) -> bool {
    let token = answer["access_token"].as_str().unwrap();
    let answer = get(
        sandbox,
        &format!("/cgi-bin/getcallbackip?access_token={token}"),
    )
    .await;
    answer.get("errcode").is_none()
}

#[tokio::test]
async fn a_new_classic_token_retires_the_one_before_it_after_five_minutes() {
    let sandbox = Sandbox::with_clock(clock());
    let (old, new) = (classic(&sandbox).await, classic(&sandbox).await);
    assert_ne!(old, new);
    assert_eq!(new["expires_in"], 7200);
    assert!(works(&sandbox, &old).await && works(&sandbox, &new).await);
    sandbox.advance(Duration::from_secs(300));
    assert!(!works(&sandbox, &old).await && works(&sandbox, &new).await);
    sandbox.advance(Duration::from_secs(6900));
    assert!(!works(&sandbox, &new).await);
}

#[tokio::test]
async fn the_classic_call_has_a_quota_of_two_thousand_a_day() {
    let sandbox = Sandbox::with_clock(clock());
    for _ in 0..2_000 {
        assert_eq!(classic(&sandbox).await["expires_in"], 7200);
    }
    assert_eq!(classic(&sandbox).await["errcode"], 45009);
    sandbox.advance(Duration::from_secs(24 * 3600));
    assert_eq!(classic(&sandbox).await["expires_in"], 7200);
}

#[tokio::test]
async fn a_stable_token_is_the_same_until_its_last_five_minutes() {
    let sandbox = Sandbox::with_clock(clock());
    let first = stable(&sandbox, false).await;
    sandbox.advance(Duration::from_secs(6855));
    let again = stable(&sandbox, false).await;
    assert_eq!(again["access_token"], first["access_token"]);
    assert_eq!(again["expires_in"], 345);
    sandbox.advance(Duration::from_secs(45));
    let next = stable(&sandbox, false).await;
    assert_ne!(next["access_token"], first["access_token"]);
    assert!(works(&sandbox, &first).await && works(&sandbox, &next).await);
    // The tokens of the two grants are independent.
    classic(&sandbox).await;
    classic(&sandbox).await;
    sandbox.advance(Duration::from_secs(299));
    assert!(works(&sandbox, &first).await && works(&sandbox, &next).await);
    sandbox.advance(Duration::from_secs(1));
    assert!(!works(&sandbox, &first).await && works(&sandbox, &next).await);
}

#[tokio::test]
async fn a_forced_refresh_invalidates_at_once_and_has_a_budget() {
    let sandbox = Sandbox::with_clock(clock());
    let mut last = stable(&sandbox, false).await;
    for _ in 0..20 {
        let next = stable(&sandbox, true).await;
        assert_ne!(next["access_token"], last["access_token"]);
        assert!(!works(&sandbox, &last).await && works(&sandbox, &next).await);
        let closer = stable(&sandbox, true).await;
        assert_eq!(
            closer["access_token"], next["access_token"],
            "too close to the last one"
        );
        sandbox.advance(Duration::from_secs(30));
        last = next;
    }
    assert_eq!(stable(&sandbox, true).await["errcode"], 45009);
    assert!(works(&sandbox, &last).await);
}

#[tokio::test]
async fn errors_have_the_platforms_codes_and_a_rid() {
    let sandbox = Sandbox::with_clock(clock());
    let secret = secret(&sandbox);
    let token = |rest: &str| format!("/cgi-bin/token?grant_type=client_credential{rest}");
    let cases = [
        ("/cgi-bin/token".to_owned(), 40002),
        (token(""), 41002),
        (token("&appid=wx0&secret=x"), 40013),
        (token(&format!("&appid={APPID}")), 41004),
        (token(&format!("&appid={APPID}&secret=x")), 40125),
        ("/cgi-bin/stable_token".to_owned(), 43002),
        ("/cgi-bin/getcallbackip".to_owned(), 41001),
        ("/cgi-bin/getcallbackip?access_token=x".to_owned(), 40001),
        (
            format!("/sns/oauth2/access_token?appid={APPID}&secret={secret}"),
            40002,
        ),
        (
            format!(
                "/sns/oauth2/access_token?appid={APPID}&secret={secret}\
                 &grant_type=authorization_code"
            ),
            41008,
        ),
        ("/sns/oauth2/refresh_token".to_owned(), 41002),
        ("/sns/userinfo".to_owned(), 41001),
        ("/sns/userinfo?access_token=x".to_owned(), 41009),
        ("/sns/userinfo?access_token=x&openid=o".to_owned(), 40001),
        ("/sns/auth?access_token=x&openid=o".to_owned(), 40001),
    ];
    for (target, code) in cases {
        let answer = get(&sandbox, &target).await;
        assert_eq!(answer["errcode"], code, "{target}");
        let errmsg = answer["errmsg"].as_str().unwrap();
        let rid = errmsg.split("rid: ").nth(1).unwrap();
        assert!(
            rid.len() == 26 && rid.split('-').all(|part| part.len() == 8),
            "{errmsg}"
        );
    }
    let post = Request::post("/cgi-bin/token").body(Bytes::new()).unwrap();
    assert_eq!(call(&sandbox, post).await["errcode"], 43001);
    let post = Request::post("/cgi-bin/stable_token")
        .body("not json".into())
        .unwrap();
    assert_eq!(call(&sandbox, post).await["errcode"], 47001);
    let unknown = Request::get("/cgi-bin/nosuch").body(Bytes::new()).unwrap();
    assert_eq!(
        sandbox.oneshot(unknown).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

/// Sends a push to a callback that fails its first `failures` requests in the way of `how`.
async fn pushed(mode: Mode, failures: usize, how: Failure) -> (Vec<Attempt>, Duration, usize) {
    let sandbox = Sandbox::new();
    let appid = sandbox.add_app("wxpushed", mode).unwrap();
    sandbox.set_callback_url(&appid, "/wxmsg");
    let routes = sandbox
        .wechat()
        .routes()
        .on_message(handler_fn(async |message: Message| match message.event() {
            Event::Text(text) => Reply::text(text.content()),
            _ => Reply::none(),
        }));
    let routes = routes.prefix("");
    sandbox.set_callback_url(&appid, "/wxmsg/wxpushed");
    let seen = Arc::new(AtomicUsize::new(0));
    let target = service_fn({
        let seen = seen.clone();
        move |request: Request<Body>| {
            let fails = seen.fetch_add(1, Ordering::Relaxed) < failures;
            let routes = routes.clone();
            async move {
                match how {
                    _ if !fails => Ok(routes.oneshot(request).await.unwrap()),
                    Failure::Slow => std::future::pending().await,
                    Failure::Broken => Err(BoxError::from("broken")),
                    Failure::Status => {
                        let mut response = Response::new(Body::empty());
                        *response.status_mut() = StatusCode::BAD_GATEWAY;
                        Ok(response)
                    }
                    Failure::Body(body) => Ok(Response::new(Body::from(body))),
                }
            }
        }
    });
    let start = tokio::time::Instant::now();
    let user = sandbox.user("Hui").at(&appid);
    let delivery = sandbox.push(Push::text(&user, "hi"), target).await;
    assert_eq!(delivery.is_answered(), failures < 3);
    assert_eq!(delivery.reply().is_some(), failures < 3);
    if let Some(reply) = delivery.reply() {
        assert_eq!(reply.text(), Some("hi"));
        assert_eq!(reply.is_encrypted(), mode != Mode::Plaintext);
        assert_eq!(reply.document().to_user_name(), user.openid());
    }
    (
        delivery.attempts,
        start.elapsed(),
        seen.load(Ordering::Relaxed),
    )
}

#[derive(Clone, Copy)]
enum Failure {
    Slow,
    Broken,
    Status,
    Body(&'static str),
}

#[tokio::test(start_paused = true)]
async fn a_push_is_sent_three_times_five_seconds_apart_until_it_is_answered() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let (attempts, _, _) = pushed(mode, 0, Failure::Slow).await;
        assert!(matches!(&attempts[..], [Attempt::Reply(_)]), "{attempts:?}");
    }
    let (attempts, elapsed, seen) = pushed(Mode::Secure, 1, Failure::Slow).await;
    assert!(
        matches!(&attempts[..], [Attempt::Timeout, Attempt::Reply(_)]),
        "{attempts:?}"
    );
    assert_eq!((elapsed.as_secs(), seen), (5, 2));
    let (attempts, _, _) = pushed(Mode::Secure, 2, Failure::Broken).await;
    assert!(
        matches!(
            &attempts[..],
            [Attempt::Broken, Attempt::Broken, Attempt::Reply(_)]
        ),
        "{attempts:?}"
    );
    let (attempts, elapsed, seen) = pushed(Mode::Secure, 9, Failure::Status).await;
    assert!(matches!(
        &attempts[..],
        [Attempt::Status(502), _, Attempt::Status(502)]
    ));
    assert_eq!(seen, 3);
    assert_eq!(elapsed.as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_reply_is_not_accepted() {
    for body in ["<html>", "ok", "{}}", "<xml><Encrypt>AAAA</Encrypt></xml>"] {
        let (attempts, _, _) = pushed(Mode::Secure, 9, Failure::Body(body)).await;
        assert!(
            attempts
                .iter()
                .all(|attempt| matches!(attempt, Attempt::Invalid(_))),
            "{body}"
        );
    }
    let clear = "<xml><MsgType><![CDATA[text]]></MsgType><Content>x</Content></xml>";
    let (attempts, _, _) = pushed(Mode::Secure, 9, Failure::Body(clear)).await;
    assert!(
        matches!(attempts[0], Attempt::Invalid(_)),
        "a plaintext reply in secure mode"
    );
}

#[tokio::test(start_paused = true)]
async fn a_scan_subscribes_a_non_follower() {
    let sandbox = Sandbox::with_clock(clock());
    let routes = sandbox.wechat().routes().prefix("/v1/service/wx");
    let routes = routes.on_message(handler_fn(async |message: Message| match message.event() {
        Event::Subscribe(new) => Reply::text(format!("new {:?}", new.scene())),
        Event::Scan(scan) => Reply::text(format!("scan {:?}", scan.scene())),
        Event::Unsubscribe(_) => Reply::none(),
        other => panic!("{other:?}"),
    }));
    let user = sandbox.user("Ming");
    let text = async |push: Push| {
        let delivery = sandbox.push(push, routes.clone()).await;
        delivery
            .reply()
            .and_then(|reply| reply.text().map(str::to_owned))
    };
    assert_eq!(
        text(Push::scan(&user, "qrscene_1")).await.unwrap(),
        r#"new Some("qrscene_1")"#
    );
    assert!(user.follows());
    assert_eq!(text(Push::scan(&user, "1")).await.unwrap(), r#"scan "1""#);
    assert_eq!(text(Push::unsubscribe(&user)).await, None);
    assert!(!user.follows());
    assert_eq!(
        text(Push::subscribe(&user, None)).await.unwrap(),
        "new None"
    );
}

/// Without digits, no part of the signed text reads as another timestamp.
#[tokio::test]
async fn the_nonce_of_a_push_has_no_digit() {
    let sandbox = Sandbox::with_clock(clock());
    let target = service_fn(|request: Request<Body>| {
        let query = request.uri().query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, nonce) = pairs.find(|(name, _)| name == "nonce").unwrap();
        assert!(
            nonce.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{nonce}"
        );
        async { Ok::<_, BoxError>(Response::new(Body::from("success"))) }
    });
    let delivery = sandbox
        .push(Push::text(&sandbox.user("Hui"), "hi"), target)
        .await;
    assert!(
        matches!(delivery.attempts[..], [Attempt::Success]),
        "{delivery:?}"
    );
}
