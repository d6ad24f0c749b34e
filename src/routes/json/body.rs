//! Reads the request document of a JSON route, and reports where it is wrong.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::error::BoxError;
use crate::routes::failure::{Failure, RetCode};
use crate::runtime::SharedRuntime;

/// The largest request body, in bytes. `RequestBodyLimit` would answer in plain text instead of the
/// envelope.
const BODY_MAX: usize = 64 << 10;

/// The time limit for reading a body. `RequestBodyTimeout` would need tokio's timer.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Collects a body within the time limit.
pub(super) async fn read_in_time<B>(
    body: B,
    runtime: Option<&SharedRuntime>,
) -> Result<Bytes, Failure>
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
            "the body took too long to arrive: send it again",
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
        Err(_) => Err(Failure::parameter("the body ended early: send it again")),
    }
}

/// Strips the byte order mark that some writers prepend.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// Deserializes a document, which must be a JSON object. Serde would also read a struct from an array, by
/// the positions of its fields.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    if let Some(first) = body.trim_ascii_start().first()
        && matches!(first, b'[' | b'"' | b'-' | b'0'..=b'9')
    {
        return Err(Failure::parameter("the body must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // Serde reports a duplicate at the object that holds it.
        if let Some(name) = duplicate(error.inner()) {
            let at = if path == "." {
                String::new()
            } else {
                path + "."
            };
            return Failure::parameter(format!("field {at:.128}{name} is given twice"));
        }
        // The path is `.` for the root, and contains `?` where it is unknown.
        let field = match path == "." || path.contains('?') {
            true => "the body".to_owned(),
            false => format!("field {path:.128}"),
        };
        malformed(error.inner(), &field)
    })?;
    let end = deserializer.end();
    // Rejects trailing data, as `serde_json::from_slice` does.
    end.map_err(|error| malformed(&error, "the body"))?;
    Ok(value)
}

/// Returns the name of the field that is given twice, if that is the error. It is a name of ours, not
/// of the caller's.
fn duplicate(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let name = text.strip_prefix("duplicate field `")?.split('`').next()?;
    Some(name.to_owned())
}

fn malformed(error: &serde_json::Error, field: &str) -> Failure {
    // The parser's message may quote a value, and a value may be a secret.
    let what = match error.classify() {
        serde_json::error::Category::Data => "is of the wrong type",
        serde_json::error::Category::Eof => "ends too early",
        _ => "is not JSON",
    };
    let (line, column) = (error.line(), error.column());
    let place = format!("at line {line} column {column} of the body");
    Failure::parameter(format!("{field} {what}, {place}"))
}
