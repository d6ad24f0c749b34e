//! How much of an answer is read.

/// The most bytes of an answer that whoever sends a request has a use for: an extension of the
/// request. A transport should read no further, and fail with
/// [`ErrorKind::Answer`](crate::ErrorKind::Answer); a [`ReqwestTransport`](super::ReqwestTransport)
/// does, and reads up to 4 MiB for a request without it.
///
/// ```
/// use tower_wechat::client::AnswerMax;
///
/// let request = http::Request::get("https://dev.example/").extension(AnswerMax::new(1024)).body(())?;
/// assert_eq!(request.extensions().get(), Some(&AnswerMax::new(1024)));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerMax(usize);

impl AnswerMax {
    /// A number of bytes.
    pub const fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}
