//! The size limit of an answer.

/// The largest answer that the sender of a request accepts, in bytes. It is an extension of the
/// request.
///
/// A transport should stop reading at this size and fail with
/// [`ErrorKind::Answer`](crate::ErrorKind::Answer). [`ReqwestTransport`](super::ReqwestTransport)
/// does so, and uses 4 MiB for a request without this extension.
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
    /// Creates a limit from a number of bytes.
    pub const fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Returns the number of bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}
