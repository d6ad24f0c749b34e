//! One span a call: the endpoint and the app, and how it ended. Never the address, which holds the
//! credential, and never a body.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower::{Layer, Service};
use tracing::{Instrument, Span, field};

use super::CallContext;
use crate::app::AppId;
use crate::error::{ErrCode, Error, ErrorClass, chain};
use crate::runtime::BoxFuture;

/// Makes [`Trace`] services.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct TraceLayer {}

impl TraceLayer {
    /// A layer.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner }
    }
}

/// Puts a call into the span `wechat.call`, at level DEBUG, with the fields `endpoint`, `appid` and
/// `errcode`; a call that fails for a reason that somebody must act on is a WARN event.
#[derive(Debug, Clone)]
pub struct Trace<S> {
    inner: S,
}

impl<S> Service<Request<Bytes>> for Trace<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Error>,
    S::Future: Send + 'static,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let span = match CallContext::of(&request) {
            Ok(call) => tracing::debug_span!(
                "wechat.call",
                endpoint = call.endpoint(),
                appid = %call.appid(),
                errcode = field::Empty,
            ),
            Err(_) => Span::none(),
        };
        let call = CallContext::of(&request).ok();
        let endpoint = call.map_or("", CallContext::endpoint);
        // Also in the events: the span is of a level that operators do not see.
        let appid = call.map(|call| call.appid().clone());
        let exchange = span.in_scope(|| self.inner.call(request));
        let traced = async move {
            let result = exchange.await;
            match &result {
                Ok(response) => {
                    if let Some(code) = response.extensions().get::<ErrCode>() {
                        refused(*code, endpoint, appid.as_ref());
                    }
                }
                Err(error) => {
                    let appid = appid.as_ref().map(AppId::as_str);
                    tracing::warn!(appid, error = chain(error), "the call failed");
                }
            }
            result
        };
        Box::pin(traced.instrument(span))
    }
}

fn refused(code: ErrCode, endpoint: &'static str, appid: Option<&AppId>) {
    let appid = appid.map(AppId::as_str);
    Span::current().record("errcode", code.get());
    match code.class_at(endpoint) {
        ErrorClass::User | ErrorClass::Input => {
            tracing::debug!(
                appid,
                errcode = code.get(),
                endpoint,
                "the platform refused the call"
            );
        }
        _ => tracing::warn!(
            appid,
            errcode = code.get(),
            endpoint,
            "the platform refused the call"
        ),
    }
}
