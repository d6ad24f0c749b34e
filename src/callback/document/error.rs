//! The error of the parser.

use std::fmt;

/// Why a text is not a valid document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// The text starts with neither `<` nor `{`.
    Format,
    /// The text is not well-formed, or has a document type declaration.
    Syntax,
    /// The document is longer than 1 MiB, or exceeds the [`Limits`](super::Limits).
    Limit,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "neither XML nor JSON",
            Self::Syntax => "not well-formed",
            Self::Limit => "too long, too deep or too many elements",
        })
    }
}

impl std::error::Error for ParseError {}
