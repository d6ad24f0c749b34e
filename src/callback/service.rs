//! The callback as a service.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower::Service;

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

/// How far a timestamp may be from this machine's clock, either way.
const WINDOW: Duration = Duration::from_secs(600);
/// The longest body, in bytes. The platform's own stay below a tenth of it.
const BODY_LIMIT: usize = 64 * 1024;
/// How long a body may take. The platform waits no longer for the whole exchange.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The service at the URL that an app's pushes go to: it verifies, decrypts and parses them, lets
/// the handler answer, and seals the answer.
///
/// It takes every request body and never fails, so it can be mounted on a router or served as it
/// is. It is always ready: the handler is asked whether it is ready only once a push is verified,
/// so that nobody but the platform can make it work.
///
/// | request | answer |
/// |---|---|
/// | the platform verifies the URL (GET) | 200, `echostr` as it came |
/// | a push | 200, the reply in the push's own format and mode, or `success` |
/// | a push, and the handler fails or panics | 500: the platform sends it again |
/// | a push, and the handler is [`Overloaded`](crate::callback::Overloaded) | 503: the same |
/// | a push whose body is too long, breaks off or takes too long | 413, 400, 408 |
/// | anything that does not prove to come from the platform | 403, an empty body |
///
/// A signature runs the handler once: it is used up when the handler has succeeded, and free again
/// when it fails, panics or is dropped. An identical copy of a push is answered with 503 while the
/// handler runs, and with `success` afterwards; behind [`Dedup`](crate::callback::dedup::Dedup) it joins the
/// run and gets its reply. The platform's own second and third push of a message are signed anew, so
/// the handler is called for them too, and it may take as long as it likes. [`Dedup`](crate::callback::dedup::Dedup) and [`Deadline`](crate::callback::deadline)
/// are layers for it that see to both; [`Routes::on_message`](crate::routes::Routes::on_message)
/// puts them on.
///
/// | limit | unless set | |
/// |---|---|---|
/// | age of a timestamp, either way | 10 minutes | [`timestamp_window`](Self::timestamp_window) |
/// | length of a body | 64 KiB | [`body_limit`](Self::body_limit) |
/// | time for a body | 5 seconds | [`body_timeout`](Self::body_timeout) |
/// | depth, elements and longest field of a document | 16, 2048 and 64 KiB | [`limits`](Self::limits) |
/// | length of a document | 1 MiB | fixed |
/// | document types and entities | none | fixed |
/// | signatures that are remembered, so that none is used twice | of the last 20 minutes, the last 100,000, in 2.5 MB at most | [`timestamp_window`](Self::timestamp_window), [`replay_capacity`](Self::replay_capacity) |
/// | age of a captured push whose signature can be read with another timestamp | 24 hours | [`ambiguity`](Self::ambiguity) |
///
/// A refused request's response tells the [`Rejection`] by its [`Body::rejection`].
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
    /// A callback for one app; `handler` is a `tower::Service<Message>`, such as one of
    /// [`handler_fn`](crate::handler_fn).
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

    /// How far a push's timestamp may be from this machine's clock, either way; ten minutes unless
    /// set. Signatures are remembered for as long as their timestamps are taken. `None` takes pushes
    /// of any age, which lets whoever has seen one send it again for ever.
    #[must_use]
    pub fn timestamp_window(self, window: Option<Duration>) -> Self {
        self.with(|config| {
            config.gate.window = window;
            config.renew_replays();
        })
    }

    /// How many signatures are remembered, so that none is used twice; 100,000 unless set, which is
    /// enough for 80 pushes a second at the default window. They take up to 25 bytes each. When more
    /// come, the oldest are forgotten before their time, which is counted and logged once.
    #[must_use]
    pub fn replay_capacity(self, signatures: usize) -> Self {
        self.with(|config| {
            config.replay_capacity = Some(signatures);
            config.renew_replays();
        })
    }

    /// How long ago a push may have been captured that is sent again with another reading of its
    /// signature; 24 hours unless set.
    ///
    /// The platform joins timestamp and nonce without a separator before it signs them, so that
    /// both can be exchanged, or cut differently, under the same signature. Where the document's
    /// own `CreateTime` cannot tell which timestamp is meant, which is always so in plaintext mode,
    /// a push is refused if its signature can be read with a timestamp of this age or less. That
    /// refuses about 45 of a million genuine pushes, whose nonce reads like a recent time by chance;
    /// the platform sends them again with another nonce. 30 days would refuse 1,341.
    #[must_use]
    pub fn ambiguity(self, age: Duration) -> Self {
        self.with(|config| config.gate.ambiguity = age)
    }

    /// The longest body that is read, in bytes; 64 KiB unless set. A document beyond 1 MiB is
    /// malformed whatever is set.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|config| config.body_limit = bytes)
    }

    /// How large a document may be once it is decrypted.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.with(|config| config.gate.limits = limits)
    }

    /// How long a body may take to come, from the moment it keeps the callback waiting; 5 seconds
    /// unless set, which is as long as the platform waits itself. One that takes longer is answered
    /// with 408, and a server closes the connection that it left unread. `None` waits for ever.
    #[must_use]
    pub fn body_timeout(self, timeout: Option<Duration>) -> Self {
        self.with(|config| config.body_timeout = timeout)
    }

    /// Waits for bodies on `runtime`. Unless set it is the tokio runtime of the caller; where there
    /// is none, a body may take for ever.
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    pub(crate) fn shared_runtime(self, runtime: SharedRuntime) -> Self {
        self.with(|config| config.runtime = Some(runtime))
    }

    /// The clock that timestamps are compared with, and replies are dated by.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.with(|config| config.clock = SharedClock::new(clock))
    }

    /// The app whose pushes it takes.
    pub fn appid(&self) -> &AppId {
        self.config.gate.recipient.appid()
    }

    /// How many signatures were forgotten before their timestamps were stale: see
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
        Config::answer(&self.config, &self.handler, request)
    }
}

impl Callback<()> {
    /// Answers a request with a handler.
    pub(crate) fn answer<B, H>(&self, handler: &H, request: Request<B>) -> ResponseFuture<B, H>
    where
        B: http_body::Body,
        H: Service<Message> + Clone,
    {
        Config::answer(&self.config, handler, request)
    }
}

impl Config {
    fn answer<B, H>(self: &Arc<Self>, handler: &H, request: Request<B>) -> ResponseFuture<B, H>
    where
        B: http_body::Body,
        H: Service<Message> + Clone,
    {
        let (now, clock) = (self.clock.unix(), &self.clock);
        match (self.gate).admit(request.method(), request.uri(), now, clock) {
            Ok(Admitted::Push(push)) => match contain(|| handler.clone()) {
                Ok(handler) => {
                    ResponseFuture::collect(Arc::clone(self), (push, handler), request, now)
                }
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

    fn renew_replays(&mut self) {
        let appid = self.gate.recipient.appid().clone();
        self.gate.replays = Replays::new(appid, self.gate.window, self.replay_capacity);
    }

    /// Tells the host why, and the sender nothing.
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
