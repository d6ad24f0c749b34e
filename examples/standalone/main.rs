//! Serves all documented routes as a standalone server.
//!
//! Run with `cargo run --example standalone`. It also serves the sandbox as the platform at
//! `/sandbox`, and prints commands to copy. For a real account, copy
//! `examples/standalone/config.example.toml`, which describes each setting, and run
//! `cargo run --example standalone -- --config FILE`.

mod config;
mod connection;
mod guide;
#[path = "../shared/hosts.rs"]
mod hosts;
#[path = "../shared/join.rs"]
mod join;
mod pushes;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use axum::http::{Request, StatusCode};
use axum::{Router, middleware};
use clap::Parser;
use tokio::net::TcpListener;
use tower::{Layer, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_wechat::callback::deadline::HandlerTracker;
use tower_wechat::callback::inbox::Inbox;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{BoxError, Event, Message, Reply, Wechat, handler_fn};
use tracing_subscriber::EnvFilter;

use crate::config::Settings;
use crate::connection::{Limited, Limits, Shared};

/// The documented path of the routes.
const MOUNT: &str = "/v1/service/wx";

/// The time limit for running requests after a shutdown signal.
const DRAIN: Duration = Duration::from_secs(10);

#[derive(Parser)]
#[command(about = "A standalone server for WeChat sign-in and pushes")]
struct Arguments {
    /// The address to listen on. Defaults to the file's, or to 127.0.0.1:36012 without a file.
    #[arg(long, value_name = "IP:PORT", value_parser = ip_and_port)]
    listen: Option<SocketAddr>,

    /// The settings file, in TOML. See examples/standalone/config.example.toml. Without it, the
    /// server runs with the sandbox as the platform.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A Redis server on which several instances share their state, such as
    /// redis://127.0.0.1:6379. For the sandbox: a settings file has [redis].
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    redis: Option<String>,

    /// Another instance, such as http://127.0.0.1:36012, whose sandbox is the platform of this one,
    /// too.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    join: Option<String>,
}

fn ip_and_port(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:36012")
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("standalone: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), BoxError> {
    let settings = match &arguments.config {
        Some(file) => Settings::read(file)?,
        None => Settings::default(),
    };
    let listen = arguments.listen.unwrap_or(settings.listen);
    settings.check_exposure(listen)?;
    let limits = Limits {
        header: settings.header_timeout()?,
        idle: settings.idle_timeout()?,
    };

    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("listen: could not listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    let handlers = settings.limits.handlers();
    let mut inbox = None;
    let app = match arguments.config {
        Some(_) => {
            let shared = settings.shared()?;
            let wechat = settings.wechat(shared.clone())?;
            let handler = match (settings.forward(&handlers)?, settings.replies()?) {
                (Some(_), Some(_)) => {
                    return Err("reply: conflicts with [[forward]]: remove one of them".into());
                }
                (Some(forward), None) => pushes::boxed(forward),
                (None, Some(replies)) => pushes::fixed(replies),
                (None, None) => pushes::acknowledged(),
            };
            inbox = settings.inbox(shared.as_ref())?;
            let handler = pushes::in_time(
                &wechat,
                &settings.pushes(),
                &handlers,
                inbox.clone(),
                handler,
            );
            routes(&wechat, shared, &settings, handler)?
        }
        None => {
            let handler = pushes::boxed(handler_fn(on_message));
            let (builder, sandbox) = match &arguments.join {
                Some(first) => {
                    let sandbox = format!("{}/sandbox", first.trim_end_matches('/'));
                    let joined = join::join(Wechat::builder(), &sandbox).await;
                    (joined.map_err(|error| format!("--join: {error}"))?, None)
                }
                None => {
                    let sandbox = Sandbox::new();
                    let callback = format!("http://{address}{MOUNT}/wxmsg");
                    sandbox.set_callback_url(&sandbox.appid(), callback);
                    (sandbox.wechat_builder(), Some(sandbox))
                }
            };
            let shared = arguments.redis.as_deref().map(RedisStore::new);
            let shared = shared.transpose()?;
            let builder = match shared.clone() {
                Some(shared) => builder.shared(shared),
                None => builder,
            };
            let wechat = builder.build()?;
            let handler = pushes::in_time(&wechat, &[], &handlers, None, handler);
            let app = routes(&wechat, shared, &settings, handler)?;
            match sandbox {
                Some(sandbox) => {
                    let platform = sandbox.http().push_through(ReqwestTransport::new()?);
                    app.nest_service("/sandbox", platform)
                }
                None => app,
            }
        }
    };
    // The routes log one line per request; unknown paths do the same.
    let app = app.fallback(|request: Request<axum::body::Body>| async move {
        let (method, path) = (request.method(), request.uri().path());
        tracing::info!(%method, path, "no such route: the routes are below {MOUNT}");
        StatusCode::NOT_FOUND
    });
    let app = match settings.hosts() {
        Some(hosts) => hosts::check(app, listen, hosts),
        None => app,
    };
    let app = app.layer(
        ServiceBuilder::new()
            // Outermost, so that it sees every response. The span leaves out the query, which can
            // hold secrets.
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(|request: &Request<_>| {
                        let path = request.uri().path();
                        tracing::info_span!("http", method = %request.method(), path)
                    })
                    // The routes log their failures themselves.
                    .on_failure(()),
            )
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                Duration::from_secs(60),
            ))
            .layer(CatchPanicLayer::new())
            .layer(middleware::from_fn(connection::track)),
    );

    if let Some(file) = &arguments.config {
        warn_of_readers(file);
        settings.tell();
    }
    match arguments.config {
        Some(_) => println!(
            "Listening on http://{address}{MOUNT}. Pushes go to {MOUNT}/wxmsg/APPID. The log has \
             a line for each request and each push."
        ),
        None if arguments.join.is_some() => println!("Listening on http://{address}{MOUNT}."),
        None => guide::print(address),
    }
    serve(Limited { listener, limits }, app).await?;
    drain(&handlers, inbox.map(|(inbox, _)| inbox)).await;
    Ok(())
}

