//! A refusal of the platform: `{"errcode":40001,"errmsg":"invalid credential … rid: …"}`.

use std::fmt;
use std::net::IpAddr;

use super::ErrCode;

/// The longest errmsg that is kept, in characters.
const ERRMSG_MAX: usize = 512;

#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) errcode: ErrCode,
    pub(crate) errmsg: Box<str>,
    pub(crate) rid: Option<Box<str>>,
}

impl Refusal {
    /// Splits the `rid` off the platform's text: ` rid: 6523d26a-12345678-12345678`, or the older
    /// ` hints: [ req_id: abc ]` and ` hint: [abc]`.
    pub(crate) fn new(errcode: ErrCode, errmsg: &str) -> Self {
        let marks = ["rid:", "hints:", "hint:"];
        let mark = marks
            .iter()
            .find_map(|mark| Some((errmsg.find(mark)?, mark.len())));
        let (text, rid) = match mark {
            Some((at, len)) => errmsg
                .split_at_checked(at)
                .map_or((errmsg, None), |(text, tail)| {
                    (text, tail.get(len..).and_then(request_id))
                }),
            None => (errmsg, None),
        };
        let text = text.trim_end_matches([' ', ',', ';']);
        Self {
            errcode,
            errmsg: text.chars().take(ERRMSG_MAX).collect(),
            rid: rid.map(Into::into),
        }
    }

    /// The address in `invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist`.
    pub(crate) fn egress_ip(&self) -> Option<IpAddr> {
        let words = self.errmsg.split([' ', ',', '[', ']']);
        words.into_iter().find_map(|word| word.parse().ok())
    }
}

/// The id in what follows a mark.
fn request_id(tail: &str) -> Option<&str> {
    let tail = tail.trim_start_matches([' ', '[']);
    let tail = tail.strip_prefix("req_id:").unwrap_or(tail).trim_start();
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_!.".contains(c);
    let id = tail.split(|c| !legal(c)).next().unwrap_or_default();
    Some(id).filter(|id| !id.is_empty() && id.len() <= 128)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {} ({})", self.errcode, self.errmsg)?;
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
