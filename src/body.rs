//! The body of every response the crate answers with.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::callback::Rejection;

/// A body that is whole in memory: a type of the crate's own, so that its API does not move with
/// another crate's.
///
/// ```
/// use tower_wechat::Body;
///
/// assert_eq!(Body::from("success").into_bytes(), "success");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Body {
    bytes: Bytes,
    /// Beside the bytes, since the extensions of a response would cost three allocations.
    rejection: Option<Rejection>,
}

impl Body {
    /// A body without a byte.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The body of a request that was refused, without a byte.
    pub(crate) fn refused(rejection: Rejection) -> Self {
        Self {
            bytes: Bytes::new(),
            rejection: Some(rejection),
        }
    }

    /// Why the request was refused that this answers; `None` for any other answer. It is not sent.
    pub fn rejection(&self) -> Option<Rejection> {
        self.rejection
    }

    /// All its bytes that have not been read.
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
