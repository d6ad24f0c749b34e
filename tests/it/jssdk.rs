//! Signatures of pages and cards, and the tickets they use.

use std::time::Duration;

use serde_json::Value;
use tower_wechat::jssdk::{card_signature, signature};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::{MemoryTokenStore, Status};
use tower_wechat::{App, ErrCode, ErrorKind, Secret, Wechat};

use crate::support::{Recorded, STABLE, clock, settle};

const TICKET: &str = "/cgi-bin/ticket/getticket";
const APPID: &str = Sandbox::APPID;

fn sandbox() -> (Sandbox, App) {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    (sandbox, app)
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/vectors.json")).unwrap()
}

#[test]
fn pages_are_signed_as_in_the_vectors() {
    let vectors = vectors();
    for vector in vectors["jssdk"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap();
        let ticket = Secret::new(text("jsapi_ticket"));
        let timestamp = vector["timestamp"].as_u64().unwrap();
        let signed = signature(&ticket, text("noncestr"), timestamp, text("url"));
        assert_eq!(signed, text("signature"), "{}", text("id"));
    }
}

#[test]
fn cards_are_signed_as_in_the_vectors() {
    let vectors = vectors();
    for vector in vectors["card_sign"].as_array().unwrap() {
        let parts = vector["parts"].as_array().unwrap();
        let signed = card_signature(parts.iter().map(|part| part.as_str().unwrap()));
        assert_eq!(signed, vector["signature"].as_str().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_signed_with_the_jsapi_ticket() {
    let (_sandbox, app) = sandbox();
    let url = "https://shop.example/cart?item=7&x=%E6%A1%8C";
    let config = app.page_config(format!("{url}#/pay")).await.unwrap();
    let json = serde_json::to_value(&config).unwrap();
    assert_eq!(json["appId"], APPID);
    assert_eq!(json["timestamp"], 1_767_225_600);
    let nonce = json["nonceStr"].as_str().unwrap();
    assert_eq!(nonce.len(), 16);
    assert_eq!(json.as_object().unwrap().len(), 4);
    let ticket = {
        let wechat_ticket = app.page_config(url).await.unwrap();
        assert_ne!(wechat_ticket.nonce_str, config.nonce_str);
        _sandbox.wechat().tokens().ticket(APPID).await.unwrap()
    };
    let expected = signature(ticket.secret(), nonce, config.timestamp, url);
    assert_eq!(json["signature"], expected);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_page_url_is_not_signed() {
    let (sandbox, app) = sandbox();
    let long = format!("https://x/{}", "y".repeat(8192));
    for url in [
        "",
        "shop.example/cart",
        "ftp://x/",
        "https://",
        "https://x/a b",
        "http://x/\n",
        &long,
    ] {
        let error = app.page_config(url).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Input, Some("url")),
            "{url}"
        );
    }
    assert_eq!(sandbox.calls(TICKET), 0);
}

#[tokio::test(start_paused = true)]
async fn a_card_is_signed_with_the_card_ticket() {
    let (sandbox, _) = sandbox();
    let wechat = sandbox.wechat();
    let app = wechat.app(APPID).unwrap();
    let card = app.card_ext("pFS7Fjg8kV1IdDz01r4SQwMkuCKc").await.unwrap();
    let tokens = wechat.tokens();
    let ticket = tokens.card_ticket(APPID).await.unwrap();
    assert_ne!(
        ticket.secret(),
        tokens.ticket(APPID).await.unwrap().secret()
    );
    let values = [
        "pFS7Fjg8kV1IdDz01r4SQwMkuCKc",
        &card.nonce_str,
        ticket.secret().expose(),
        &card.timestamp,
    ];
    assert_eq!(card.signature, card_signature(values));
    assert_eq!(sandbox.calls(TICKET), 2);
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_fetch_one_ticket() {
    let (sandbox, _) = sandbox();
    let tokens = sandbox.wechat().tokens();
    sandbox.delay_next(TICKET, Duration::from_secs(1));
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.ticket(APPID).await.unwrap() })
        })
        .collect();
    let first = tokens.ticket(APPID).await.unwrap();
    for caller in callers {
        assert_eq!(caller.await.unwrap().secret(), first.secret());
    }
    assert_eq!((sandbox.calls(TICKET), sandbox.calls(STABLE)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_does_not_stop_the_fetch() {
    let (sandbox, _) = sandbox();
    let tokens = sandbox.wechat().tokens();
    tokens.get(APPID).await.unwrap();
    sandbox.delay_next(TICKET, Duration::from_secs(1));
    let gone = tokio::time::timeout(Duration::from_millis(10), tokens.ticket(APPID)).await;
    assert!(gone.is_err());
    tokens.ticket(APPID).await.unwrap();
    assert_eq!(sandbox.calls(TICKET), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_ticket_is_served_while_the_next_is_fetched() {
    let (sandbox, _) = sandbox();
    let tokens = sandbox.wechat().tokens();
    let first = tokens.ticket(APPID).await.unwrap();
    sandbox.advance(Duration::from_secs(7200 - 200));
    assert_eq!(first.status(&sandbox.clock()), Status::Stale);
    assert_eq!(tokens.ticket(APPID).await.unwrap().secret(), first.secret());
    settle().await;
    let next = tokens.ticket(APPID).await.unwrap();
    assert_ne!(next.secret(), first.secret());
    assert_eq!(sandbox.calls(TICKET), 2);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_outlives_the_token_that_fetched_it() {
    let (sandbox, _) = sandbox();
    let tokens = sandbox.wechat().tokens();
    let first = tokens.ticket(APPID).await.unwrap();
    sandbox.expire_tokens();
    sandbox.refuse_tokens();
    let used = tokens.get(APPID).await.unwrap();
    tokens.renew(APPID, used.secret()).await.unwrap();
    assert_eq!(tokens.ticket(APPID).await.unwrap().secret(), first.secret());
    assert_eq!(sandbox.calls(TICKET), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_while_a_ticket_is_fetched() {
    let (sandbox, _) = sandbox();
    let tokens = sandbox.wechat().tokens();
    tokens.get(APPID).await.unwrap();
    sandbox.expire_tokens();
    tokens.ticket(APPID).await.unwrap();
    assert_eq!((sandbox.calls(TICKET), sandbox.calls(STABLE)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_error_is_cached_and_names_the_call() {
    let (sandbox, _) = sandbox();
    let tokens = sandbox.wechat().tokens();
    sandbox.fail_next(TICKET, ErrCode::API_UNAUTHORIZED);
    for _ in 0..3 {
        let error = tokens.ticket(APPID).await.unwrap_err();
        assert_eq!(error.endpoint(), Some(TICKET));
        assert_eq!(error.errcode(), Some(ErrCode::API_UNAUTHORIZED));
    }
    assert_eq!(sandbox.calls(TICKET), 1);
    tokens.get(APPID).await.unwrap();
    sandbox.advance(Duration::from_secs(11));
    tokens.ticket(APPID).await.unwrap();
    assert_eq!(
        tokens.ticket("wx0").await.unwrap_err().kind(),
        ErrorKind::UnknownApp
    );
}

#[tokio::test(start_paused = true)]
async fn instances_with_one_store_share_a_ticket() {
    let (sandbox, _) = sandbox();
    let store = MemoryTokenStore::with_clock(sandbox.clock());
    let wechat = || {
        let builder = Wechat::builder().app(sandbox.app_configs().remove(0));
        let builder = builder.clock(sandbox.clock()).token_store(store.clone());
        builder.transport(Recorded::new(&sandbox)).build().unwrap()
    };
    let one = wechat().tokens().ticket(APPID).await.unwrap();
    let two = wechat().tokens().ticket(APPID).await.unwrap();
    assert_eq!(one.secret(), two.secret());
    assert_eq!(sandbox.calls(TICKET), 1);
    let token = wechat().tokens().get(APPID).await.unwrap();
    assert_ne!(token.secret(), two.secret());
}
