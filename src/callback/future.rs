//! The future of the callback: read the body, let the handler answer, seal the answer.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{Request, Response, header};
use pin_project_lite::pin_project;
use tower::Service;
use tracing::{Level, Span};

use crate::body::Body;
use crate::callback::body_buffer::BodyBuffer;
use crate::callback::dedup::DedupKey;
use crate::callback::reply::response;
use crate::callback::run::Answer;
use crate::callback::service::Config;
use crate::callback::verify::replay::{Admission, Claim, Delivery};
use crate::callback::verify::verifier::{Arrival, Opened, Push};
use crate::callback::{IntoReply, Message, Overloaded, Rejection, metrics};
use crate::clock::Clock;
use crate::error::{BoxError, chain};
use crate::panic::contain;
use crate::runtime::{BoxFuture, SharedRuntime};

pin_project! {
    /// The future of [`Callback`](crate::Callback).
    pub struct ResponseFuture<B, H>
    where
        H: Service<Message>,
    {
        #[pin]
        state: State<B, H>,
    }

    impl<B, H> PinnedDrop for ResponseFuture<B, H>
    where
        H: Service<Message>,
    {
        fn drop(this: Pin<&mut Self>) {
            let state = this.project().state;
            if let State::Handle { .. } = &*state {
                leave(state, State::Done { response: None });
            }
        }
    }
}

/// Replaces a state. What the handler leaves behind may panic when it is dropped.
fn leave<B, H: Service<Message>>(mut state: Pin<&mut State<B, H>>, next: State<B, H>) {
    if contain(|| state.set(next)).is_err() {
        tracing::error!("the handler panicked when it was dropped");
    }
}

pin_project! {
    #[project = StateProj]
    enum State<B, H>
    where
        H: Service<Message>,
    {
        /// The sender knows the token; the body comes in.
        Collect {
            #[pin]
            body: B,
            collected: BodyBuffer,
            verified: Option<(Push, H)>,
            // Unless the body kept us waiting since then.
            now: Option<u64>,
            // Runs since it did for the first time.
            timer: Option<BoxFuture<'static, ()>>,
            config: Arc<Config>,
        },
        /// The push is verified; the handler works.
        Handle {
            // Before the claim, so that work that goes on without it can hold the claim's run.
            #[pin]
            answer: Answer<H>,
            claim: Option<Claim>,
            opened: Opened,
            config: Arc<Config>,
            // Boxed, since nearly always nobody listens.
            span: Option<Box<Span>>,
        },
        Done {
            response: Option<Response<Body>>,
        },
    }
}

impl<B, H> ResponseFuture<B, H>
where
    B: http_body::Body,
    H: Service<Message>,
{
    /// Reads the body of a request that came at `now`.
    pub(crate) fn collect(
        config: Arc<Config>,
        verified: (Push, H),
        request: Request<B>,
        now: u64,
    ) -> Self {
        let announced = announced(&request);
        if announced > config.body_limit {
            return Self::done(config.reject(Rejection::BodyTooLarge));
        }
        let state = State::Collect {
            body: request.into_body(),
            collected: BodyBuffer::new(announced),
            verified: Some(verified),
            now: Some(now),
            timer: None,
            config,
        };
        Self { state }
    }

    pub(crate) fn done(response: Response<Body>) -> Self {
        let response = Some(response);
        Self {
            state: State::Done { response },
        }
    }
}

/// How long the body is at least, as far as it is known before it is read.
fn announced<B: http_body::Body>(request: &Request<B>) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let lower = request.body().size_hint().lower();
    usize::try_from(lower.max(length.unwrap_or(0))).unwrap_or(usize::MAX)
}

