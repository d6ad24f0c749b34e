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

/// How long a finished push is remembered. The platform's last retry comes about ten seconds after
/// the first push.
const WINDOW: Duration = Duration::from_secs(60);
/// How many finished pushes are remembered.
const CAPACITY: usize = 100_000;
const MAX_RUNNING: usize = 1024;

/// A layer that deduplicates retried pushes: see the [module
/// documentation](crate::callback::dedup).
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
#[must_use = "a layer does nothing until it wraps a service"]
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
    /// Creates the layer with its [default limits](crate::callback::dedup#limits).
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

    /// Sets the minimum time for which a finished push is remembered. Defaults to 60 seconds.
    ///
    /// The actual time is at most a quarter longer. The platform's three pushes arrive within about
    /// ten seconds. A [store](Self::store) remembers for longer: at least as long as the callback
    /// accepts the signature.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets how many finished pushes are remembered. Defaults to 100,000; the maximum is 268
    /// million.
    ///
    /// Each takes up to 25 bytes. When the memory is full, the oldest are evicted.
    pub fn capacity(mut self, pushes: usize) -> Self {
        self.capacity = pushes;
        self
    }

    /// Sets how many pushes of each app may run at once. Defaults to 1024. A new push beyond this
    /// limit fails at once.
    pub fn max_running(mut self, pushes: usize) -> Self {
        self.max_running = pushes;
        self
    }

    /// Sets the clock that measures the age of remembered pushes.
    pub fn clock(self, clock: impl Clock) -> Self {
        self.shared_clock(SharedClock::new(clock))
    }

    pub(crate) fn shared_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the runtime on which a run continues when its connection is closed. Defaults to the
    /// caller's tokio runtime.
    ///
    /// Without a runtime, a run is cancelled when its connection is closed, and a retry starts it
    /// again.
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    pub(crate) fn shared_runtime(mut self, runtime: SharedRuntime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Shares the state of pushes with other instances through a store: see [several
    /// instances](crate::callback::dedup#several-instances).
    ///
    /// [`Routes::on_message`](crate::routes::Routes::on_message) uses the store of
    /// [`WechatBuilder::shared`](crate::WechatBuilder::shared) by itself.
    pub fn store(self, store: impl DedupStore) -> Self {
        self.shared_store(Some(SharedStore::new(store)))
    }

    pub(crate) fn shared_store(mut self, store: Option<SharedStore>) -> Self {
        self.store = store;
        self
    }
}

impl<H> Layer<H> for DedupLayer {
    type Service = Dedup<H>;

    /// Wraps a handler. Each wrapped service has a separate memory, which its clones share.
    fn layer(&self, inner: H) -> Dedup<H> {
        Dedup {
            inner,
            shared: Arc::new(Shared {
                memory: Memory::new(self.window, self.capacity, self.max_running),
                clock: self.clock.clone(),
                runtime: self.runtime.clone(),
                store: self.store.clone(),
                window: self.window,
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
