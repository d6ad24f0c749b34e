//! The [`Callback`] service.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower::Service;

use crate::accessors::inner_service_accessors;
use crate::app::AppId;
use crate::body::Body;
use crate::callback::metrics::count;
use crate::callback::reply::response;
use crate::callback::verify::readings;
use crate::callback::verify::replay::Replays;
use crate::callback::verify::verifier::{Admitted, Verifier};
use crate::callback::{IntoReply, Limits, Message, Recipient, Rejection, ResponseFuture};
use crate::clock::{Clock, SharedClock};
use crate::error::BoxError;
use crate::panic::{Panicked, contain};
use crate::runtime::{Runtime, SharedRuntime};

/// The maximum difference between a timestamp and the local clock, in either direction.
const WINDOW: Duration = Duration::from_secs(600);
/// The maximum length of a body, in bytes. The platform's bodies stay below a tenth of it.
const BODY_LIMIT: usize = 64 * 1024;
/// The timeout for reading a body. The platform allows five seconds for the whole exchange.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// A service that receives an app's pushes: it verifies, decrypts and parses each push, calls the
/// handler, and encrypts and signs the reply.
///
/// The service accepts any request body and never fails, so it can be mounted on a router or served
/// directly. It is always ready: the handler's readiness is polled only after a push has been
/// verified, so that unverified requests cannot cause work in the handler.
///
/// | request | answer |
/// |---|---|
/// | URL verification by the platform (GET) | 200, `echostr` unchanged |
/// | a push | 200, the reply in the format and mode of the push, or `success` |
/// | a push whose handler fails or panics | 500: the platform retries it |
/// | a push whose handler is [`Overloaded`] | 503: the platform retries it |
/// | a push whose body is too long, breaks off or takes too long | 413, 400, 408 |
/// | any request that is not proven to come from the platform | 403, an empty body |
///
/// A signature runs the handler once. It is used up when the handler succeeds, and released when
/// the handler fails, panics or is dropped. An identical copy of a push is answered with 503 while
/// the handler runs, and with `success` afterwards. Behind
/// [`Dedup`](crate::callback::dedup::Dedup), the copy joins the run and gets its reply.
///
/// The platform signs each of its retries with a new timestamp and nonce, so the handler is called
/// again for every retry. `Callback` does not limit the handler's time. The layers
/// [`Dedup`](crate::callback::dedup::Dedup) and [`Deadline`](crate::callback::deadline) handle
/// both; [`Routes::on_message`](crate::routes::Routes::on_message) applies them.
///
/// | limit | default | set by |
/// |---|---|---|
/// | age of a timestamp, in either direction | 10 minutes | [`timestamp_window`] |
/// | length of a body | 64 KiB | [`body_limit`] |
/// | time to read a body | 5 seconds | [`body_timeout`] |
/// | depth, elements and longest field of a document | 16, 2048 and 64 KiB | [`limits`] |
/// | length of a document | 1 MiB | fixed |
/// | document types and entities | none | fixed |
/// | age of remembered signatures | 20 minutes | twice the [`timestamp_window`] |
/// | number of remembered signatures | 100,000, in at most 2.5 MB | [`replay_capacity`] |
/// | age of a captured push that is refused under another reading | 24 hours | [`ambiguity`] |
///
/// [`Overloaded`]: crate::callback::Overloaded
/// [`timestamp_window`]: Self::timestamp_window
/// [`replay_capacity`]: Self::replay_capacity
/// [`body_limit`]: Self::body_limit
/// [`body_timeout`]: Self::body_timeout
/// [`limits`]: Self::limits
/// [`ambiguity`]: Self::ambiguity
///
/// The response to a refused request carries its [`Rejection`]: see [`Body::rejection`].
///
/// ```
/// use http::{Request, StatusCode};
/// use http_body_util::{BodyExt, Empty};
/// use tower::ServiceExt;
/// use tower_wechat::{AppId, Callback, CallbackKeys, ManualClock, Message, Reply, handler_fn};
///
/// async fn on_message(msg: Message) -> Reply {
///     Reply::text(format!("hello, {}", msg.from_user_name()))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = CallbackKeys::plaintext("AAAAA")?.for_app(AppId::new("wxba5fad812f8e6fb9")?);
/// let callback = Callback::new(keys, handler_fn(on_message));
///
/// // The platform verifies the URL.
/// let request = Request::get(
///     "/wxmsg?signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249\
///      &timestamp=1714036504&nonce=1514711492",
/// );
/// let callback = callback.clock(ManualClock::at_unix(1714036504));
/// let response = callback.oneshot(request.body(Empty::<&[u8]>::new())?).await?;
/// assert_eq!(response.status(), StatusCode::OK);
/// assert_eq!(response.into_body().collect().await?.to_bytes(), "4375120948345356249");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Callback<H> {
    config: Arc<Config>,
    handler: H,
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) gate: Verifier,
    replay_capacity: Option<usize>,
    pub(crate) clock: SharedClock,
    pub(crate) body_limit: usize,
    pub(crate) body_timeout: Option<Duration>,
    pub(crate) runtime: Option<SharedRuntime>,
}

