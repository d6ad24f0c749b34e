//! The service of all JSON routes: access control, decoding, checks and answers.

mod body;
mod known;
mod route;
pub(super) mod stack;

pub use self::route::JsonRoute;

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::{Service, service_fn};
use tracing::{Instrument, field};

use super::access::Access;
use super::envelope;
use super::failure::{Failure, RetCode};
use super::request_id;
use crate::body::Body;
use crate::clock::{Clock, SystemClock};
use crate::error::{BoxError, ErrCode, Error, ErrorClass};
use crate::panic::{self, Contained, Panicked};
use crate::runtime::{BoxFuture, Runtime, SharedRuntime};
use crate::secret::Secret;

/// A service that serves a [`JsonRoute`]. It accepts any body type, up to 64 KiB within ten
/// seconds.
///
/// It answers 401 until [`access_keys`](Self::access_keys) or [`unprotected`](Self::unprotected) is
/// called. A panic in the route is answered with 500.
#[derive(Debug, Clone)]
pub struct JsonService<R> {
    pub(super) route: R,
    pub(super) options: Options,
}

/// The settings of the JSON routes.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) access: Access,
    pub(super) failures_as_200: bool,
    pub(super) ignores_unknown_fields: bool,
    pub(super) runtime: Option<SharedRuntime>,
}

impl<R: JsonRoute> JsonService<R> {
    /// Creates the service of a route.
    pub fn from_route(route: R) -> Self {
        let options = Options::default();
        Self { route, options }
    }

    /// As [`Routes::access_keys`](super::Routes::access_keys).
    #[must_use]
    pub fn access_keys(mut self, keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        self.options.access = Access::keys(keys);
        self
    }

    /// As [`Routes::unprotected`](super::Routes::unprotected).
    #[must_use]
    pub fn unprotected(mut self) -> Self {
        self.options.access = Access::Unprotected;
        self
    }

    /// As [`Routes::failures_as_200`](super::Routes::failures_as_200).
    #[must_use]
    pub fn failures_as_200(mut self) -> Self {
        self.options.failures_as_200 = true;
        self
    }

    /// As [`Routes::ignore_unknown_fields`](super::Routes::ignore_unknown_fields).
    #[must_use]
    pub fn ignore_unknown_fields(mut self) -> Self {
        self.options.ignores_unknown_fields = true;
        self
    }

    /// Sets the runtime for the timeout of request bodies. Defaults to the caller's tokio runtime.
    /// Without a runtime there is no timeout.
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

    /// Always ready: the returned future waits for what the request needs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Served {
        let serve = service_fn(|request| {
            let route = panic::contain(|| self.route.clone());
            serve(route, self.options.clone(), request)
        });
        stack::call(serve, request)
    }
}

pub(super) type Served = BoxFuture<'static, Result<Response<Body>, Infallible>>;

/// Serves one request. A panic in the application's code is answered with 500.
fn serve<R, B>(
    route: Result<R, Panicked>,
    options: Options,
    request: Request<B>,
) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send
where
    R: JsonRoute,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let id = request_id::of(&request);
    let span = tracing::info_span!(
        "wechat.route",
        route = R::NAME,
        request_id = %id,
        source = field::Empty,
        appid = field::Empty,
    );
    let as_200 = options.failures_as_200;
    let work = {
        // Not `CatchPanic`: it lets a panic in drop pass, and changes the type of the body.
        let id = id.clone();
        Contained::new(async move { answer(route?, options, request, &id).await })
    };
    let served = async move {
        Ok(work.await.flatten().unwrap_or_else(|Panicked| {
            tracing::error!("the route panicked");
            envelope::failure(&Failure::broken(), &id, as_200)
        }))
    };
    served.instrument(span)
}

async fn answer<R, B>(
    route: R,
    options: Options,
    request: Request<B>,
    id: &str,
) -> Result<Response<Body>, Panicked>
where
    R: JsonRoute,
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    let answer = async {
        // Not `ValidateRequest`: its refusal is a response, so `tell` would not see the failure.
        check(&request, &options.access)?;
        let body = body::read_in_time(request.into_body(), options.runtime.as_ref()).await?;
        let body = body::without_mark(&body);
        if !options.ignores_unknown_fields {
            known::check::<R>(body)?;
        }
        let answer = route.answer(body::parse(body)?).await?;
        envelope::success(&answer, id)
    };
    // Used for the log only, so it need not be the injected clock.
    let clock = SystemClock::default();
    let began = clock.monotonic();
    let answer = answer.await;
    let took = clock.monotonic().saturating_sub(began);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Ok(match answer {
        Ok(response) => {
            tracing::info!(code = RetCode::OK.get(), ms, "answered");
            response
        }
        Err(failure) => {
            tell(&failure, ms);
            envelope::failure(&failure, id, options.failures_as_200)
        }
    })
}

/// Logs a failure, as a warning if an operator may have to act on it.
fn tell(failure: &Failure, ms: u64) {
    let (status, code) = (failure.status().as_u16(), failure.code().get());
    let errcode = failure.error().and_then(|error| error.errcode());
    let errcode = errcode.map(ErrCode::get);
    let why = failure.message();
    match failure.error().map(Error::class) {
        None | Some(ErrorClass::User | ErrorClass::Input) => {
            tracing::info!(status, code, errcode, ms, why, "failed");
        }
        Some(_) => tracing::warn!(status, code, errcode, ms, why, "failed"),
    }
}

fn check<B>(request: &Request<B>, access: &Access) -> Result<(), Failure> {
    if request.method() != Method::POST {
        return Err(Failure::method("POST"));
    }
    // Before the content type, so that a caller without access learns nothing more.
    access.check(request)?;
    let content_type = request.headers().get(CONTENT_TYPE);
    // A parameter after the media type may contain non-ASCII bytes.
    let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
    let essence = content_type.split(|byte| *byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    if !essence.eq_ignore_ascii_case(b"application/json") {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RetCode::PARAMETER,
            "the body must be JSON: send it with Content-Type: application/json",
        ));
    }
    Ok(())
}
