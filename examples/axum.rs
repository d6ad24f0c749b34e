//! Mounts the documented routes on an axum router, and uses the app's access token in handlers.
//!
//! Run with `cargo run --example axum [ADDRESS]`, then `curl http://127.0.0.1:36013/sources`.

#[path = "shared/hosts.rs"]
mod hosts;

use std::error::Error;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Event, Message, Reply, TokenLayer, Tokens, Wechat, handler_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:36013".to_owned());
    // For a real account: `Wechat::builder().app(AppConfig::new(appid, secret).callback(keys))`.
    let wechat = Sandbox::new().wechat();
    let bound = TcpListener::bind(&address).await;
    let listener = bound.map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr()?;
    println!("Listening on http://{address}");
    axum::serve(listener, hosts::check(app(wechat), address, &[])).await?;
    Ok(())
}

fn app(wechat: Wechat) -> Router {
    let wx = wechat
        .routes()
        // For a real account: `.access_keys([key])`, or your own authentication layer.
        .unprotected()
        .on_message(handler_fn(on_message));
    Router::new()
        .nest_service("/v1/service/wx", wx)
        .route("/sources", get(sources))
        .route("/token", get(token))
        .layer(TokenLayer::new(wechat.tokens()))
        .with_state(wechat)
}

async fn on_message(message: Message) -> Reply {
    match message.event() {
        Event::Text(text) => Reply::text(format!("you wrote: {}", text.content())),
        _ => Reply::none(),
    }
}

/// Lists the addresses that pushes come from, with a typed call. The client adds the token.
async fn sources(State(wechat): State<Wechat>) -> Result<Json<Vec<String>>, (StatusCode, String)> {
    let failed = |error: tower_wechat::Error| (StatusCode::BAD_GATEWAY, error.to_string());
    let app = wechat.app(Sandbox::APPID).map_err(failed)?;
    let sources = app.call(GetCallbackIp::new()).await.map_err(failed)?;
    Ok(Json(sources.ip_list))
}

/// Reads the token, as for a call with your own HTTP client. Never return or log a token: its
/// fingerprint identifies it.
async fn token(Extension(tokens): Extension<Tokens>) -> Result<String, (StatusCode, String)> {
    match tokens.get(Sandbox::APPID).await {
        Ok(token) => Ok(format!(
            "the token's fingerprint is {}\n",
            token.secret().fingerprint()
        )),
        Err(error) => Err((StatusCode::BAD_GATEWAY, error.to_string())),
    }
}
