//! Serves only the callback, on hyper, with deduplication and a deadline.
//!
//! Run with `WX_APPID=… WX_TOKEN=… WX_AES_KEY=… cargo run --example hyper [ADDRESS]`, with the
//! values of 消息推送 in the 微信开发者平台. `--demo` instead of the address uses the public values
//! of the platform's documentation.

use std::error::Error;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::Layer;
use tower_wechat::callback::Callback;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::{AppId, CallbackKeys, Message, Reply, handler_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let is_demo = argument.as_deref() == Some("--demo");
    let variable = |name: &str, published: &str| match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(_) if is_demo => Ok(published.to_owned()),
        Err(_) => Err(format!(
            "{name} is not set: use the value from the console, or --demo for the public one"
        )),
    };
    let appid = AppId::new(variable("WX_APPID", "wxba5fad812f8e6fb9")?)?;
    let token = variable("WX_TOKEN", "AAAAA")?;
    let aes_key = variable("WX_AES_KEY", &"A".repeat(43))?;
    let keys = CallbackKeys::secure(token, aes_key)?.for_app(appid);
    // A retried push joins the running handler. After 4.5 seconds the platform gets `success`.
    // `dedup` is outermost, so that a retry gets the reply of the first push.
    let handler = DeadlineLayer::ack().layer(handler_fn(on_message));
    let callback = Callback::new(keys, DedupLayer::new().layer(handler));

    let address = argument.filter(|_| !is_demo);
    let address = address.unwrap_or_else(|| "127.0.0.1:36014".to_owned());
    let bound = TcpListener::bind(&address).await;
    let listener = bound.map_err(|error| format!("{address}: {error}"))?;
    println!("Listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(callback.clone());
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new());
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("a connection ended: {error}");
            }
        });
    }
}

async fn on_message(message: Message) -> Reply {
    Reply::text(format!("got {}", message.msg_type()))
}
