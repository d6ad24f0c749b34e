//! The servers under load, each in a separate process.

use std::convert::Infallible;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use clap::ValueEnum;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::net::TcpListener;
use tower::Layer;
use tower_wechat::callback::Mode;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{
    AppConfig, AppId, BoxError, Callback, CallbackKeys, Message, Reply, Wechat, handler_fn,
};

use super::pushes::{AES_KEY, APPID, TOKEN};

/// The path of pushes.
pub(crate) const WXMSG: &str = "/v1/service/wx/wxmsg";
/// The path that the routes are nested below.
const MOUNT: &str = "/v1/service/wx";

/// The response body of all servers.
pub(crate) const SUCCESS: &str = "success";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// hyper alone, which reads the body and answers a constant.
    Hyper,
    /// An axum handler that does the same. The baseline of all ratios.
    Axum,
    /// A callback in plaintext mode on an axum route, with deduplication and an empty reply.
    Plaintext,
    /// `Plaintext` in secure mode.
    Secure,
    /// All routes nested below a path, as in the example `axum`, in secure mode. The handler also
    /// has a deadline.
    Routes,
    /// `Secure` with pushes remembered in Redis, too.
    Shared,
    /// `Shared` with a Redis that cannot be reached.
    Gone,
}

impl Name {
    /// The servers that need no Redis.
    pub(crate) const ALL: [Self; 5] = [
        Self::Hyper,
        Self::Axum,
        Self::Plaintext,
        Self::Secure,
        Self::Routes,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::Axum => "axum",
            Self::Plaintext => "plaintext",
            Self::Secure => "secure",
            Self::Routes => "routes",
            Self::Shared => "shared",
            Self::Gone => "gone",
        }
    }

    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::Hyper | Self::Axum | Self::Plaintext => Mode::Plaintext,
            Self::Secure | Self::Routes | Self::Shared | Self::Gone => Mode::Secure,
        }
    }

    /// Returns whether the server remembers messages.
    pub(crate) fn remembers(self) -> bool {
        !matches!(self, Self::Hyper | Self::Axum)
    }
}

/// Serves until the parent process ends.
pub(crate) async fn serve(name: Name, port: u16, redis: Option<String>) -> Result<(), BoxError> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{}", listener.local_addr()?.port());
    let app = match name {
        Name::Hyper => return hyper(listener).await,
        Name::Axum => {
            let handler = post(|body: Bytes| async move {
                assert!(!body.is_empty());
                SUCCESS
            });
            Router::new().route(WXMSG, handler)
        }
        Name::Plaintext => callback(CallbackKeys::plaintext(TOKEN)?, DedupLayer::new())?,
        Name::Secure => callback(CallbackKeys::secure(TOKEN, AES_KEY)?, DedupLayer::new())?,
        Name::Shared | Name::Gone => {
            let store = RedisStore::new(&redis.ok_or("the URL of Redis is missing")?)?;
            let dedup = DedupLayer::new().store(store);
            callback(CallbackKeys::secure(TOKEN, AES_KEY)?, dedup)?
        }
        Name::Routes => routes(CallbackKeys::secure(TOKEN, AES_KEY)?)?,
    };
    Ok(axum::serve(listener, app).await?)
}

async fn hyper(listener: TcpListener) -> Result<(), BoxError> {
    let service = service_fn(|request: Request<Incoming>| async {
        let body = request.into_body().collect().await?.to_bytes();
        assert!(!body.is_empty());
        Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from_static(
            SUCCESS.as_bytes(),
        ))))
    });
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn callback(keys: CallbackKeys, dedup: DedupLayer) -> Result<Router, BoxError> {
    let handler = handler_fn(|_: Message| async { Ok::<_, Infallible>(Reply::none()) });
    let handler = dedup.layer(handler);
    let callback = Callback::new(keys.for_app(AppId::new(APPID)?), handler);
    Ok(Router::new().route_service(WXMSG, callback))
}

fn routes(keys: CallbackKeys) -> Result<Router, BoxError> {
    let app = AppConfig::new(APPID, "the-secret-of-the-app").callback(keys);
    let wechat = Wechat::builder().app(app).build()?;
    let handler = handler_fn(|_: Message| async { Ok::<_, Infallible>(Reply::none()) });
    Ok(Router::new().nest_service(MOUNT, wechat.routes().on_message(handler)))
}
