//! Parses a refusal of the platform: `{"errcode":40001,"errmsg":"invalid credential … rid: …"}`.

use std::fmt;
use std::net::IpAddr;

use super::ErrCode;
use super::printed::Quoted;

/// The maximum number of characters kept of an errmsg.
const ERRMSG_MAX: usize = 512;

/// The maximum length of a request id, in bytes.
const RID_MAX: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) errcode: ErrCode,
    /// The text from the platform, unescaped.
    pub(crate) errmsg: Box<str>,
    pub(crate) rid: Option<Box<str>>,
}

impl Refusal {
    /// Splits the request id off the platform's text.
    ///
    /// The text ends with ` rid: 6523d26a-12345678-12345678`, or in the older forms with
    /// ` hints: [ req_id: abc ]` or ` hint: [abc]`.
    pub(crate) fn new(errcode: ErrCode, errmsg: &str) -> Self {
        let after = |mark, id: fn(&str) -> Option<&str>| {
            let (text, tail) = errmsg.split_once(mark)?;
            Some((text, id(tail)?))
        };
        let split = after("rid:", rid)
            .or_else(|| after("hints:", req_id))
            .or_else(|| after("hint:", req_id));
        let (text, rid) = split.map_or((errmsg, None), |(text, id)| (text, Some(id)));
        let text = text.trim_end_matches([' ', ',', ';']);
        Self {
            errcode,
            errmsg: text.chars().take(ERRMSG_MAX).collect(),
            rid: rid.map(Into::into),
        }
    }

    /// Returns the address in `invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist`.
    pub(crate) fn egress_ip(&self) -> Option<IpAddr> {
        let words = self.errmsg.split([' ', ',', '[', ']']);
        words.into_iter().find_map(|word| word.parse().ok())
    }
}

/// Returns the id after `rid:`. It is the next word and has only hexadecimal digits and dashes.
fn rid(tail: &str) -> Option<&str> {
    let id = tail.split_whitespace().next()?;
    let id = id.trim_end_matches([',', ';', '.']);
    bounded(id, |c| c.is_ascii_hexdigit() || c == '-')
}

/// Returns the id in one of the older forms.
fn req_id(tail: &str) -> Option<&str> {
    let tail = tail.trim_start_matches([' ', '[']);
    let tail = tail.strip_prefix("req_id:").unwrap_or(tail).trim_start();
    let id = tail.split([' ', ']', ',']).next()?;
    bounded(id, |c| c.is_ascii_alphanumeric() || "-_!.".contains(c))
}

fn bounded(id: &str, legal: fn(char) -> bool) -> Option<&str> {
    Some(id).filter(|id| (1..=RID_MAX).contains(&id.len()) && id.chars().all(legal))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.errcode)?;
        if !self.errmsg.is_empty() {
            write!(f, " ({})", Quoted(&self.errmsg))?;
        }
        match &self.rid {
            Some(rid) => write!(f, ", rid {rid}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rid(errmsg: &str) -> Option<String> {
        Refusal::new(ErrCode::INVALID_CODE, errmsg)
            .rid
            .map(Into::into)
    }

    #[test]
    fn rid_is_read_from_every_form() {
        assert_eq!(
            rid("invalid code, rid: 6523d26a-12345678-1f2e3d4c").as_deref(),
            Some("6523d26a-12345678-1f2e3d4c")
        );
        assert_eq!(
            rid("invalid code, hints: [ req_id: abc.D_1! ]").as_deref(),
            Some("abc.D_1!")
        );
        assert_eq!(
            rid("invalid code hint: [x1y2z3]").as_deref(),
            Some("x1y2z3")
        );
        assert_eq!(rid("invalid code"), None);
        assert_eq!(rid("invalid code rid:"), None);
    }

    #[test]
    fn what_does_not_look_like_an_id_is_left_in_the_text() {
        for tail in [
            "rid: 65-1-2}\" level=ERROR",
            "rid: 65\u{1b}[2J",
            "rid: none given",
            "hints: [ req_id: a\"b ]",
            "hint: [\u{2028}]",
        ] {
            let errmsg = format!("invalid code, {tail}");
            let refusal = Refusal::new(ErrCode::INVALID_CODE, &errmsg);
            assert_eq!((refusal.rid, &*refusal.errmsg), (None, &*errmsg));
        }
        assert_eq!(rid(&format!("x rid: {}", "6".repeat(65))), None);
    }

    #[test]
    fn the_text_is_kept_without_the_rid_and_bounded() {
        let refusal = Refusal::new(ErrCode::INVALID_CODE, "invalid code, rid: 65-1-2");
        assert_eq!(&*refusal.errmsg, "invalid code");
        let long = Refusal::new(ErrCode::INVALID_CODE, &"长".repeat(9999));
        assert_eq!(long.errmsg.chars().count(), ERRMSG_MAX);
    }

    #[test]
    fn the_egress_address_is_found_in_both_forms() {
        let of = |text| Refusal::new(ErrCode::IP_NOT_WHITELISTED, text).egress_ip();
        let expected = Some(IpAddr::from([203, 0, 113, 7]));
        assert_eq!(
            of("invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"),
            expected
        );
        assert_eq!(
            of("invalid ip 203.0.113.7, not in whitelist rid: 1-2-3"),
            expected
        );
        assert_eq!(of("invalid ip"), None);
    }
}
