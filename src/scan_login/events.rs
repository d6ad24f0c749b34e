//! The response body for a waiting page: a complete body, or a stream of events.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::login::{ScanLogin, ScanStatus};
use super::store::ScanError;
use crate::body::Body;
use crate::runtime::BoxFuture;
use crate::secret::Secret;

/// The interval of heartbeats, which keep proxies from closing an idle stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

type Wait = BoxFuture<'static, Result<ScanStatus, ScanError>>;

/// The response body of a [`ScanLoginService`](super::ScanLoginService).
pub struct ScanBody(Kind);

enum Kind {
    Whole(Body),
    /// Server-sent events: heartbeats, then the outcome of the sign-in.
    Events {
        login: ScanLogin,
        id: Secret,
        wait: Wait,
        done: bool,
    },
}

impl ScanBody {
    pub(super) fn events(login: ScanLogin, id: Secret) -> Self {
        let wait = wait(login.clone(), id.clone());
        Self(Kind::Events {
            login,
            id,
            wait,
            done: false,
        })
    }
}

impl From<Body> for ScanBody {
    fn from(body: Body) -> Self {
        Self(Kind::Whole(body))
    }
}

fn wait(login: ScanLogin, id: Secret) -> Wait {
    Box::pin(async move { login.wait_for(&id, HEARTBEAT).await })
}

impl HttpBody for ScanBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let event = match &mut self.0 {
            Kind::Whole(body) => return Pin::new(body).poll_frame(cx),
            Kind::Events { done: true, .. } => return Poll::Ready(None),
            Kind::Events {
                login,
                id,
                wait: waiting,
                done,
            } => {
                let status = ready!(waiting.as_mut().poll(cx));
                *done = !matches!(status, Ok(ScanStatus::Waiting));
                match status {
                    Ok(ScanStatus::Waiting) => {
                        *waiting = wait(login.clone(), id.clone());
                        ": waiting\n\n"
                    }
                    Ok(ScanStatus::Scanned(_)) => "event: scanned\ndata: {}\n\n",
                    Ok(ScanStatus::Gone) => "event: gone\ndata: {}\n\n",
                    Err(error) => {
                        error.log();
                        // Ends the stream. The page's EventSource reconnects after this delay.
                        "retry: 5000\n\n"
                    }
                }
            }
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(event.as_bytes())))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Events { done, .. } => *done,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(body) => body.size_hint(),
            Kind::Events { .. } => SizeHint::default(),
        }
    }
}

impl fmt::Debug for ScanBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Whole(_) => "ScanBody(whole)",
            Kind::Events { .. } => "ScanBody(events)",
        })
    }
}
