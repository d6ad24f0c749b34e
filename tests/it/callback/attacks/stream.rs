//! Request bodies as the network delivers them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body in frames of a thousand bytes.
pub struct Stream {
    pub left: Bytes,
    pub announced: Option<u64>,
    pub endless: bool,
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.endless && self.left.is_empty() {
            self.left = Bytes::from_static(&[b' '; 1000]);
        }
        let len = self.left.len().min(1000);
        let frame = self.left.split_to(len);
        Poll::Ready((len > 0).then_some(Ok(Frame::data(frame))))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map(SizeHint::with_exact).unwrap_or_default()
    }
}
