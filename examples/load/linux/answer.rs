//! A minimal HTTP response parser.

use tower_wechat::BoxError;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// The body. Empty for a chunked response, whose chunks are skipped.
    pub(crate) body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Parses a response. Returns `None` if it is incomplete.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Option<Self>, BoxError> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = head.parse(bytes)? else {
            return Ok(None);
        };
        let status = head.code.unwrap_or_default();
        let rest = bytes.get(start..).unwrap_or_default();
        for header in head.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                let length: usize = std::str::from_utf8(header.value)?.trim().parse()?;
                return Ok(rest.get(..length).map(|body| Self { status, body }));
            }
            if header.name.eq_ignore_ascii_case("transfer-encoding") {
                let whole = skip_chunks(rest)?;
                return Ok(whole.then_some(Self { status, body: &[] }));
            }
        }
        Err("a response has no length".into())
    }
}

/// Returns whether all chunks have arrived.
fn skip_chunks(mut bytes: &[u8]) -> Result<bool, BoxError> {
    loop {
        let size = httparse::parse_chunk_size(bytes).map_err(|_| "a response has a bad chunk")?;
        let httparse::Status::Complete((line, length)) = size else {
            return Ok(false);
        };
        let end = line.saturating_add(usize::try_from(length)?);
        // Two more bytes, since a CRLF follows the chunk's data.
        let Some(rest) = bytes.get(end.saturating_add(2)..) else {
            return Ok(false);
        };
        if length == 0 {
            return Ok(true);
        }
        bytes = rest;
    }
}
