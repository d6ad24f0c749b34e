//! The handler of [`Routes`](super::Routes) that have none.

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll};

use tower::Service;

use crate::callback::{Message, Reply};

/// Stands in [`Routes`](super::Routes) where no handler of messages has been set: `wxmsg` is then not found.
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
