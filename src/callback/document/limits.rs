//! The limits for the size of a document.

/// The maximum depth that can be configured. JSON is parsed recursively.
const DEPTH_MAX: usize = 64;

/// The limits for a pushed document. The platform's pushes stay far below the defaults. A document
/// beyond a limit is refused as malformed.
///
/// ```
/// use tower_wechat::callback::Limits;
///
/// let limits = Limits::default().depth(8).elements(256).field(16 << 10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    pub(crate) depth: usize,
    pub(crate) elements: usize,
    pub(crate) field: usize,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        depth: 16,
        elements: 2048,
        field: 64 << 10,
    };

    /// The maximum limits.
    pub(crate) const MOST: Self = Self {
        depth: DEPTH_MAX,
        elements: usize::MAX,
        field: usize::MAX,
    };

    /// Sets the maximum nesting depth, not counting the root. Defaults to 16; the maximum is 64.
    #[must_use]
    pub fn depth(self, levels: usize) -> Self {
        Self {
            depth: levels.min(DEPTH_MAX),
            ..self
        }
    }

    /// Sets the maximum number of elements. Defaults to 2048.
    #[must_use]
    pub fn elements(self, elements: usize) -> Self {
        Self { elements, ..self }
    }

    /// Sets the maximum length of an element's text, in bytes. Defaults to 64 KiB.
    #[must_use]
    pub fn field(self, bytes: usize) -> Self {
        Self {
            field: bytes,
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
