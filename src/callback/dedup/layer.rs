//! The configuration of [`Dedup`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower::Layer;

use super::Dedup;
use super::memory::{Memory, Shared};
use super::store::{DedupStore, SharedStore};
use crate::clock::{Clock, SharedClock};
use crate::runtime::{Runtime, SharedRuntime};

/// How long a finished push is remembered. The platform sends the last one about ten seconds after
/// the first.
const WINDOW: Duration = Duration::from_secs(60);
/// How many of them.
const CAPACITY: usize = 100_000;
const MAX_RUNNING: usize = 1024;

/// Makes a handler see every message once: see the [module documentation](crate::callback::dedup).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::BoxError> {
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use tower::{Layer, ServiceExt};
/// use tower_wechat::callback::dedup::DedupLayer;
/// use tower_wechat::{AppId, Message, Reply, handler_fn};
///
/// static HANDLED: AtomicUsize = AtomicUsize::new(0);
///
/// async fn on_message(_: Message) -> Reply {
///     Reply::text(format!("number {}", HANDLED.fetch_add(1, Ordering::Relaxed)))
/// }
///
/// let handler = DedupLayer::new().layer(handler_fn(on_message));
/// let text = "<xml><FromUserName>o1</FromUserName><MsgId>25000000000000001</MsgId></xml>";
/// let message = Message::parse(AppId::new("wx3cc8fd6963e31a32")?, text.to_owned())?;
///
/// assert_eq!(handler.clone().oneshot(message.clone()).await?, Reply::text("number 0"));
/// assert_eq!(handler.oneshot(message).await?, Reply::text("number 0"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DedupLayer {
    window: Duration,
    capacity: usize,
    max_running: usize,
    clock: SharedClock,
    runtime: Option<SharedRuntime>,
    store: Option<SharedStore>,
}

impl Default for DedupLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl DedupLayer {
    /// The layer with its [default limits](crate::callback::dedup#limits).
    pub fn new() -> Self {
        Self {
            window: WINDOW,
            capacity: CAPACITY,
            max_running: MAX_RUNNING,
            clock: SharedClock::default(),
            runtime: None,
            store: None,
        }
    }

    /// How long a finished push is remembered at least; 60 seconds unless set, and at most a
    /// quarter longer. The platform's three pushes come within some ten seconds.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How many finished pushes are remembered, the last ones of the window; 100,000 unless set, and
    /// 268 million at most. They take up to 25 bytes each.
    #[must_use]
    pub fn capacity(mut self, pushes: usize) -> Self {
        self.capacity = pushes;
        self
    }

    /// How many pushes of each app may run at once; 1024 unless set. A new one beyond them fails at
    /// once.
    #[must_use]
    pub fn max_running(mut self, pushes: usize) -> Self {
        self.max_running = pushes;
        self
    }

    /// The clock that tells the age of what is remembered.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.shared_clock(SharedClock::new(clock))
    }

    pub(crate) fn shared_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Runs on `runtime` what is left when a connection is gone. Unless set it is the tokio runtime
    /// of the caller; where there is none, a run ends with its connection, and is run again.
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    pub(crate) fn shared_runtime(mut self, runtime: SharedRuntime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Shares what is known of pushes with other instances.
    #[must_use]
    pub fn store(mut self, store: impl DedupStore) -> Self {
        self.store = Some(SharedStore::new(store));
        self
    }
}

impl<H> Layer<H> for DedupLayer {
    type Service = Dedup<H>;

    /// Each service remembers for itself; its clones are the same one.
    fn layer(&self, inner: H) -> Dedup<H> {
        Dedup {
            inner,
            shared: Arc::new(Shared {
                memory: Memory::new(self.window, self.capacity, self.max_running),
                clock: self.clock.clone(),
                runtime: self.runtime.clone(),
                store: self.store.clone(),
            }),
        }
    }
}

impl fmt::Debug for DedupLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DedupLayer")
            .field("window", &self.window)
            .field("capacity", &self.capacity)
            .field("max_running", &self.max_running)
            .finish_non_exhaustive()
    }
}
