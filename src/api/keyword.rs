//! Keywords of template and subscribe messages, and the rules of their types.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Error;

/// The values of a message by keyword, such as `thing1`.
pub(super) type Keywords = BTreeMap<String, Keyword>;

#[derive(Debug, Clone, Serialize)]
pub(super) struct Keyword {
    pub(super) value: String,
}

impl Keyword {
    pub(super) fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
        }
    }
}

/// Checks every value against the rule of its keyword's type.
pub(super) fn check(data: &Keywords) -> Result<(), Error> {
    for (key, Keyword { value }) in data {
        if let Err(limit) = rule(key, value) {
            let len = value.chars().count();
            return Err(Error::input(
                "data",
                format!("keyword {key:.40} must be {limit} (it has {len} characters)"),
            ));
        }
    }
    Ok(())
}

/// Checks a value against the rule of its keyword's type. Returns the rule if the value breaks it.
///
/// The type is the keyword without its trailing digits. The only rule of an unknown type is that
/// the value is not empty.
pub(crate) fn rule(key: &str, value: &str) -> Result<(), &'static str> {
    let len = value.chars().count();
    let all = |legal: fn(char) -> bool| value.chars().all(legal);
    let is_han = |c: char| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}');
    if len == 0 {
        return Err("a value, not an empty text");
    }
    let (kept, limit) = match key.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "thing" => (len <= 20, "at most 20 characters"),
        "short_thing" => (len <= 5, "at most 5 characters"),
        "character_string" => (
            len <= 32 && all(|c| c.is_ascii_graphic()),
            "at most 32 digits, letters and symbols",
        ),
        "number" => (
            // `parse` alone would also accept `1e5`, `inf` and `nan`.
            len <= 32 && value.parse::<f64>().is_ok() && all(|c| "0123456789.-+".contains(c)),
            "a number of at most 32 digits",
        ),
        "letter" => (
            len <= 32 && all(|c| c.is_ascii_alphabetic()),
            "at most 32 letters",
        ),
        "symbol" => (
            len <= 5 && all(|c| !c.is_alphanumeric()),
            "at most 5 symbols",
        ),
        "phone_number" => (
            len <= 17 && all(|c| c.is_ascii_digit() || "+-() ".contains(c)),
            "at most 17 digits and symbols",
        ),
        "car_number" => (len <= 8, "at most 8 characters"),
        "name" => match value.is_ascii() {
            true => (len <= 20, "at most 20 letters and symbols"),
            false => (
                len <= 10,
                "at most 10 characters, or 20 when none is Chinese",
            ),
        },
        "phrase" => (
            len <= 5 && value.chars().all(is_han),
            "at most 5 Chinese characters",
        ),
        "amount" => (
            is_amount(value),
            "an amount of at most 10 digits, with a currency sign before or 元 after it",
        ),
        "time" | "date" => (
            len <= 64 && all(|c| c.is_ascii_digit() || "-/:年月日时分秒 ~T".contains(c)),
            "a time or date such as 2019年10月1日 15:01, or two with a ~ between them",
        ),
        _ => (true, ""),
    };
    if kept { Ok(()) } else { Err(limit) }
}

fn is_amount(value: &str) -> bool {
    let sum = value.trim_end_matches('元');
    let sum = sum.trim_start_matches(|c: char| !c.is_ascii_digit() && !c.is_whitespace());
    let signs = value.chars().filter(|c| !c.is_ascii_digit() && *c != '.');
    let digits = sum.chars().filter(char::is_ascii_digit).count();
    let points = sum.chars().filter(|c| *c == '.').count();
    (1..=10).contains(&digits) && points <= 1 && digits + points == sum.len() && signs.count() <= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_rule() {
        let cases = [
            ("thing1", "二十个字".repeat(5), "二十个字".repeat(5) + "x"),
            ("short_thing1", "五个字五个".into(), "五个字五个字".into()),
            ("character_string2", "A-1".into(), "订单".into()),
            ("number01", "-3.14".into(), "3,14".into()),
            ("letter3", "abc".into(), "abc1".into()),
            ("symbol1", "++".into(), "a+".into()),
            ("phone_number4", "+86-0766-66888866".into(), "1".repeat(18)),
            ("car_number1", "粤A8Z888挂".into(), "粤A8Z888挂挂".into()),
            ("name1", "张三".into(), "张三".repeat(6)),
            ("name1", "x".repeat(20), "x".repeat(21)),
            ("phrase1", "已发货".into(), "已发货1".into()),
            ("amount1", "￥100.5元".into(), "一百".into()),
            ("amount1", "$1234567890".into(), "$12345678901".into()),
            ("time2", "2019年10月1日 15:01~16:01".into(), "明天".into()),
            ("date2", "2019-10-01".into(), "tomorrow".into()),
            ("keyword1", "x".repeat(999), String::new()),
        ];
        for (key, good, bad) in cases {
            assert_eq!(rule(key, &good), Ok(()), "{key} {good}");
            assert!(rule(key, &bad).is_err(), "{key} {bad}");
        }
    }

    #[test]
    fn the_error_names_keyword_length_and_limit() {
        let data = Keywords::from([("thing1".to_owned(), Keyword::new("长".repeat(21)))]);
        let text = check(&data).unwrap_err().to_string();
        assert_eq!(
            text,
            "data keyword thing1 must be at most 20 characters (it has 21 characters)"
        );
    }
}
