//! Signs browsers in by scanning a QR code of the official account, and greets the user.
//!
//! Run with `cargo run --example scan_login [ADDRESS [TRUSTED_PROXY…]]`, and open
//! `http://127.0.0.1:36016/`. The sandbox is the platform: the page shows a command that scans the
//! code instead of a phone. Each client can have twenty codes at a time. Clients are distinguished
//! by address. Behind a reverse proxy, pass its address or network, so that its `X-Forwarded-For`
//! is trusted.
//!
//! Several instances share the sign-ins on Redis. The scan reaches the first of these, and a page of
//! the second continues:
//! ```sh
//! redis-server --port 6399
//! run='cargo run --features redis --example scan_login --'
//! shared="--redis redis://127.0.0.1:6399 --key $(openssl rand -hex 32)"
//! $run 127.0.0.1:36016 $shared
//! $run 127.0.0.1:36017 $shared --platform http://127.0.0.1:36016/sandbox
//! ```

#[path = "shared/hosts.rs"]
mod hosts;
#[path = "shared/instances.rs"]
mod instances;
#[path = "shared/sessions.rs"]
mod sessions;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use clap::Parser;
use tokio::net::TcpListener;
use tower::Layer;
use tower_wechat::api::qrcode::ShowQrcode;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::scan_login::{ScanLogin, ScannedUser, TrustedProxies, scanned_fn};
use tower_wechat::{App, Body, BoxError, Message, Reply, Wechat, handler_fn};

use crate::instances::Instances;
use crate::sessions::Sessions;

#[derive(Parser)]
struct Arguments {
    /// The address to listen on.
    #[arg(default_value = "127.0.0.1:36016")]
    address: String,

    /// The reverse proxies whose `X-Forwarded-For` is trusted: addresses or networks.
    trusted_proxy: Vec<String>,

    #[command(flatten)]
    instances: Instances,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let Arguments {
        address,
        trusted_proxy,
        instances,
    } = Arguments::parse();
    let proxies = TrustedProxies::new(trusted_proxy)?;
    let bound = TcpListener::bind(&address).await;
    let listener = bound.map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");

    let (wechat, sandbox) = instances.connect(&base).await?;
    let sessions = Sessions::new(&instances.key())?;
    let mut app = app(&wechat, proxies, sessions, instances.shown_platform(&base))?;
    if let Some(sandbox) = sandbox {
        let platform = sandbox.http().push_through(ReqwestTransport::new()?);
        app = app.nest_service("/sandbox", platform);
    }
    let app = hosts::check(app, address, &[]);

    println!("Listening on {base}");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}

#[derive(Clone)]
struct Host {
    app: App,
    scans: ScanLogin,
    sessions: Sessions,
    /// The address of the sandbox.
    platform: String,
}

fn app(
    wechat: &Wechat,
    proxies: TrustedProxies,
    sessions: Sessions,
    platform: String,
) -> Result<Router, tower_wechat::Error> {
    let scans = ScanLogin::new(wechat)
        .client_key(move |request: &Parts| {
            let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
            peer.map(|ConnectInfo(peer)| proxies.client_key(peer.ip(), &request.headers))
                .unwrap_or_default()
        })
        .answers(
            Reply::text("You are signed in to shop.example. If this wasn't you, contact us."),
            Reply::text("This code has expired. Reload the page."),
        )
        // Only for http: without it the cookie requires https.
        .plain_http();
    let host = Host {
        app: wechat.app(Sandbox::APPID)?,
        scans: scans.clone(),
        sessions,
        platform,
    };

    let on_message = scans.layer().layer(handler_fn(on_message));
    let opened = host.clone();
    let pages = scans.service(scanned_fn(move |user: ScannedUser, _| {
        let opened = opened.clone();
        async move { opened.open(&user) }
    }));
    Ok(Router::new()
        .route("/", get(home))
        .with_state(host)
        .nest_service("/login/scan", pages)
        .nest_service("/v1/service/wx", wechat.routes().on_message(on_message)))
}

/// Receives every message except the scans of sign-in codes.
async fn on_message(message: Message) -> Reply {
    Reply::text(format!("got {}", message.msg_type()))
}

async fn home(State(host): State<Host>, request: Parts) -> Response {
    if let Some(user) = host.sessions.user::<ScannedUser>(&request.headers) {
        let again = if user.new_follower { "" } else { " back" };
        let greeting = format!("<p>Welcome{again}, {}!", user.openid);
        return Html(page(&greeting)).into_response();
    }
    match host.code(&request).await {
        Ok(page) => page,
        Err(error) => {
            eprintln!("could not create a QR code: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Host {
    /// Returns a page with a new QR code, which waits for the scan.
    async fn code(&self, request: &Parts) -> Result<Response, BoxError> {
        let pending = self.scans.start_for(request).await?;
        let ticket = self.app.call(pending.code()).await?;
        let image = self.app.call(ShowQrcode::of(&ticket)).await?;
        let code = CODE
            .replace("IMAGE", &image.data_url())
            .replace("SCENE", pending.scene())
            .replace("PLATFORM", &self.platform);
        let mut response = Html(page(&code)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cookie) = pending.cookie() {
            headers.append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Opens a session for the user who scanned, and redirects the browser to the home page.
    fn open(&self, user: &ScannedUser) -> http::Response<Body> {
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, HeaderValue::from_static("/"));
        if let Some(cookie) = self.sessions.cookie(user) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Wraps `content` in a page, with a viewport for phones.
fn page(content: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title>
<style>
body {{ font-family: sans-serif; max-width: 40rem; margin: 1rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
pre {{ white-space: pre-wrap; background: #eee; padding: .5rem; }}
</style>
{content}
"#
    )
}

const CODE: &str = r#"<p>Scan with WeChat to sign in.
<p><img src="IMAGE" width="240" height="240" alt="QR code">
<p>This QR code belongs to the sandbox, so a phone can't scan it. Run this command in a terminal to
scan it. The page then continues by itself:
<pre id="command"></pre>
<noscript><p>This page needs JavaScript.</noscript>
<script>
const scan = '{"type":"scan","scene":"SCENE"}';
command.textContent = `curl -s PLATFORM/control/push -d '${scan}'`;
const events = new EventSource('/login/scan/events');
events.addEventListener('scanned', () => {
  events.close();
  location = '/login/scan/finish';
});
events.addEventListener('gone', () => {
  events.close();
  location.reload();
});
</script>"#;
