//! The body of the fuzz target as a property test: fewer inputs, but on every run.

use proptest::prelude::*;

use super::fuzzed;

/// Generates a value for an errcode, or anything else.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "0",
            "-0",
            "0.0",
            "-1",
            "40001",
            "\"40001\"",
            "87009.0",
            "4e4",
            "\"0\"",
            "\" -1 \"",
            "1.5",
            "1e99",
            "1e999",
            "null",
            "true",
            "\"\"",
            "\"abc\"",
            "{}",
            "[0]",
            "9223372036854775808",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        "[0-9eE.\"\\\\{}\\[\\]:,\n\u{1b} -]{0,12}",
    ]
}

/// Generates a field of some answer.
fn field() -> impl Strategy<Value = String> {
    let data = prop::sample::select(vec![
        r#""access_token":"t","expires_in":7200"#,
        r#""openid":"o","session_key":"k""#,
        r#""ip_list":[],"total":1,"user_info_list":[],"template_list":[]"#,
        r#""dns":[],"primary_industry":null,"msgid":1,"template_id":"t""#,
        r#""link":"l","openlink":"l","url_link":"l","short_key":"k","long_data":"x""#,
        r#""ticket":"t","url":"u","expires_in":"7200""#,
    ]);
    let code = prop::sample::select(vec!["errcode", "\\u0065rrcode", "errmsg", "ErrCode", "x"]);
    prop_oneof![
        data.prop_map(str::to_owned),
        (code, value()).prop_map(|(name, value)| format!("\"{name}\":{value}")),
        (Just("errmsg"), any::<String>()).prop_map(|(name, text)| format!("\"{name}\":\"{text}\"")),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let fields = prop::collection::vec(field(), 0..6);
    let front = prop::sample::select(vec!["{", "{", " {", "\u{feff}{", "[", "[{", ""]);
    let back = prop::sample::select(vec!["}", "}", "}\n", "", "}}", "]"]);
    let object = (front, fields, back).prop_map(|(front, fields, back)| {
        format!("{front}{}{back}", fields.join(",")).into_bytes()
    });
    let damage = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
    let damaged = (object, damage).prop_map(|(mut bytes, damage)| {
        if let Some((at, with)) = damage
            && !bytes.is_empty()
        {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        bytes
    });
    prop_oneof![9 => damaged, 1 => any::<Vec<u8>>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn an_error_is_never_read_as_success(choice in any::<u8>(), mut body in body()) {
        if choice % 4 < 2 && body.first() == Some(&b'{') {
            // The object has already begun.
            body.remove(0);
        }
        body.insert(0, choice);
        fuzzed::answer(&body);
    }
}
