//! Answers questions with a slow model, and loses no question when it is killed.
//!
//! Run with `cargo run --example llm_bot [ADDRESS]`, and send the question that it prints. The
//! sandbox is the platform. After 4.5 seconds the question is stored and acknowledged. When the model
//! has completed, after twenty seconds, the answer is sent as a customer-service message.
//!
//! A sandbox in another process survives the bot, so that the user is still there after a restart:
//! ```sh
//! cargo run --example standalone
//! cargo run --example llm_bot -- --platform http://127.0.0.1:36012/sandbox
//! ```
//! Send the question, kill the bot when the platform has got `success`, and start the bot again. It
//! runs the model for the stored question, and sends the answer.

#[path = "shared/hosts.rs"]
mod hosts;
#[path = "shared/join.rs"]
mod join;

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tower::ServiceExt;
use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer};
use tower_wechat::callback::inbox::Inbox;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{BoxError, Event, Message, Reply, Wechat, handler_fn};

const MOUNT: &str = "/v1/service/wx";

/// The time limit for running models at shutdown.
const GRACE: Duration = Duration::from_secs(10);

const ANSWER: &str = "Boil fresh water, and warm the pot with some of it. Take one spoon of tea for \
                      each cup. Pour the water on, and wait for three minutes.";

#[derive(Parser)]
struct Arguments {
    /// The address to listen on.
    #[arg(default_value = "127.0.0.1:36018")]
    address: String,

    /// The address of a sandbox in another process, to use it instead of an own one, such as
    /// http://127.0.0.1:36012/sandbox.
    #[arg(long, value_name = "URL")]
    platform: Option<String>,

    /// The file of the questions that are acknowledged and not answered.
    #[arg(long, value_name = "FILE", default_value = "target/llm_bot.redb")]
    inbox: PathBuf,

    /// How long the model takes, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    model: u64,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse();
    // The log names an answer that could not be sent.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    let bound = TcpListener::bind(&arguments.address).await;
    let listener = bound.map_err(|error| format!("{}: {error}", arguments.address))?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");
    let callback = format!("{base}{MOUNT}/wxmsg");

    let (wechat, sandbox) = match &arguments.platform {
        Some(platform) => {
            let joined = join::join(Wechat::builder(), platform).await?;
            (joined.build()?, None)
        }
        // For a real account: `Wechat::builder().app(AppConfig::new(appid, secret).callback(keys))`.
        None => {
            let sandbox = Sandbox::new();
            (sandbox.wechat(), Some(sandbox))
        }
    };
    let inbox = Inbox::open(&arguments.inbox)?;
    println!("Listening on {base}");

    // This starts to work through what an earlier process has left.
    let mut app = app(&wechat, &inbox, Duration::from_secs(arguments.model));
    if let Some(sandbox) = sandbox {
        let platform = sandbox.http().push_through(ReqwestTransport::new()?);
        app = app.nest_service("/sandbox", platform);
    }
    let platform = arguments.platform.unwrap_or(format!("{base}/sandbox"));
    println!(
        r#"Ask a question:

  curl -s '{platform}/control/push' -d '{{"type":"text","content":"How is tea made?","to":["{callback}"]}}'
"#
    );

    let app = hosts::check(app, address, &[]);
    axum::serve(listener, app)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    // The models that still run get a grace. What they do not complete runs at the next start.
    inbox.close(sleep(GRACE)).await;
    Ok(())
}

fn app(wechat: &Wechat, inbox: &Inbox, duration: Duration) -> Router {
    let sent = |()| println!("The answer is sent.");
    let late = CustomerService::new(wechat.clone()).split_long_texts();
    let deadline = DeadlineLayer::ack()
        .inbox(inbox.clone())
        .late(late.map_response(sent));
    let handler = handler_fn(move |message| on_message(message, duration));
    // For a real account: `.access_keys([key])`, or your own authentication layer.
    let routes = wechat.routes().unprotected();
    let routes = routes.on_message_within(deadline, handler);
    Router::new().nest_service(MOUNT, routes)
}

/// Answers a text. Runs again if the process ends before the answer is sent.
async fn on_message(message: Message, duration: Duration) -> Reply {
    let Event::Text(text) = message.event() else {
        return Reply::none();
    };
    let question = text.content();
    println!("Try {}: {question}", message.attempt());
    let mut answer = question.to_owned();
    let mut words = model(duration);
    while let Some(word) = words.recv().await {
        answer.push(' ');
        answer.push_str(word);
    }
    Reply::text(answer)
}

/// Simulates a slow model, which streams its answer word by word. A model behind an API returns a
/// stream in the same way.
fn model(duration: Duration) -> mpsc::Receiver<&'static str> {
    let (sender, words) = mpsc::channel(1);
    tokio::spawn(async move {
        let count = ANSWER.split_whitespace().count();
        let pause = duration.div_f64(count as f64);
        for word in ANSWER.split_whitespace() {
            sleep(pause).await;
            // The handler was dropped.
            if sender.send(word).await.is_err() {
                return;
            }
        }
    });
    words
}
