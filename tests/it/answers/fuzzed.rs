//! Checks on responses of arbitrary bytes. The fuzz target `answer` in `fuzz/` and the property
//! test beside this file share this function. It takes bytes and panics when a check fails.

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use tower_wechat::api::miniprogram::{link, phone, session};
use tower_wechat::api::{
    Answer, Done, Image, menu, network, oauth, qrcode, quota, shorten, template, ticket, token,
    user,
};
use tower_wechat::{Error, ErrorKind};

/// Returns the result of decoding a body as each answer type.
fn decoded(body: &Bytes) -> Vec<(&'static str, Result<(), Error>)> {
    macro_rules! as_each {
        ($($answer:ty),* $(,)?) => {
            vec![$((stringify!($answer), <$answer>::decode(body).map(drop))),*]
        };
    }
    as_each![
        Done,
        Image,
        link::OpenLink,
        link::Scheme,
        link::ShortLink,
        link::UrlLink,
        link::UrlLinkInfo,
        menu::Menus,
        network::Checked,
        network::IpList,
        oauth::Profile,
        oauth::UserToken,
        oauth::Valid,
        phone::PhoneNumber,
        qrcode::Ticket,
        quota::Quotas,
        quota::Remembered,
        session::Session,
        session::Valid,
        shorten::Kept,
        shorten::ShortKey,
        template::Added,
        template::Industries,
        template::Sent,
        template::Templates,
        ticket::Ticket,
        token::Grant,
        user::Page,
        user::User,
        user::Users,
    ]
}

/// A response of arbitrary bytes, or an error or a success with arbitrary bytes after its errcode.
/// The first byte selects which.
pub fn answer(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let front: &[u8] = match choice % 4 {
        0 => b"{\"errcode\":40001,",
        1 => b"{\"errcode\":0,",
        _ => b"",
    };
    let body = Bytes::from([front, rest].concat());
    let codes = codes(&body);
    for (name, outcome) in decoded(&body) {
        let shown = || String::from_utf8_lossy(&body).into_owned();
        match &outcome {
            Ok(()) if name == "Image" => assert!(matches!(body[0], 0x89 | 0xff)),
            Ok(()) => {
                assert!(
                    choice % 4 != 0,
                    "{name}: a refusal is a success: {}",
                    shown()
                );
                let codes = codes.as_ref().expect("an object");
                assert!(codes.iter().all(zero), "{name}: {codes:?}: {}", shown());
            }
            Err(error) => {
                let kinds = [ErrorKind::Platform, ErrorKind::Answer];
                assert!(kinds.contains(&error.kind()), "{name}: {error:?}");
                assert!(!format!("{error}{error:?}").contains(char::is_control));
            }
        }
        // If the object is complete, its errcode decides whether it is an error.
        let refusing = codes
            .iter()
            .flatten()
            .filter_map(number)
            .find(|code| *code != 0);
        if refusing.is_some() {
            let code = outcome.expect_err(name).errcode().expect("a code").get();
            let stated = codes
                .iter()
                .flatten()
                .filter_map(number)
                .any(|it| it == code);
            assert!(stated, "{name}: {code}: {}", shown());
        }
    }
}

/// Returns the errcodes of an object, without any optimization; `None` if the body is not an
/// object.
fn codes(body: &[u8]) -> Option<Vec<Value>> {
    let body = String::from_utf8_lossy(body).into_owned();
    let body = body.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t', '\u{c}']);
    let parsed = serde_json::from_str(body).or_else(|_| serde_json::from_str(&spaced(body)));
    let Codes(codes) = parsed.ok()?;
    Some(codes)
}

/// Returns the text with each control character in a string replaced by a space.
fn spaced(text: &str) -> String {
    let mut spaced = String::new();
    let mut rest = text;
    while let Some((outside, string)) = rest.split_once('"') {
        let escaped = |at: usize| {
            string[..at]
                .chars()
                .rev()
                .take_while(|c| *c == '\\')
                .count()
                % 2
                == 1
        };
        let quotes = string.match_indices('"').map(|(at, _)| at);
        let end = quotes.into_iter().find(|at| !escaped(*at));
        let end = end.unwrap_or(string.len());
        spaced += outside;
        spaced += "\"";
        spaced += &string[..end].replace(|c: char| c < ' ', " ");
        spaced += string.get(end..end + 1).unwrap_or_default();
        rest = string.get(end + 1..).unwrap_or_default();
    }
    spaced + rest
}

fn zero(code: &Value) -> bool {
    code.is_null() || number(code) == Some(0)
}

fn number(code: &Value) -> Option<i64> {
    let text = match code {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let whole = |number: f64| number.fract() == 0.0 && number.abs() <= 2f64.powi(53);
    let float = || text.parse().ok().filter(|it| whole(*it));
    text.parse().ok().or_else(|| float().map(|it| it as i64))
}

/// The values of every `errcode` field of an object.
struct Codes(Vec<Value>);

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Codes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Codes, A::Error> {
                let mut codes = Vec::new();
                while let Some((name, value)) = object.next_entry::<String, Box<RawValue>>()? {
                    if name == "errcode" {
                        // A number out of range is a value that cannot be read.
                        codes.push(serde_json::from_str(value.get()).unwrap_or(Value::Bool(true)));
                    }
                }
                Ok(Codes(codes))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
