//! Contains panics of application code, so that only the request fails and not the server.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Application code panicked. The panic's payload can hold anything and is not kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("application code panicked")
    }
}

impl std::error::Error for Panicked {}

/// Runs `code` and turns a panic into an error.
pub(crate) fn contain<T>(code: impl FnOnce() -> T) -> Result<T, Panicked> {
    // Unwind safety: what `code` shares with others is behind locks that do not poison.
    catch_unwind(AssertUnwindSafe(code)).map_err(discard)
}

/// Drops the payload of a panic. The payload's `Drop` can panic, too.
fn discard(payload: Box<dyn Any + Send>) -> Panicked {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Dropping the second payload could panic again, so it is leaked.
        std::mem::forget(second);
    }
    Panicked
}

/// Wraps a future and turns panics while it is polled or dropped into errors. The future is boxed,
/// so that it can be taken out and dropped where a panic is caught.
pub(crate) struct Contained<F>(Option<Pin<Box<F>>>);

impl<F: Future> Contained<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for Contained<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A future must not be polled after completion, so any result is allowed.
        let Some(future) = &mut self.0 else {
            return Poll::Ready(Err(Panicked));
        };
        let output = match contain(|| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panicked) => Err(panicked),
        };
        let future = self.0.take();
        Poll::Ready(contain(|| drop(future)).and(output))
    }
}

/// The future is dropped before its end when the peer disconnects.
impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        if contain(|| drop(future)).is_err() {
            tracing::error!("a request's future panicked while it was cancelled");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct DropPanics;

    impl Drop for DropPanics {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    #[tokio::test]
    async fn a_panic_of_a_poll_or_a_drop_is_an_error() {
        assert!(matches!(Contained::new(async { 1 }).await, Ok(1)));
        let polled = Contained::new(async { panic!("in poll") });
        assert!(matches!(polled.await, Err::<(), _>(Panicked)));
        let guard = DropPanics;
        let ended = Contained::new(async move {
            let _guard = guard;
        });
        assert!(ended.await.is_err());
    }

    #[tokio::test]
    async fn a_future_that_is_cancelled_or_a_payload_may_panic_in_drop() {
        let guard = DropPanics;
        drop(Contained::new(async move {
            let _guard = guard;
        }));
        assert!(contain(|| std::panic::panic_any(DropPanics)).is_err());
    }
}
