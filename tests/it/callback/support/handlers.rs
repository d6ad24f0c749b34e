//! Handlers with a configured outcome, which count their calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt, service_fn};
use tower_wechat::callback::HandlerError;
use tower_wechat::{BoxError, Message, Reply};

/// Counts how often a handler was started and how often it ended.
#[derive(Clone, Default)]
pub struct Tally(Arc<[AtomicUsize; 2]>);

impl Tally {
    pub fn started(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    pub fn ended(&self) -> usize {
        self.0[1].load(Ordering::SeqCst)
    }

    /// Counts a start and returns the number of this call, from one.
    pub fn start(&self) -> usize {
        self.0[0].fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn end(&self) {
        self.0[1].fetch_add(1, Ordering::SeqCst);
    }
}

pub type Handler = BoxCloneSyncService<Message, Reply, BoxError>;

/// A handler that works for some time and returns `outcome` of the call number.
pub fn handler<F>(tally: &Tally, work: Duration, outcome: F) -> Handler
where
    F: Fn(usize) -> Result<Reply, BoxError> + Send + Sync + 'static,
{
    let (tally, outcome) = (tally.clone(), Arc::new(outcome));
    BoxCloneSyncService::new(service_fn(move |_: Message| {
        let (number, tally, outcome) = (tally.start(), tally.clone(), Arc::clone(&outcome));
        async move {
            tokio::time::sleep(work).await;
            let result = outcome(number);
            tally.end();
            result
        }
    }))
}

/// A handler that replies with the number of the call.
pub fn counting(tally: &Tally, work: Duration) -> Handler {
    handler(tally, work, |number| Ok(Reply::text(format!("{number}"))))
}

/// A handler that returns at once.
pub fn instant(tally: &Tally) -> Handler {
    let tally = tally.clone();
    BoxCloneSyncService::new(service_fn(move |_: Message| {
        let number = tally.start();
        std::future::ready(Ok(Reply::text(format!("{number}"))))
    }))
}

/// Passes a message to a service in a new task.
pub fn send<S>(
    service: &S,
    message: Message,
) -> tokio::task::JoinHandle<Result<Reply, HandlerError>>
where
    S: Service<Message, Response = Reply, Error = HandlerError> + Clone + Send + 'static,
    S::Future: Send,
{
    tokio::spawn(service.clone().oneshot(message))
}

pub fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
