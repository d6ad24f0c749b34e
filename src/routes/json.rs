//! The one way in which every JSON route reads, checks, calls and answers.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::access::AccessKeys;
use super::envelope::{self, Failure, RequestId, RetCode};
use crate::body::Body;
use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// The largest request body, in bytes.
const BODY_MAX: usize = 64 << 10;

/// The longest `source` or `flow_id`, in characters.
const TEXT_MAX: usize = 128;

/// A route: its name, what it takes and what it answers.
pub(super) trait Route: Clone + Send + Sync + 'static {
    const NAME: &'static str;
    type Request: DeserializeOwned + Send;
    type Answer: Serialize + Send;

    fn answer(
        self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

/// What the host chose for all JSON routes.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) access: AccessKeys,
    pub(super) failures_as_200: bool,
}

/// Serves one request.
pub(super) fn serve<R, B>(
    route: R,
    options: Options,
    request: Request<B>,
) -> BoxFuture<'static, Result<Response<Body>, Infallible>>
where
    R: Route,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let id = RequestId::of(&request);
    let span = tracing::info_span!("wechat.route", route = R::NAME, request_id = %id);
    let served = async move {
        let answer = async {
            check(&request, &options.access)?;
            let body = read(request.into_body()).await?;
            route.answer(parse(&body)?).await
        };
        Ok(match answer.await {
            Ok(answer) => envelope::success(&answer, &id),
            Err(failure) => {
                tracing::debug!(%failure, "the request failed");
                failure.respond(&id, options.failures_as_200)
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
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RetCode::PARAMETER,
            "the body must be JSON: send it with Content-Type: application/json",
        ));
    }
    Ok(())
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
    let announced = body.size_hint().lower();
    if announced > BODY_MAX as u64 {
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
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let wrong = |error: &serde_json::Error, field: &str| {
        // The parser's own text may quote a value, and a value may be a secret.
        let what = match error.classify() {
            serde_json::error::Category::Data => "is of the wrong type, or given twice",
            serde_json::error::Category::Eof => "ends too early",
            _ => "is not JSON",
        };
        let (line, column) = (error.line(), error.column());
        Failure::parameter(format!(
            "{field} {what}, at line {line} column {column} of the body"
        ))
    };
    let value = parsed.map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." {
            "the body".to_owned()
        } else {
            format!("field {path}")
        };
        wrong(error.inner(), &field)
    })?;
    deserializer
        .end()
        .map_err(|error| wrong(&error, "the body"))?;
    Ok(value)
}

/// A field that must be there and not empty.
pub(super) fn required(field: &str, value: Option<String>) -> Result<String, Failure> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Failure::parameter(format!(
            "{field} is required: give it as a string that is not empty"
        ))
    })
}

/// A field of a bounded length.
pub(super) fn bounded(field: &str, value: &str) -> Result<(), Failure> {
    match value.chars().count() {
        len if len > TEXT_MAX => Err(Failure::parameter(format!(
            "{field} must be at most {TEXT_MAX} characters (it has {len})"
        ))),
        _ => Ok(()),
    }
}
