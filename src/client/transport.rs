//! Turns any service into the lowest one of the stack.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower::{Layer, Service};

use super::AnswerMax;
use crate::api;
use crate::error::{BoxError, Error, ErrorKind};
use crate::runtime::{BoxFuture, Runtime, SharedRuntime};

/// How long one exchange may take, unless the builder says otherwise.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is taken. The largest known ones are images of some 300 KiB.
pub(super) const ANSWER_MAX: AnswerMax = AnswerMax::new(4 << 20);

/// Makes [`Transport`] services.
#[derive(Debug, Clone)]
pub struct TransportLayer {
    runtime: SharedRuntime,
    timeout: Duration,
}

impl TransportLayer {
    /// A layer with a deadline for each exchange, from connecting to the last byte.
    pub fn new(runtime: impl Runtime, timeout: Duration) -> Self {
        Self::shared(SharedRuntime::new(runtime), timeout)
    }

    pub(super) fn shared(runtime: SharedRuntime, timeout: Duration) -> Self {
        Self { runtime, timeout }
    }
}

impl<S> Layer<S> for TransportLayer {
    type Service = Transport<S>;

    fn layer(&self, inner: S) -> Transport<S> {
        Transport {
            inner,
            layer: self.clone(),
        }
    }
}

/// Gives a service what the layers above rely on: a deadline, a cap on the answer (4 MiB), an
/// [`Error`] for everything that is not an answer of the platform, and the
/// [`ErrCode`](crate::ErrCode) of a refusal in the response's extensions.
#[derive(Debug, Clone)]
pub struct Transport<S> {
    inner: S,
    layer: TransportLayer,
}

impl<S> Service<Request<Bytes>> for Transport<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(own)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let TransportLayer { runtime, timeout } = self.layer.clone();
        let exchange = self.inner.call(request);
        Box::pin(async move {
            match runtime.timeout(timeout, exchange).await {
                Some(result) => judge(result.map_err(own)?),
                None => Err(Error::transport(
                    ErrorKind::Timeout,
                    format!("{timeout:?} passed"),
                )),
            }
        })
    }
}

/// An error of ours as it is; any other as a broken connection.
fn own(error: impl Into<BoxError>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::transport(ErrorKind::Transport, other),
    }
}

fn judge(mut response: Response<Bytes>) -> Result<Response<Bytes>, Error> {
    let status = response.status();
    let body = response.body();
    if body.len() > ANSWER_MAX.bytes() {
        return Err(Error::new(
            ErrorKind::Answer,
            "the answer is larger than 4 MiB",
        ));
    }
    let first = api::text_of(body).first();
    // The platform answers in JSON or with an image: markup is a gateway's.
    if status != StatusCode::OK || matches!(first, None | Some(b'<')) {
        return Err(Error::new(
            ErrorKind::Status(status.as_u16()),
            "a gateway answered in the platform's place",
        ));
    }
    if let Some(code) = api::errcode_of(body) {
        response.extensions_mut().insert(code);
    }
    Ok(response)
}