impl<B, H> Future for ResponseFuture<B, H>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
    H: Service<Message>,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Collect {
                    body,
                    collected,
                    verified,
                    now,
                    timer,
                    config,
                } => {
                    let read = match poll_body(body, collected, config.body_limit, cx) {
                        Poll::Ready(read) => read,
                        Poll::Pending => {
                            *now = None;
                            ready!(poll_timer(timer, config, cx));
                            Err(Rejection::BodyTimeout)
                        }
                    };
                    // There is always one: the state is left below.
                    let Some((push, handler)) = verified.take() else {
                        return Poll::Pending;
                    };
                    let body = collected.take();
                    let open = |()| {
                        let clock = &config.clock;
                        let now = Arrival {
                            unix: now.unwrap_or_else(|| clock.unix()),
                            monotonic: clock.monotonic(),
                        };
                        config.gate.open(push, body, now)
                    };
                    match read.and_then(open) {
                        Ok((opened, admission)) => admit(opened, admission, handler, config),
                        Err(rejection) => State::Done {
                            response: Some(config.reject(rejection)),
                        },
                    }
                }
                StateProj::Handle {
                    answer,
                    claim,
                    opened,
                    config,
                    span,
                } => {
                    let _entered = span.as_deref().map(Span::enter);
                    let polled = contain(|| answer.poll(cx));
                    let appid = opened.message.appid();
                    let response = match polled {
                        Ok(Poll::Pending) => return Poll::Pending,
                        Ok(Poll::Ready(Ok(reply))) => {
                            if let Some(claim) = claim.take() {
                                claim.succeed();
                            }
                            response::reply(&reply, opened, &config.clock)
                        }
                        Ok(Poll::Ready(Err(error))) if Overloaded::caused(&error) => {
                            tracing::warn!(%appid, "too many messages are being worked on");
                            response::overloaded(appid)
                        }
                        Ok(Poll::Ready(Err(error))) => {
                            tracing::error!(%appid, error = chain(&*error), "the handler failed");
                            response::failure(appid)
                        }
                        Err(_) => {
                            tracing::error!(%appid, "the handler panicked");
                            response::failure(appid)
                        }
                    };
                    State::Done {
                        response: Some(response),
                    }
                }
                StateProj::Done { response } => {
                    // A future is not polled again once it is ready.
                    return response
                        .take()
                        .map_or(Poll::Pending, |it| Poll::Ready(Ok(it)));
                }
            };
            leave(state.as_mut(), next);
        }
    }
}

/// Hands a verified push to the handler, unless a copy of it was there before.
fn admit<B, H>(
    opened: Opened,
    admission: Admission<Claim>,
    handler: H,
    config: &Arc<Config>,
) -> State<B, H>
where
    H: Service<Message>,
{
    let appid = opened.message.appid();
    if opened.message.is_ambiguous() {
        metrics::ambiguous(appid);
    }
    let (claim, delivery) = match admission {
        Admission::New(claim) => {
            let delivery = claim.delivery();
            (Some(claim), delivery)
        }
        Admission::Repeat { handled } => (None, Delivery::Repeat { handled }),
        Admission::Running => {
            tracing::info!(%appid, "a copy of a push came while its handler runs");
            let response = Some(response::overloaded(appid));
            return State::Done { response };
        }
        // The gate has refused a signature that came with another body.
        Admission::Handled | Admission::OtherBody => {
            tracing::info!(%appid, "a copy of a push came after it was handled");
            let response = Some(response::success(appid));
            return State::Done { response };
        }
    };
    let message = &opened.message;
    let span = tracing::enabled!(Level::INFO).then(|| Box::new(span_of(message)));
    State::Handle {
        answer: Answer::new(handler, message.clone().delivered(delivery)),
        claim,
        opened,
        config: Arc::clone(config),
        span,
    }
}

/// The handler's own lines tell of which push they are.
fn span_of(message: &Message) -> Span {
    tracing::info_span!(
        "wechat.push",
        appid = message.appid().as_str(),
        kind = message.msg_type(),
        event = message.event_name(),
        key = message
            .msg_id()
            .map_or_else(|| DedupKey::new(message).to_string(), str::to_owned),
    )
}

/// Ready once the body has taken too long; never if there is no limit, or nothing to wait with.
fn poll_timer(
    timer: &mut Option<BoxFuture<'static, ()>>,
    config: &Config,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if timer.is_none()
        && let Some(limit) = config.body_timeout
    {
        let runtime = SharedRuntime::or_current(config.runtime.as_ref());
        *timer = runtime.map(|runtime| runtime.sleep(limit));
    }
    match timer {
        Some(timer) => timer.as_mut().poll(cx),
        None => Poll::Pending,
    }
}

/// Reads the body to its end, within the limit.
fn poll_body<B: http_body::Body>(
    mut body: Pin<&mut B>,
    collected: &mut BodyBuffer,
    limit: usize,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Rejection>> {
    // To be asked for a frame that does not come is dear for some bodies.
    while !body.is_end_stream()
        && let Some(frame) = ready!(body.as_mut().poll_frame(cx))
    {
        let Ok(frame) = frame else {
            return Poll::Ready(Err(Rejection::BodyUnread));
        };
        // Trailers say nothing.
        if let Ok(data) = frame.into_data() {
            if data.remaining() > limit.saturating_sub(collected.len()) {
                return Poll::Ready(Err(Rejection::BodyTooLarge));
            }
            collected.put(data);
        }
    }
    Poll::Ready(Ok(()))
}

impl<B, H> fmt::Debug for ResponseFuture<B, H>
where
    H: Service<Message>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Collect { .. } => "ResponseFuture(collect)",
            State::Handle { .. } => "ResponseFuture(handle)",
            State::Done { .. } => "ResponseFuture(done)",
        })
    }
}
