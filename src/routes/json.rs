//! The one way in which every JSON route reads, checks, calls and answers.

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
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

/// The largest request body, in bytes.
const BODY_MAX: usize = 64 << 10;

/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest `source` or `flow_id`, in characters.
const TEXT_MAX: usize = 128;

/// A route that takes a JSON document by `POST` and answers in the
/// [envelope](super#the-envelope). The documented routes are; a host's own can be, and is then
/// served by a [`JsonService`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use serde::{Deserialize, Serialize};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::{Failure, JsonRoute, JsonService};
///
/// #[derive(Clone)]
/// struct Greet;
///
/// #[derive(Deserialize)]
/// struct Name {
///     name: String,
/// }
///
/// #[derive(Serialize)]
/// struct Greeting {
///     text: String,
/// }
///
/// impl JsonRoute for Greet {
///     const NAME: &'static str = "greet";
///     type Request = Name;
///     type Answer = Greeting;
///
///     async fn answer(self, Name { name }: Name) -> Result<Greeting, Failure> {
///         if name.is_empty() {
///             return Err(Failure::parameter("name must not be empty"));
///         }
///         Ok(Greeting { text: format!("hello, {name}") })
///     }
/// }
///
/// let request = Request::post("/greet")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(r#"{"name":"Hui"}"#))?;
/// let response = JsonService::of(Greet).oneshot(request).await?;
/// assert_eq!(response.status(), StatusCode::OK);
/// # Ok(())
/// # }
/// ```
pub trait JsonRoute: Clone + Send + Sync + 'static {
    /// The last part of its path, for logs.
    const NAME: &'static str;

    /// The document it takes. Fields that it does not know are passed over.
    type Request: DeserializeOwned + Send;

    /// The `body` of its answer.
    type Answer: Serialize + Send;

    /// Answers one request.
    fn answer(
        self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

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
            let body = read_in_time(request.into_body(), options.runtime.as_ref()).await?;
            route.answer(parse(&body)?).await
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

async fn read_in_time<B>(body: B, runtime: Option<&SharedRuntime>) -> Result<Bytes, Failure>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    let Some(runtime) = SharedRuntime::or_current(runtime) else {
        return read(body).await;
    };
    let in_time = runtime.timeout(BODY_TIMEOUT, read(body)).await;
    in_time.unwrap_or_else(|| {
        Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            RetCode::PARAMETER,
            "the body took too long: send it again",
        ))
    })
}

async fn read<B>(body: B) -> Result<Bytes, Failure>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    let too_large = || {
        let message = format!("the body must be at most {BODY_MAX} bytes");
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, RetCode::PARAMETER, message)
    };
    if body.size_hint().lower() > BODY_MAX as u64 {
        return Err(too_large());
    }
    match Limited::new(body, BODY_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Failure::parameter("the body broke off: send it again")),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // The path is unknown where the body stops being JSON.
        let field = match path.contains(['.', '?']) {
            true => "the body".to_owned(),
            false => format!("field {path}"),
        };
        malformed(error.inner(), &field)
    })?;
    let end = deserializer.end();
    end.map_err(|error| malformed(&error, "the body"))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error, field: &str) -> Failure {
    // The parser's own text may quote a value, and a value may be a secret.
    let what = match error.classify() {
        serde_json::error::Category::Data => "is of the wrong type, or given twice",
        serde_json::error::Category::Eof => "ends too early",
        _ => "is not JSON",
    };
    let (line, column) = (error.line(), error.column());
    let place = format!("at line {line} column {column} of the body");
    Failure::parameter(format!("{field} {what}, {place}"))
}

/// A field that must be there and not empty.
pub(super) fn required(field: &str, value: Option<String>) -> Result<String, Failure> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Failure::parameter(format!(
            "{field} is required: give it as a string that is not empty"
        ))
    })
}

/// Checks the fields that every documented route takes: `source` and `flow_id`.
pub(super) fn check_caller(
    source: Option<String>,
    flow_id: Option<&String>,
) -> Result<String, Failure> {
    let source = required("source", source)?;
    bounded("source", &source)?;
    flow_id.map_or(Ok(()), |flow_id| bounded("flow_id", flow_id))?;
    Ok(source)
}

fn bounded(field: &str, value: &str) -> Result<(), Failure> {
    match value.chars().count() {
        len if len > TEXT_MAX => Err(Failure::parameter(format!(
            "{field} must be at most {TEXT_MAX} characters (it has {len})"
        ))),
        _ => Ok(()),
    }
}
