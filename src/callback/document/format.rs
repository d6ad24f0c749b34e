//! The format and the author of a document.

/// The data format of a push (数据格式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// XML, the only format for 公众号.
    Xml,
    /// JSON, optional for 小程序.
    Json,
}

/// The author of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// The platform, which includes users' texts without escaping them: a push.
    Platform,
    /// An application, or the platform without any user text: a reply or an envelope.
    Host,
}
