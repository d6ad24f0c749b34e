//! Signs browsers in with web OAuth, opens a session, and redirects to the page they came from.
//! Reloads and the Back button give the same result.
//!
//! Run with `cargo run --example oauth [ADDRESS]`, and open `http://127.0.0.1:36015/`. The sandbox
//! is the platform, and its first user consents automatically.

#[path = "shared/hosts.rs"]
mod hosts;

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::response::Html;
use axum::routing::get;
use rand::RngExt;
use rand::distr::Alphanumeric;
use tokio::net::TcpListener;
use tower_wechat::client::Hosts;
use tower_wechat::oauth::{OAuthService, SignedIn, StateKey, sign_in_fn};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Body, Wechat};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:36015".to_owned());
    let bound = TcpListener::bind(&address).await;
    let listener = bound.map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");

    // For a real account: `Wechat::builder().app(AppConfig::new(appid, secret)).build()`, with the
    // https address of the registered domain (网页授权域名) as the base.
    let sandbox = Sandbox::new();
    let hosts = Hosts::default().open(&format!("{base}/sandbox"))?;
    let wechat = sandbox
        .app_configs()
        .into_iter()
        .fold(Wechat::builder(), |builder, app| builder.app(app))
        .hosts(hosts)
        .transport(sandbox.clone())
        .build()?;

    println!("Listening on {base}");
    let app = app(&wechat, &sandbox, &base)?;
    axum::serve(listener, hosts::check(app, address, &[])).await?;
    Ok(())
}

/// The nicknames of signed-in users by session cookie. A real application keeps sessions in a store
/// and expires them.
#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<HashMap<String, String>>>);

fn app(wechat: &Wechat, sandbox: &Sandbox, base: &str) -> Result<Router, tower_wechat::Error> {
    let sessions = Sessions::default();
    let opened = sessions.clone();
    let handler = sign_in_fn(move |signed_in: SignedIn, _| {
        let opened = opened.clone();
        async move { opened.open(&signed_in) }
    });
    // The key comes from the configuration in a real application, the same on every instance. Here
    // each start makes a new one.
    let key = StateKey::new(random(48))?;
    let login = OAuthService::new(
        wechat.app(Sandbox::APPID)?,
        &format!("{base}/login/wechat"),
        key,
        handler,
    )?
    .reject_snapshot();
    Ok(Router::new()
        .nest_service("/login/wechat", login)
        .nest_service("/sandbox", sandbox.http())
        .route("/", get(home))
        .with_state(sessions))
}

impl Sessions {
    /// Opens a session, and redirects the browser to the page that it asked for.
    fn open(&self, signed_in: &SignedIn) -> Response<Body> {
        let nickname = signed_in.profile().map(|profile| profile.nickname.clone());
        let nickname = nickname.unwrap_or_else(|| signed_in.openid().to_owned());
        let id = random(32);
        let cookie = format!("session={id}; Path=/; HttpOnly; SameSite=Lax");
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(id, nickname);

        let mut response = signed_in.redirect();
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn nickname(&self, headers: &HeaderMap) -> Option<String> {
        // Bytes, since other cookies of the site may not be ASCII.
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let mut pairs = cookies.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        let id = pairs.find_map(|pair| pair.trim_ascii().strip_prefix(b"session="))?;
        let id = std::str::from_utf8(id).ok()?;
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(id).cloned()
    }
}

async fn home(State(sessions): State<Sessions>, headers: HeaderMap) -> Html<String> {
    let content = match sessions.nickname(&headers) {
        Some(nickname) => format!("<p>Hello, {}!", escape(&nickname)),
        None => {
            r#"<p><a href="/login/wechat/start?return_to=/">Sign in with WeChat</a>"#.to_owned()
        }
    };
    Html(format!("{HEAD}{content}\n"))
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

fn random(len: usize) -> String {
    let letters = rand::rng().sample_iter(Alphanumeric).take(len);
    letters.map(char::from).collect()
}
