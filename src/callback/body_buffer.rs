//! The buffer for a request body.

use bytes::{Buf, BufMut, Bytes};

/// The maximum number of bytes reserved in advance: the announced length is untrusted.
const RESERVE_MAX: usize = 64 * 1024;

/// Collects the bytes of a body. A body in one chunk, which is the usual case, is not copied.
pub(crate) struct BodyBuffer {
    announced: usize,
    only: Bytes,
    /// All chunks, once there is more than one.
    all: Vec<u8>,
}

impl BodyBuffer {
    /// Creates a buffer for a body with the given announced length.
    pub(crate) fn new(announced: usize) -> Self {
        Self {
            announced,
            only: Bytes::new(),
            all: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.only.len() + self.all.len()
    }

    pub(crate) fn put(&mut self, mut piece: impl Buf) {
        if !piece.has_remaining() {
            return;
        }
        if self.len() == 0 {
            self.only = piece.copy_to_bytes(piece.remaining());
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(self.announced.min(RESERVE_MAX));
            self.all.put(std::mem::take(&mut self.only));
        }
        self.all.put(piece);
    }

    pub(crate) fn take(&mut self) -> Bytes {
        match self.all.is_empty() {
            true => std::mem::take(&mut self.only),
            false => std::mem::take(&mut self.all).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_and_a_single_one_stays_where_it_is() {
        let mut one = BodyBuffer::new(0);
        let piece = Bytes::from_static(b"piece");
        one.put(piece.clone());
        one.put(Bytes::new());
        assert_eq!(one.take().as_ptr(), piece.as_ptr());

        let mut several = BodyBuffer::new(3);
        several.put(Bytes::new());
        for piece in ["a", "", "b", "c"] {
            several.put(piece.as_bytes());
        }
        assert_eq!((several.len(), several.take()), (3, "abc".into()));
    }
}
