//! The handler type of [`Routes`](super::Routes) without a handler.

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll};

use tower::Service;

use crate::callback::{Message, Reply};

/// The handler type of [`Routes`](super::Routes) without a message handler. The route `wxmsg` then
/// answers 404.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum NoHandler {}

impl Service<Message> for NoHandler {
    type Response = Reply;
    type Error = Infallible;
    type Future = Ready<Result<Reply, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match *self {}
    }

    fn call(&mut self, _: Message) -> Self::Future {
        match *self {}
    }
}