impl<H> Callback<H> {
    inner_service_accessors!(handler: H);

    /// Creates a callback for one app. `handler` is a `tower::Service<Message>`, for example one
    /// made by [`handler_fn`](crate::handler_fn).
    pub fn new(recipient: Recipient, handler: H) -> Self {
        let appid = recipient.appid().clone();
        Self {
            config: Arc::new(Config {
                gate: Verifier {
                    recipient,
                    window: Some(WINDOW),
                    ambiguity: readings::AMBIGUITY,
                    limits: Limits::DEFAULT,
                    replays: Replays::new(appid, Some(WINDOW), None),
                },
                replay_capacity: None,
                clock: SharedClock::default(),
                body_limit: BODY_LIMIT,
                body_timeout: Some(BODY_TIMEOUT),
                runtime: None,
            }),
            handler,
        }
    }

    /// Sets the maximum difference between a push's timestamp and the local clock, in either
    /// direction. Defaults to ten minutes.
    ///
    /// Signatures are remembered for as long as their timestamps are accepted. With `None`, pushes
    /// of any age are accepted: anyone who has captured a push can replay it at any later time.
    #[must_use]
    pub fn timestamp_window(self, window: Option<Duration>) -> Self {
        self.with(|config| {
            config.gate.window = window;
            config.renew_replays();
        })
    }

    /// Sets how many signatures are remembered to prevent replays. Defaults to 100,000, which is
    /// enough for 80 pushes a second at the default window.
    ///
    /// Each takes up to 25 bytes. When the memory is full, the oldest signatures are evicted early;
    /// this is counted, and logged once.
    #[must_use]
    pub fn replay_capacity(self, signatures: usize) -> Self {
        self.with(|config| {
            config.replay_capacity = Some(signatures);
            config.renew_replays();
        })
    }

    /// Sets how long a captured push is refused when it is replayed with another reading of its
    /// signature. Defaults to 24 hours.
    ///
    /// The platform joins timestamp and nonce without a separator before it signs them. The two can
    /// therefore be swapped, or split at another place, under the same signature. Where the
    /// document's `CreateTime` cannot decide which timestamp was signed, a push is refused if its
    /// signature can be read with another timestamp of this age or less. In plaintext mode this is
    /// always the case.
    ///
    /// At the default, about 45 of a million genuine pushes are refused because their nonce happens
    /// to read as a recent time. The platform retries them with another nonce. With 30 days, 1,341
    /// of a million would be refused.
    #[must_use]
    pub fn ambiguity(self, age: Duration) -> Self {
        self.with(|config| config.gate.ambiguity = age)
    }

