//! Hands pushes on: one public callback in front of several environments.
//!
//! The platform knows one URL per app. [`Forward`] is the handler behind it that gives a push to
//! the developer, the test or the production environment that it is meant for, signed anew with
//! that environment's own keys, and passes its reply on to the user.
//!
//! [`Forward::counts`] tells what became of the pushes. With the feature `metrics` each is counted
//! in `wechat_forward_total` too, shadows' copies among them, with the app as `appid`, the name of
//! the target as `target` and as `outcome`
//! - `answered`: the target answered as the platform may be answered,
//! - or what went wrong: [`Failure::as_str`].

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

/// What carries the requests.
type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;
/// What answers in the host's own process.
type Local = BoxCloneSyncService<Message, Reply, BoxError>;

/// A handler that hands a push on to the first target whose [`Rule`] it meets.
///
/// The target gets the document as this app received it, byte by byte, signed anew with the
/// target's own token and encrypted if the target has a key, so that it verifies like a push of
/// the platform. Its answer is checked before it is passed on: `success`, or a reply to this very
/// push in the push's own format. Anything else is a [`ForwardError`], and then the platform
/// sends the push again, instead of being told `success` for a push that nobody has handled.
///
/// A push that meets no rule goes to the default target, or to the host's own handler. Shadows
/// get a copy of what meets their rule, and what they answer is never passed on.
///
/// An encrypted answer is taken once, and only if its `TimeStamp`, or the document's `CreateTime`
/// where that is finer than in seconds, is at most ten minutes from this machine's clock. Its `Nonce` may be the push's or the target's own, but not another push's.
///
/// Prefer `https://`. Over plain `http://` whoever is on the way can answer `success` in the target's
/// place, so that the push is lost; can answer the user, if the target has no key; and, if it has
/// one and draws its own nonces, can hand the user another answer of the last ten minutes that was
/// meant for the same user and held back.
///
/// A target has four of the platform's five seconds to answer, unless [`Target::timeout`] says
/// otherwise.
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
    /// Every target once.
    upstreams: Vec<Arc<Upstream>>,
    wire: Wire,
}

/// Where a push goes that meets no rule.
enum Rest {
    Target(Arc<Upstream>),
    Local(Local),
}

/// What every exchange needs.
#[derive(Clone)]
struct Wire {
    transport: Transport,
    /// Where shadows' copies are counted.
    handlers: Option<HandlerTracker>,
    clock: SharedClock,
    runtime: SharedRuntime,
}

impl Forward {
    /// Begins a configuration. The requests are carried by `transport`, such as a
    /// [`ReqwestTransport`](crate::client::ReqwestTransport): it gets absolute addresses, must not
    /// follow redirects, should read no more of an answer than the request's
    /// [`AnswerMax`](crate::client::AnswerMax) of 64 KiB, and should say with
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect) that it could not connect, which is tried
    /// once more.
    pub fn builder<S>(transport: S) -> ForwardBuilder
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        ForwardBuilder::new(BoxCloneSyncService::new(transport.map_err(Into::into)))
    }

    /// What became of the pushes so far, for each target by its name.
    pub fn counts(&self) -> impl Iterator<Item = (&str, Counts)> {
        let upstreams = self.0.upstreams.iter();
        upstreams.map(|upstream| (upstream.target().name(), upstream.counts()))
    }
}

impl Shared {
    /// Sends the shadows their copies, which the answer does not wait for.
    fn copy(&self, message: &Message) {
        // A repeat is handed on for the sake of a handler behind this one that knows it again.
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

    /// Always ready: a target that is busy fails at once, so that the platform sends again.
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
