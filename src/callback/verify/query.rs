//! Parses the query of a push.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::callback::Rejection;

/// The query parameters as text: leading zeros matter for the signature.
#[derive(Default)]
pub(crate) struct Query<'a> {
    pub(crate) signature: Cow<'a, str>,
    pub(crate) timestamp: Cow<'a, str>,
    pub(crate) nonce: Cow<'a, str>,
    pub(crate) echostr: Cow<'a, str>,
    pub(crate) encrypt_type: Cow<'a, str>,
    pub(crate) msg_signature: Cow<'a, str>,
}

impl<'a> Query<'a> {
    /// Parses the parameters. A duplicate parameter is refused, since different parsers could use
    /// different values. An absent parameter is empty.
    pub(crate) fn parse(query: &'a str) -> Result<Self, Rejection> {
        // Fast path: the platform's pushes contain no percent-encoding.
        if memchr2(b'%', b'+', query.as_bytes()).is_some() {
            return Self::collect(form_urlencoded::parse(query.as_bytes()));
        }
        let mut rest = query;
        Self::collect(std::iter::from_fn(|| {
            // Skips empty pairs, as `form_urlencoded` does.
            while !rest.is_empty() {
                let (pair, after) = cut(rest, memchr(b'&', rest.as_bytes()));
                rest = after;
                if !pair.is_empty() {
                    // Names are too short for `memchr` to be faster.
                    let (name, value) = cut(pair, pair.bytes().position(|byte| byte == b'='));
                    return Some((name.into(), value.into()));
                }
            }
            None
        }))
    }

    fn collect(
        pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Self, Rejection> {
        let mut parsed = Self::default();
        // Not signed and therefore not used. Only its duplicates are refused.
        let mut openid = Cow::default();
        let mut seen = [false; 7];
        let [
            signature,
            timestamp,
            nonce,
            echostr,
            encrypt_type,
            msg_signature,
            of_user,
        ] = &mut seen;
        for (name, value) in pairs {
            let (seen, slot) = match &*name {
                "signature" => (&mut *signature, &mut parsed.signature),
                "timestamp" => (&mut *timestamp, &mut parsed.timestamp),
                "nonce" => (&mut *nonce, &mut parsed.nonce),
                "echostr" => (&mut *echostr, &mut parsed.echostr),
                "encrypt_type" => (&mut *encrypt_type, &mut parsed.encrypt_type),
                "msg_signature" => (&mut *msg_signature, &mut parsed.msg_signature),
                "openid" => (&mut *of_user, &mut openid),
                _ => continue,
            };
            if std::mem::replace(seen, true) {
                return Err(Rejection::DuplicateParameter);
            }
            *slot = value;
        }
        let required = [&parsed.signature, &parsed.timestamp, &parsed.nonce];
        if required.iter().any(|value| value.is_empty()) {
            return Err(Rejection::MissingParameter);
        }
        Ok(parsed)
    }
}

/// Splits the text around the byte at `place`. Without a place, all of it is in the first part.
fn cut(text: &str, place: Option<usize>) -> (&str, &str) {
    let halves = place.and_then(|place| text.get(..place).zip(text.get(place + 1..)));
    halves.unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_decoded_and_stay_text() {
        let query = "signature=s&timestamp=0042&nonce=a%2Bb+c&other=1&other=2&echostr=%3C";
        let query = Query::parse(query).unwrap();
        assert_eq!((&*query.timestamp, &*query.nonce), ("0042", "a+b c"));
        assert_eq!((&*query.echostr, &*query.msg_signature), ("<", ""));
    }

    #[test]
    fn twice_or_missing_is_refused() {
        for name in [
            "signature",
            "timestamp",
            "nonce",
            "echostr",
            "encrypt_type",
            "msg_signature",
            "openid",
        ] {
            let query = format!("signature=s&timestamp=1&nonce=n&{name}=&{name}=");
            assert_eq!(
                Query::parse(&query).err(),
                Some(Rejection::DuplicateParameter)
            );
        }
        for query in [
            "",
            "signature=s&timestamp=1",
            "signature=&timestamp=1&nonce=n",
        ] {
            assert_eq!(Query::parse(query).err(), Some(Rejection::MissingParameter));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(query: String) {
            let _ = Query::parse(&query);
        }

        /// A parameter with a `%` selects the slow path for the whole query.
        #[test]
        fn both_ways_of_reading_agree(pairs in "([&=]|nonce|timestamp|signature|echostr|[a-z0-9]{1,3}){0,12}") {
            let plain = Query::parse(&pairs);
            let encoded = format!("{pairs}&%78=");
            let encoded = Query::parse(&encoded);
            prop_assert_eq!(plain.as_ref().err(), encoded.as_ref().err());
            if let (Ok(plain), Ok(encoded)) = (plain, encoded) {
                prop_assert_eq!(plain.signature, encoded.signature);
                prop_assert_eq!(plain.timestamp, encoded.timestamp);
                prop_assert_eq!(plain.nonce, encoded.nonce);
                prop_assert_eq!(plain.echostr, encoded.echostr);
            }
        }
    }
}
