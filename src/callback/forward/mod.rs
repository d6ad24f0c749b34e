//! Forwards pushes from one public callback to several environments.
//!
//! The platform knows one URL per app. [`Forward`] is a handler behind that URL. It forwards each
//! push to the development, test or production environment it is meant for, signed with that
//! environment's keys, and returns the environment's reply to the user.
//!
//! [`Forward::counts`] returns counters for each target. With the feature `metrics`, each forwarded
//! push is also counted in `wechat_forward_total`, including the copies for shadows. The labels are
//! the app as `appid`, the name of the target as `target`, and the `outcome`:
//! - `answered`: the target answered with `success` or a valid reply,
//! - otherwise the failure: [`Failure::as_str`].

mod answer;
mod builder;
mod error;
mod metrics;
mod nonce;
mod rule;
mod seen;
mod target;
mod upstream;

pub use self::builder::ForwardBuilder;
pub use self::error::{Failure, ForwardError};
pub use self::rule::Rule;
pub use self::target::Target;
pub use self::upstream::Counts;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::callback::deadline::HandlerTracker;
use crate::callback::forward::upstream::Upstream;
use crate::callback::{Message, Reply};
use crate::clock::SharedClock;
use crate::error::BoxError;
use crate::runtime::{BoxFuture, SharedRuntime};

/// Sends the requests.
type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;
/// Answers in this process.
type Local = BoxCloneSyncService<Message, Reply, BoxError>;

/// A handler that forwards a push to the first target whose [`Rule`] matches.
///
/// The target receives the document byte for byte as this app received it. The push is signed with
/// the target's token, and encrypted if the target has a key, so the target can verify it like a
/// push from the platform.
///
/// The answer is checked before it is returned: it must be `success`, or a reply to this push in
/// the format of the push. Any other answer is a [`ForwardError`]. The platform then retries the
/// push, instead of receiving `success` for a push that was not handled.
///
/// A push that matches no rule goes to the default target, or to a handler in this process. Shadows
/// receive a copy of each push that matches their rule; their answers are discarded.
///
/// An encrypted answer is accepted once, and only if its `TimeStamp` is at most ten minutes from
/// the local clock. If the `TimeStamp` is finer than seconds, the document's `CreateTime` is
/// checked instead. The answer's `Nonce` may be the nonce of the push or one that the target
/// generated, but not the nonce of another push.
///
/// Prefer `https://`. With plain `http://`, an attacker on the network can answer `success` for the
/// target, so that the push is lost. If the target has no key, the attacker can also reply to the
/// user. If it has a key and generates its own nonces, the attacker can withhold an answer and
/// replace it with another answer to the same user from the last ten minutes.
///
/// A target has four of the platform's five seconds to answer; [`Target::timeout`] changes this.
///
/// ```
/// # #[cfg(feature = "reqwest")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_wechat::callback::forward::{Forward, Rule, Target};
/// use tower_wechat::client::ReqwestTransport;
/// use tower_wechat::{AppId, Callback, CallbackKeys};
///
/// # let [aes_key, test_aes_key] = ["abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"; 2];
/// let dev = CallbackKeys::plaintext("devtoken")?;
/// let test = CallbackKeys::secure("testtoken", test_aes_key)?;
/// let forward = Forward::builder(ReqwestTransport::new()?)
///     .rule(
///         Rule::any().openids(["o-iUq6qghnE5dHvzRo4JGokOr0lk11"]).events(["SCAN", ""]),
///         Target::new("dev", "http://127.0.0.1:22255/v1/client/wxmsg1", dev)?,
///     )
///     .default_target(Target::new("test", "https://test.example/wxmsg", test)?)
///     .build()?;
///
/// let keys = CallbackKeys::secure("thetoken", aes_key)?;
/// let callback = Callback::new(keys.for_app(AppId::new("wx3cc8fd6963e31a32")?), forward);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "reqwest"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Forward(Arc<Shared>);

struct Shared {
    rules: Vec<(Rule, Arc<Upstream>)>,
    shadows: Vec<(Rule, Arc<Upstream>)>,
    rest: Rest,
    /// Every target, without duplicates.
    upstreams: Vec<Arc<Upstream>>,
    wire: Wire,
}

/// The destination of pushes that match no rule.
enum Rest {
    Target(Arc<Upstream>),
    Local(Local),
}

/// The configuration shared by all exchanges.
#[derive(Clone)]
struct Wire {
    transport: Transport,
    /// Counts the copies sent to shadows.
    handlers: Option<HandlerTracker>,
    clock: SharedClock,
    runtime: SharedRuntime,
}

impl Forward {
    /// Returns a builder whose requests are sent by `transport`, such as a
    /// [`ReqwestTransport`](crate::client::ReqwestTransport).
    ///
    /// The transport receives absolute URLs and must not follow redirects. It should read at most
    /// the request's [`AnswerMax`](crate::client::AnswerMax) of 64 KiB from an answer. It should
    /// report a failed connection as [`ErrorKind::Connect`](crate::ErrorKind::Connect): such a
    /// request is tried once more.
    pub fn builder<S>(transport: S) -> ForwardBuilder
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        ForwardBuilder::new(BoxCloneSyncService::new(transport.map_err(Into::into)))
    }

    /// Returns the counters of each target, with its name.
    pub fn counts(&self) -> impl Iterator<Item = (&str, Counts)> {
        let upstreams = self.0.upstreams.iter();
        upstreams.map(|upstream| (upstream.target().name(), upstream.counts()))
    }
}

impl Shared {
    /// Starts sending copies to the matching shadows, without waiting for them.
    fn copy(&self, message: &Message) {
        // A repeat is only passed on for a deduplicating handler behind this one.
        if message.delivery().is_repeat() {
            return;
        }
        for (rule, upstream) in &self.shadows {
            if rule.is_met(message) {
                upstream.copy(&self.wire, message);
            }
        }
    }

    async fn answer(&self, message: Message) -> Result<Reply, BoxError> {
        let mut rules = self.rules.iter();
        let met = rules.find(|(rule, _)| rule.is_met(&message));
        let upstream = match (met, &self.rest) {
            (Some((_, upstream)), _) | (None, Rest::Target(upstream)) => upstream,
            (None, Rest::Local(handler)) => return handler.clone().oneshot(message).await,
        };
        Ok(upstream.exchange(&self.wire, &message).await?)
    }
}

impl Service<Message> for Forward {
    type Response = Reply;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Reply, BoxError>>;

    /// Always ready: a push for a busy target fails at once, so that the platform retries it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            shared.copy(&message);
            shared.answer(message).await
        })
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .0
            .upstreams
            .iter()
            .map(|upstream| upstream.target().name());
        f.debug_list().entries(names).finish()
    }
}
