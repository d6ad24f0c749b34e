//! In which form a document is written, and by whom.

/// The data format of a push (数据格式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The only format of 公众号.
    Xml,
    /// A choice of 小程序.
    Json,
}

/// Who wrote a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// The platform, around texts of users that it does not escape: a push.
    Platform,
    /// A host, or the platform without any user's text: a reply, an envelope.
    Host,
}
