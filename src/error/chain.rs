//! Errors of the host's own, in a log.

use std::error::Error;

use crate::panic::contain;

/// The texts of an error and of its sources, for a field of a log. Recorded as a string it is
/// quoted, so that what a user wrote into it forges no line; its `Display` may panic.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let texts = || {
        let mut texts = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Some errors print their source themselves.
            if !texts.ends_with(&text) {
                texts = format!("{texts}: {text}");
            }
            source = error.source();
        }
        texts
    };
    contain(texts).unwrap_or_else(|_| "an error whose text panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

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
