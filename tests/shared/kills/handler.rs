//! The handler of the pushes, in the process of the test.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use rand::RngExt;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{AppId, Message};

/// The longest time that the handler takes, in milliseconds.
const WORK: u64 = 100;

/// A run that completed.
#[derive(Clone, Copy)]
pub struct Run {
    pub push: usize,
    /// The instance that passed the push on.
    pub instance: usize,
    pub at: Instant,
}

/// Records the pushes that it handled. A run ends early when the connection from its instance
/// breaks, as a handler in the process of the instance would.
#[derive(Clone, Default)]
pub struct Handler(Arc<Mutex<Runs>>);

#[derive(Default)]
struct Runs {
    started: usize,
    completed: Vec<Run>,
}

impl Handler {
    /// Listens on a free port, and returns the address. The number of an instance is appended.
    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let route = post(
            async |State(handler): State<Self>, Path(instance), body: String| {
                handler.handle(instance, body).await
            },
        );
        let app = Router::new().route("/{instance}", route);
        let app = app.with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        format!("http://{address}")
    }

    /// Handles a push and replies with the number of the run.
    async fn handle(&self, instance: usize, document: String) -> String {
        self.0.lock().unwrap().started += 1;
        let appid = AppId::new(Sandbox::APPID).unwrap();
        let message = Message::parse(appid, document).unwrap();
        let push = message.field("MsgId").unwrap().parse().unwrap();
        let work = rand::rng().random_range(0..=WORK);
        sleep(Duration::from_millis(work)).await;
        let number = {
            let completed = &mut self.0.lock().unwrap().completed;
            let at = Instant::now();
            completed.push(Run { push, instance, at });
            completed.len() - 1
        };
        let (user, account) = (message.from_user_name(), message.to_user_name());
        format!(
            "<xml><ToUserName>{user}</ToUserName><FromUserName>{account}</FromUserName>\
             <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>{number}</Content></xml>"
        )
    }

    /// Returns the runs that completed, in order.
    pub fn runs(&self) -> Vec<Run> {
        self.0.lock().unwrap().completed.clone()
    }

    /// Returns how many runs did not complete.
    pub fn cut_off(&self) -> usize {
        let runs = self.0.lock().unwrap();
        runs.started - runs.completed.len()
    }
}
