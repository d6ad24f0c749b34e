//! Closes stalled connections.
//!
//! Time limits apply to a request's head, to the pause before the next request on a keep-alive
//! connection, and to a peer that stops reading. No limit applies here while a request is handled:
//! other limits cover its body and its handler.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The time limit for a request's head.
    pub(crate) header: Duration,
    /// The time limit for a pause between requests, and for a write that makes no progress.
    pub(crate) idle: Duration,
}

/// A listener that applies the limits to its connections.
pub(crate) struct Limited {
    pub(crate) listener: TcpListener,
    pub(crate) limits: Limits,
}

impl Listener for Limited {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        (Connection::new(stream, self.limits), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The phase of a connection.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Waiting for the rest of a request's head since this time. A new connection starts here.
    Head(Instant),
    /// A request is being handled.
    Request,
    /// Nothing has arrived since the last response, which ended at this time.
    Idle(Instant),
}

/// The phase of a connection, shared with the layer that tracks its requests.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<Phase>>);

impl Shared {
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Limited>> for Shared {
    fn connect_info(stream: IncomingStream<'_, Limited>) -> Self {
        stream.io().shared.clone()
    }
}

/// A middleware function that updates the phase when a request starts and its response ends.
pub(crate) async fn track(
    ConnectInfo(shared): ConnectInfo<Shared>,
    request: Request,
    next: Next,
) -> Response {
    *shared.phase() = Phase::Request;
    let ended = Ended(shared);
    let response = next.run(request).await;
    response.map(|body| Body::new(Tracked { body, ended }))
}

/// Sets the phase to idle on drop, when the response body ends or the peer disconnects.
struct Ended(Shared);

impl Drop for Ended {
    fn drop(&mut self) {
        *self.0.phase() = Phase::Idle(Instant::now());
    }
}

struct Tracked {
    body: Body,
    #[allow(dead_code, reason = "its drop changes the phase")]
    ended: Ended,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pub(crate) struct Connection {
    stream: TcpStream,
    limits: Limits,
    shared: Shared,
    silence: Pin<Box<Sleep>>,
    stall: Pin<Box<Sleep>>,
    stalled: bool,
}

impl Connection {
    fn new(stream: TcpStream, limits: Limits) -> Self {
        let phase = Phase::Head(Instant::now());
        Self {
            stream,
            limits,
            shared: Shared(Arc::new(Mutex::new(phase))),
            silence: Box::pin(sleep(limits.header)),
            stall: Box::pin(sleep(limits.idle)),
            stalled: false,
        }
    }

    /// Resolves to an error when nothing has arrived for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let phase = *self.shared.phase();
        let deadline = match phase {
            Phase::Head(since) => since + self.limits.header,
            Phase::Idle(since) => since + self.limits.idle,
            // No timer is set: the server reads again after the response, which sets one.
            Phase::Request => return Poll::Pending,
        };
        if self.silence.deadline() != deadline {
            self.silence.as_mut().reset(deadline);
        }
        ready!(self.silence.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    /// Returns an error when no write has succeeded for too long.
    fn bounded<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = false;
            return written;
        }
        if !self.stalled {
            self.stalled = true;
            self.stall.as_mut().reset(Instant::now() + self.limits.idle);
        }
        ready!(self.stall.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buf) else {
            return this.poll_silence(cx).map(Err);
        };
        if buf.filled().len() > before {
            let mut phase = this.shared.phase();
            // Only the first byte of a head starts its limit, so that a slow trickle of bytes can't
            // extend it.
            if matches!(*phase, Phase::Idle(_)) {
                *phase = Phase::Head(Instant::now());
            }
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.bounded(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.bounded(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
