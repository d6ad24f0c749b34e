//! Only the callback, on a hyper server.
//!
//! Run with `WX_APPID=… WX_TOKEN=… WX_AES_KEY=… cargo run --example hyper [ADDRESS]`, with the
//! values of the platform's console. Without them it takes those of the platform's own
//! documentation.

use std::error::Error;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower_wechat::callback::Callback;
use tower_wechat::{AppId, CallbackKeys, Message, Reply, handler_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let appid = AppId::new(variable("WX_APPID", "wxba5fad812f8e6fb9"))?;
    let token = variable("WX_TOKEN", "AAAAA");
    let aes_key = variable("WX_AES_KEY", &"A".repeat(43));
    let keys = CallbackKeys::secure(token, aes_key)?.for_app(appid);
    let callback = Callback::new(keys, handler_fn(on_message));

    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:36014".to_owned());
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