fn routes(
    wechat: &Wechat,
    shared: Option<RedisStore>,
    settings: &Settings,
    handler: pushes::Handler,
) -> Result<Router, BoxError> {
    let routes = wechat.routes();
    let routes = match settings.access_keys() {
        Some(keys) => routes.access_keys(keys),
        None => routes.unprotected(),
    };
    let apps = settings.pushes();
    let limit = settings.limits.push_bytes();
    let routes = routes.callbacks(move |callback| {
        let app = apps
            .iter()
            .find(|app| app.appid == callback.appid().as_str());
        let callback = callback.body_limit(limit);
        match app.and_then(|app| app.window) {
            Some(window) => callback.timestamp_window(Some(window)),
            None => callback,
        }
    });
    let dedup = settings.limits.dedup();
    // The routes only share the pushes of a layer of their own.
    let dedup = match shared {
        Some(shared) => dedup.store(shared),
        None => dedup,
    };
    let mut routes = routes.on_message_bare(dedup.layer(handler));
    if let Some(keys) = settings.token_keys() {
        routes = routes
            .serve_tokens(keys)
            .map_err(|error| format!("access.token_keys: {error}"))?;
    }
    Ok(Router::new().nest_service(MOUNT, routes))
}

/// The demo handler. Only for the sandbox, since real followers would get its replies.
async fn on_message(message: Message) -> Reply {
    match message.event() {
        Event::Text(text) => Reply::text(format!("you wrote: {}", text.content())),
        Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
        Event::Subscribe(subscribe) => Reply::text(match subscribe.scene() {
            Some(scene) => format!("welcome via {scene}"),
            None => "welcome".to_owned(),
        }),
        _ => Reply::none(),
    }
}

/// Warns if other users can read the settings file, which holds secrets.
fn warn_of_readers(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file).map(|metadata| metadata.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            let file = file.display();
            tracing::warn!("{file} holds secrets, and others can open it: run chmod 600 {file}");
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Serves until a shutdown signal, then waits for running requests.
async fn serve(listener: Limited, app: Router) -> Result<(), BoxError> {
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let app = app.into_make_service_with_connect_info::<Shared>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        signal().await;
        tracing::info!("draining");
        stop.send_replace(true);
    });
    tokio::select! {
        result = server => result?,
        () = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(DRAIN).await;
        } => tracing::warn!("some requests did not end within {DRAIN:?}"),
    }
    Ok(())
}

/// Waits for the handlers that still run after their push was answered.
async fn drain(handlers: &HandlerTracker, inbox: Option<Inbox>) {
    let (left, stored) = tokio::join!(handlers.drain(tokio::time::sleep(DRAIN)), async {
        match &inbox {
            Some(inbox) => inbox.close(tokio::time::sleep(DRAIN)).await,
            None => 0,
        }
    });
    if left > 0 {
        tracing::warn!(left, "some handlers did not end within {DRAIN:?}");
    }
    if stored > 0 {
        tracing::warn!(
            stored,
            "some handlers of stored messages did not end within {DRAIN:?}: they run again at the \
             next start"
        );
    }
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
