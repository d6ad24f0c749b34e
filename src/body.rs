//! The body of the crate's HTTP responses.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::callback::Rejection;

/// A response body held in memory.
///
/// It is a type of this crate, so that the crate's API does not depend on another crate's version.
///
/// ```
/// use tower_wechat::Body;
///
/// assert_eq!(Body::from("success").into_bytes(), "success");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Body {
    bytes: Bytes,
    /// Stored next to the bytes, because response extensions would cost three allocations.
    rejection: Option<Rejection>,
}

impl Body {
    /// Creates an empty body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Creates the empty body of a rejection.
    pub(crate) fn refused(rejection: Rejection) -> Self {
        Self {
            bytes: Bytes::new(),
            rejection: Some(rejection),
        }
    }

    /// Returns why the request was rejected, or `None` for any other response. The reason is not
    /// sent to the peer.
    pub fn rejection(&self) -> Option<Rejection> {
        self.rejection
    }

    /// Returns all bytes that have not been read.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self {
            bytes: bytes.into(),
            rejection: None,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
