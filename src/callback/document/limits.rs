//! How large a document may be.

/// The deepest nesting that can be allowed: JSON is read by recursion.
const DEPTH_MAX: usize = 64;

/// How large a pushed document may be; the platform's own stay far below the defaults. What is
/// beyond them is refused as malformed.
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

    /// As much as a document can have.
    pub(crate) const MOST: Self = Self {
        depth: DEPTH_MAX,
        elements: usize::MAX,
        field: usize::MAX,
    };

    /// The deepest nesting, the root not counted: 16 unless set, and 64 at most.
    #[must_use]
    pub fn depth(self, levels: usize) -> Self {
        Self {
            depth: levels.min(DEPTH_MAX),
            ..self
        }
    }

    /// The most elements: 2048 unless set.
    #[must_use]
    pub fn elements(self, elements: usize) -> Self {
        Self { elements, ..self }
    }

    /// The longest text of one element, in bytes: 64 KiB unless set.
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
