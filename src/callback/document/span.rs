//! A byte range in a document.

/// A byte range in a document.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) fn len(self) -> usize {
        usize::try_from(self.end - self.start).unwrap_or(usize::MAX)
    }

    /// Returns the text of the range, in a text that starts at `offset`.
    pub(super) fn within(self, text: &[u8], offset: usize) -> Option<&str> {
        let start = usize::try_from(self.start).ok()?.checked_sub(offset)?;
        let end = usize::try_from(self.end).ok()?.checked_sub(offset)?;
        // Validated again: without `unsafe`, a slice of bytes does not carry the earlier check.
        simdutf8::basic::from_utf8(text.get(start..end)?).ok()
    }

    pub(super) fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }
}
