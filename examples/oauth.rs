//! Signs browsers in with web OAuth, opens a session, and redirects to the page they came from.
//! Reloads and the Back button give the same result.
//!
//! Run with `cargo run --example oauth [ADDRESS]`, and open `http://127.0.0.1:36015/`. The sandbox
//! is the platform, and its first user consents automatically. `--help` lists the options for
//! several instances.

#[path = "shared/hosts.rs"]
mod hosts;
#[path = "shared/instances.rs"]
mod instances;
#[path = "shared/sessions.rs"]
mod sessions;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use clap::Parser;
use tokio::net::TcpListener;
use tower_wechat::oauth::{OAuthService, SignedIn, StateKey, sign_in_fn};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Body, BoxError, Wechat};

use crate::instances::Instances;
use crate::sessions::Sessions;

#[derive(Parser)]
struct Arguments {
    /// The address to listen on.
    #[arg(default_value = "127.0.0.1:36015")]
    address: String,

    #[command(flatten)]
    instances: Instances,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let Arguments { address, instances } = Arguments::parse();
    let bound = TcpListener::bind(&address).await;
    let listener = bound.map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");

    let (wechat, sandbox) = instances.connect(&base).await?;
    // The same on every instance. In a real application it comes from the configuration.
    let key = instances.key();
    let mut app = app(&wechat, &instances.base(&base), &key)?;
    if let Some(sandbox) = sandbox {
        app = app.nest_service("/sandbox", sandbox.http());
    }
    println!("Listening on {base}");
    axum::serve(listener, hosts::check(app, address, &[])).await?;
    Ok(())
}

fn app(wechat: &Wechat, base: &str, key: &str) -> Result<Router, BoxError> {
    let sessions = Sessions::new(key)?;
    let opened = sessions.clone();
    let handler = sign_in_fn(move |signed_in: SignedIn, _| {
        let opened = opened.clone();
        async move { open(&opened, &signed_in) }
    });
    let key = StateKey::new(key)?;
    let login = OAuthService::new(
        wechat.app(Sandbox::APPID)?,
        &format!("{base}/login/wechat"),
        key,
        handler,
    )?
    .reject_snapshot();
    Ok(Router::new()
        .nest_service("/login/wechat", login)
        .route("/", get(home))
        .with_state(sessions))
}

/// Opens a session, and redirects the browser to the page that it asked for.
fn open(sessions: &Sessions, signed_in: &SignedIn) -> Response<Body> {
    let nickname = signed_in.profile().map(|profile| profile.nickname.clone());
    let nickname = nickname.unwrap_or_else(|| signed_in.openid().to_owned());
    let mut response = signed_in.redirect();
    if let Some(cookie) = sessions.cookie(&nickname) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn home(State(sessions): State<Sessions>, headers: HeaderMap) -> impl IntoResponse {
    let content = match sessions.user::<String>(&headers) {
        Some(nickname) => format!("<p>Hello, {}!", escape(&nickname)),
        None => {
            r#"<p><a href="/login/wechat/start?return_to=/">Sign in with WeChat</a>"#.to_owned()
        }
    };
    // Otherwise the Back button can show the page from before the sign-in.
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (no_store, Html(format!("{HEAD}{content}\n")))
}

/// The start of a page, with a viewport for phones.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title>
"#;

/// Escapes text for HTML. A nickname can be any text.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
