//! Formats errors and their sources for logs.

use std::error::Error;

use crate::panic::contain;

/// Returns the texts of an error and its sources, for a log field.
///
/// Record the result as a string: tracing quotes it, so user text inside it can't forge a log line.
/// A panic in a `Display` is contained.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    contain(|| joined(error)).unwrap_or_else(|_| "an error whose text panicked".to_owned())
}

/// Like [`chain`], for transport errors. Strips URL queries, which contain credentials.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    without_queries(&chain(error))
}

/// The beginnings of texts that only say that a request failed.
const GENERIC: [&str; 3] = [
    "error sending request",
    "client error (",
    "connection error",
];

fn joined(error: &(dyn Error + 'static)) -> String {
    let mut texts = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        next = error.source();
        let is_generic = GENERIC.iter().any(|start| text.starts_with(start));
        // A generic text is better than none.
        let says_why = !is_generic || next.is_none() && texts.is_empty();
        // Some errors already print their source.
        if says_why && !texts.contains(&text) {
            let joint = if texts.is_empty() { "" } else { ": " };
            texts.extend([joint, &text]);
        }
    }
    texts
}

fn without_queries(text: &str) -> String {
    let mut rest = text;
    let mut shown = String::with_capacity(text.len());
    while let Some((before, query)) = rest.split_once('?') {
        shown.extend([before, "?"]);
        // HTTP clients print a URL in parentheses, quotes or angle brackets, or before a space.
        let end = query.find(|c: char| c.is_whitespace() || matches!(c, ')' | '"' | '\'' | '>'));
        rest = query.get(end.unwrap_or(query.len())..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    #[test]
    fn no_query_is_shown() {
        let text = "error for url (https://a.example/b?access_token=SECRET&c=d): refused? yes";
        let error = Error::transport(ErrorKind::Transport, text);
        let expected = "the connection broke: error for url (https://a.example/b?): refused? yes";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_sources_follow_and_a_panic_is_contained() {
        let error = Error::transport(ErrorKind::Connect, "refused");
        let text = chain(&error);
        assert_eq!(text.matches("refused").count(), 1, "{text}");

        #[derive(Debug)]
        struct Panics;
        impl std::fmt::Display for Panics {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("in a text")
            }
        }
        impl std::error::Error for Panics {}
        assert_eq!(chain(&Panics), "an error whose text panicked");
    }
}
