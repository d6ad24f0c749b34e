//! The one way in which every JSON route reads, checks, calls and answers.

mod body;
mod route;

pub use self::route::JsonRoute;

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::Service;
use tracing::Instrument;

use super::access::AccessKeys;
use super::envelope;
use super::failure::{Failure, RetCode};
use super::request_id::RequestId;
use crate::body::Body;
use crate::error::BoxError;
use crate::runtime::{BoxFuture, Runtime, SharedRuntime};
use crate::secret::Secret;

/// A [`JsonRoute`] as a service over any body, of at most 64 KiB and ten seconds.
#[derive(Debug, Clone)]
pub struct JsonService<R> {
    pub(super) route: R,
    options: Options,
}

/// What the host chose for its JSON routes.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) access: AccessKeys,
    pub(super) failures_as_200: bool,
    pub(super) runtime: Option<SharedRuntime>,
}

impl<R: JsonRoute> JsonService<R> {
    /// The service of a route.
    pub fn of(route: R) -> Self {
        let options = Options::default();
        Self { route, options }
    }

    /// As [`Routes::access_keys`](super::Routes::access_keys).
    #[must_use]
    pub fn access_keys(mut self, keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        self.options.access = AccessKeys::new(keys);
        self
    }

    /// As [`Routes::failures_as_200`](super::Routes::failures_as_200).
    #[must_use]
    pub fn failures_as_200(mut self) -> Self {
        self.options.failures_as_200 = true;
        self
    }

    /// Waits for bodies on `runtime`. Unless set it is the tokio runtime of the caller; where there
    /// is none, a body may take for ever.
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(SharedRuntime::new(runtime))
    }

    pub(super) fn shared_runtime(mut self, runtime: SharedRuntime) -> Self {
        self.options.runtime = Some(runtime);
        self
    }
}

impl<B, R> Service<Request<B>> for JsonService<R>
where
    R: JsonRoute,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Served;

    /// Always ready: what a request needs is waited for in its own future.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Served {
        serve(self.route.clone(), self.options.clone(), request)
    }
}

pub(super) type Served = BoxFuture<'static, Result<Response<Body>, Infallible>>;

/// Serves one request.
pub(super) fn serve<R, B>(route: R, options: Options, request: Request<B>) -> Served
where
    R: JsonRoute,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let id = RequestId::of(&request);
    let span = tracing::info_span!("wechat.route", route = R::NAME, request_id = %id);
    let served = async move {
        let answer = async {
            check(&request, &options.access)?;
            let body = body::read_in_time(request.into_body(), options.runtime.as_ref()).await?;
            route.answer(body::parse(&body)?).await
        };
        Ok(match answer.await {
            Ok(answer) => envelope::success(&answer, &id),
            Err(failure) => {
                tracing::debug!(%failure, "the request failed");
                envelope::failure(&failure, &id, options.failures_as_200)
            }
        })
    };
    Box::pin(served.instrument(span))
}

fn check<B>(request: &Request<B>, access: &AccessKeys) -> Result<(), Failure> {
    if request.method() != Method::POST {
        return Err(Failure::method("POST"));
    }
    access.check(request)?;
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RetCode::PARAMETER,
            "the body must be JSON: send it with Content-Type: application/json",
        ));
    }
    Ok(())
}
