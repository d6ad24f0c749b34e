//! The response future of [`Routes`](super::Routes).

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower::Service;

use super::json::Served;
use crate::body::Body;
use crate::callback::{self, IntoReply, Message};
use crate::error::BoxError;

pin_project! {
    /// The response future of [`Routes`](super::Routes).
    pub struct ResponseFuture<B, H>
    where
        H: Service<Message>,
    {
        #[pin]
        kind: Kind<B, H>,
    }
}

pin_project! {
    #[project = KindProj]
    #[allow(clippy::large_enum_variant, reason = "the large variant is the hot path")]
    enum Kind<B, H>
    where
        H: Service<Message>,
    {
        Json { future: Served },
        Callback { #[pin] future: callback::ResponseFuture<B, H> },
    }
}

impl<B, H: Service<Message>> ResponseFuture<B, H> {
    pub(super) fn json(future: Served) -> Self {
        Self {
            kind: Kind::Json { future },
        }
    }

    pub(super) fn callback(future: callback::ResponseFuture<B, H>) -> Self {
        Self {
            kind: Kind::Callback { future },
        }
    }
}

impl<B, H> Future for ResponseFuture<B, H>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
    H: Service<Message>,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Json { future } => future.as_mut().poll(cx),
            KindProj::Callback { future } => future.poll(cx),
        }
    }
}

impl<B, H: Service<Message>> fmt::Debug for ResponseFuture<B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