    /// Sets the maximum length of a body, in bytes. Defaults to 64 KiB. A document of more than 1
    /// MiB is always refused as malformed.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|config| config.body_limit = bytes)
    }

    /// Sets the limits for a document after decryption.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.with(|config| config.gate.limits = limits)
    }

    /// Sets the timeout for reading a body. Defaults to 5 seconds, the time the platform waits for
    /// an answer. `None` disables the timeout.
    ///
    /// The time starts when the body is first pending. A body that takes longer is answered with
    /// 408. The server then closes the connection, because the body was not read to its end.
    #[must_use]
    pub fn body_timeout(self, timeout: Option<Duration>) -> Self {
        self.with(|config| config.body_timeout = timeout)
    }

    /// Sets the runtime for the body timeout. Defaults to the caller's tokio runtime. Without a
    /// runtime, the time to read a body is not limited.
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    pub(crate) fn shared_runtime(self, runtime: SharedRuntime) -> Self {
        self.with(|config| config.runtime = Some(runtime))
    }

    /// Sets the clock that timestamps are compared with and that dates replies.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.with(|config| config.clock = SharedClock::new(clock))
    }

    /// Returns the app whose pushes this callback accepts.
    pub fn appid(&self) -> &AppId {
        self.config.gate.recipient.appid()
    }

    /// Returns how many signatures were evicted before their timestamps were stale: see
    /// [`replay_capacity`](Self::replay_capacity).
    pub fn forgotten(&self) -> u64 {
        self.config.gate.replays.forgotten()
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<B, H> Service<Request<B>> for Callback<H>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
    H: Service<Message> + Clone,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture<B, H>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<B, H> {
        Config::answer(Arc::clone(&self.config), &self.handler, request)
    }
}

impl Callback<()> {
    /// Replaces the keys. Clones share the signatures that were seen.
    pub(crate) fn recipient(self, recipient: Recipient) -> Self {
        self.with(|config| config.gate.recipient = recipient)
    }

    /// Answers a request with the given handler.
    pub(crate) fn answer<B, H>(self, handler: &H, request: Request<B>) -> ResponseFuture<B, H>
    where
        B: http_body::Body,
        H: Service<Message> + Clone,
    {
        Config::answer(self.config, handler, request)
    }
}

impl Config {
    fn answer<B, H>(self: Arc<Self>, handler: &H, request: Request<B>) -> ResponseFuture<B, H>
    where
        B: http_body::Body,
        H: Service<Message> + Clone,
    {
        let (now, clock) = (self.clock.unix(), &self.clock);
        match (self.gate).admit(request.method(), request.uri(), now, clock) {
            // Cloned now, because the future must not borrow the service.
            Ok(Admitted::Push(push)) => match contain(|| handler.clone()) {
                Ok(handler) => ResponseFuture::collect(self, (push, handler), request, now),
                Err(Panicked) => {
                    let appid = self.gate.recipient.appid();
                    tracing::error!(%appid, "the handler panicked when it was cloned");
                    ResponseFuture::done(response::failure(appid))
                }
            },
            Ok(Admitted::Echo(echostr)) => {
                ResponseFuture::done(response::echo(self.gate.recipient.appid(), echostr))
            }
            Err(rejection) => ResponseFuture::done(self.reject(rejection)),
        }
    }

    /// Replaces the replay memory, whose size depends on the window and the capacity.
    fn renew_replays(&mut self) {
        let appid = self.gate.recipient.appid().clone();
        self.gate.replays = Replays::new(appid, self.gate.window, self.replay_capacity);
    }

    /// Logs and counts the reason. The sender learns only the status.
    pub(crate) fn reject(&self, rejection: Rejection) -> Response<Body> {
        let (appid, reason) = (self.gate.recipient.appid(), rejection.as_str());
        if rejection == Rejection::Malformed {
            tracing::warn!(%appid, reason, "a push could not be parsed");
        } else {
            tracing::info!(%appid, reason, "a push was refused");
        }
        count(appid, reason);
        rejection.into_response()
    }
}

impl<H> fmt::Debug for Callback<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("recipient", &self.config.gate.recipient)
            .field("timestamp_window", &self.config.gate.window)
            .field("body_limit", &self.config.body_limit)
            .field("body_timeout", &self.config.body_timeout)
            .finish_non_exhaustive()
    }
}
