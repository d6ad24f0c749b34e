//! The callback's future: reads the body, runs the handler and encrypts and signs the reply.

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
use crate::callback::error::Refused;
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

/// Replaces the state. The handler's future may panic when it is dropped.
fn leave<B, H: Service<Message>>(mut state: Pin<&mut State<B, H>>, next: State<B, H>) {
    if contain(|| state.set(next)).is_err() {
        tracing::error!("the handler panicked while it was dropped");
    }
}

pin_project! {
    #[project = StateProj]
    enum State<B, H>
    where
        H: Service<Message>,
    {
        /// The sender knows the token. The body is being read.
        Collect {
            #[pin]
            body: B,
            collected: BodyBuffer,
            verified: Option<(Push, H)>,
            // `None` once the body was pending: the clock is then read again.
            now: Option<u64>,
            // Starts when the body is first pending.
            timer: Option<BoxFuture<'static, ()>>,
            config: Arc<Config>,
        },
        /// The push is verified and the handler runs.
        Handle {
            // Declared before the claim, so it is dropped first: work that outlives the response
            // can then still hold the claim's run.
            #[pin]
            answer: Answer<H>,
            claim: Option<Claim>,
            opened: Opened,
            config: Arc<Config>,
            // Boxed to keep the state small: usually there is no subscriber.
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
    /// Reads the body of a request that was received at `now`.
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

/// Returns the minimum length of the body, as far as it is known before reading.
fn announced<B: http_body::Body>(request: &Request<B>) -> usize {
    // A body may not know the length that the header announces.
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
                            // After the body, so that one that is complete is never too late.
                            ready!(poll_timer(timer, config, cx));
                            Err(Rejection::BodyTimeout)
                        }
                    };
                    // Always `Some`: the state is replaced below.
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
                            // Logged when it could not be stored.
                            #[cfg(feature = "inbox")]
                            let is_logged = crate::callback::inbox::NotStored::caused(&error);
                            #[cfg(not(feature = "inbox"))]
                            let is_logged = false;
                            if !is_logged {
                                tracing::warn!(%appid, "too many messages are being handled");
                            }
                            response::overloaded(appid)
                        }
                        Ok(Poll::Ready(Err(error))) => match Refused::caused(&error) {
                            Some(rejection) => config.reject(rejection),
                            None => {
                                let error = chain(&*error);
                                tracing::error!(%appid, error, "the handler failed");
                                response::failure(appid)
                            }
                        },
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
                    let Some(response) = response.take() else {
                        panic!("`ResponseFuture` polled after completion");
                    };
                    return Poll::Ready(Ok(response));
                }
            };
            leave(state.as_mut(), next);
        }
    }
}

/// Passes a verified push to the handler, unless a copy of it was seen before.
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
            tracing::info!(%appid, "received a copy of a push while its handler runs");
            let response = Some(response::overloaded(appid));
            return State::Done { response };
        }
        // The verifier has already refused a signature that was seen with another body.
        Admission::Handled | Admission::OtherBody => {
            tracing::info!(%appid, "received a copy of a push after it was handled");
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

/// Creates the handler's span, which identifies the push in the handler's log lines.
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

/// Ready once reading the body has timed out. Never ready without a timeout or a runtime.
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

/// Reads the body to its end, up to the limit.
fn poll_body<B: http_body::Body>(
    mut body: Pin<&mut B>,
    collected: &mut BodyBuffer,
    limit: usize,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Rejection>> {
    // Polling past the last frame is costly for some bodies.
    while !body.is_end_stream()
        && let Some(frame) = ready!(body.as_mut().poll_frame(cx))
    {
        let Ok(frame) = frame else {
            return Poll::Ready(Err(Rejection::BodyUnread));
        };
        // Trailers are ignored.
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
