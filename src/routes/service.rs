//! Dispatches each request to its route.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use tower::{Service, service_fn};

use super::callbacks::Callbacks;
use super::envelope;
use super::future::ResponseFuture;
use super::json::{JsonRoute, stack};
use super::request_id;
use super::table::{self, Shared};
use super::token::{ServeToken, TokenRoute};
use crate::body::Body;
use crate::callback::{IntoReply, Message};
use crate::error::BoxError;

/// All documented routes as one service. Created by [`Wechat::routes`](crate::Wechat::routes).
///
/// The JSON routes answer 401 until [`access_keys`](Self::access_keys) or
/// [`unprotected`](Self::unprotected) is called.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode};
/// use tower::ServiceExt;
/// use tower_wechat::{Body, Event, Message, Reply, handler_fn};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// async fn on_message(message: Message) -> Reply {
///     match message.event() {
///         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
///         _ => Reply::none(),
///     }
/// }
///
/// let routes = wechat
///     .routes()
///     .access_keys(["a key that only our services know"])
///     .on_message(handler_fn(on_message))
///     .prefix("/v1/service/wx");
/// let request = Request::post("/v1/service/wx/nosuchroute").body(Body::empty())?;
/// assert_eq!(routes.oneshot(request).await?.status(), StatusCode::NOT_FOUND);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Routes<H> {
    pub(super) prefix: Arc<str>,
    pub(super) shared: Shared,
    pub(super) tokens: Option<TokenRoute>,
    pub(super) callbacks: Arc<Callbacks>,
    pub(super) handler: Option<H>,
}

impl<B, H> Service<Request<B>> for Routes<H>
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
    H: Service<Message> + Clone,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture<B, H>;

    /// Always ready: the returned future waits for what the request needs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let path = path.strip_prefix(&*self.prefix).unwrap_or_default();
        let route = path.strip_prefix('/').unwrap_or_default();
        // Operators register the URL with a trailing slash, and a redirect would lose the push.
        // `NormalizePath` would also strip several, and copy the URI.
        let route = route.strip_suffix('/').unwrap_or(route);
        if let Some(rest) = route.strip_prefix("wxmsg")
            && let Some(handler) = &self.handler
            && let Some(callback) = self.callbacks.find(rest)
        {
            return ResponseFuture::callback(callback.answer(handler, request));
        }
        if let (ServeToken::NAME, Some(tokens)) = (route, &self.tokens) {
            let mut tokens = match self.shared.options.failures_as_200 {
                true => tokens.clone().failures_as_200(),
                false => tokens.clone(),
            };
            return ResponseFuture::json(tokens.call(request));
        }
        if let Some(serve) = table::find(route) {
            return ResponseFuture::json(serve(&self.shared, request));
        }
        let unknown = service_fn(|request| ready(Ok(unknown(&request))));
        ResponseFuture::json(stack::call(unknown, request))
    }
}

/// Answers a request to an unknown route.
fn unknown<B>(request: &Request<B>) -> Response<Body> {
    let id = request_id::of(request);
    // Bounded, since anyone may send any path.
    let path: String = request.uri().path().chars().take(128).collect();
    tracing::info!(method = %request.method(), path, request_id = %id, "no such route");
    envelope::failure(&table::unknown(), &id, false)
}

impl<H> fmt::Debug for Routes<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("prefix", &self.prefix)
            .field("wxmsg", &self.handler.as_ref().map(|_| &*self.callbacks))
            .finish_non_exhaustive()
    }
}
