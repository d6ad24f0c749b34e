//! Stores late replies.

use std::task::{Context, Poll};

use tower::Service;

use super::{Config, PickUp, parts};
use crate::callback::deadline::LateReply;
use crate::callback::metrics;
use crate::error::{BoxError, Error};
use crate::runtime::BoxFuture;

impl PickUp {
    async fn keep(self, late: LateReply) -> Result<(), BoxError> {
        let LateReply { message, reply } = late;
        let (appid, openid) = (message.appid(), message.from_user_name());
        if openid.is_empty() {
            return Err(Error::input("message", "has no sender").into());
        }
        if !message.shows_replies() {
            return Err(Error::input("message", "is from a mini-program").into());
        }
        let parts = parts::of(&reply)?;
        let Config {
            max_parts, max_age, ..
        } = &*self.0;
        let all = parts.len();
        let kept = self.kept();
        let kept = kept.put(appid, openid, parts, *max_parts, *max_age);
        let dropped = all.saturating_sub(kept.await?);
        if dropped > 0 {
            metrics::not_picked_up(appid, dropped, "full");
            tracing::warn!(%appid, dropped, "dropped parts of a late reply: too many are waiting");
        }
        Ok(())
    }
}

impl Service<LateReply> for PickUp {
    type Response = ();
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<(), BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, late: LateReply) -> Self::Future {
        Box::pin(self.clone().keep(late))
    }
}
