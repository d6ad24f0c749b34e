//! Documents that try to exhaust or confuse the parser or to load external entities. They arrive
//! where they are most harmful: in plaintext mode, where the body is not signed, or inside an
//! authentic ciphertext.

use super::*;

pub fn fields(fields: &str) -> String {
    DOCUMENT.replace("</xml>", &format!("{fields}</xml>"))
}

fn utf16(bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = format!("\u{feff}{DOCUMENT}");
    text.encode_utf16().flat_map(bytes).collect()
}

refused! {
    a_huge_body: Plaintext BodyTooLarge, |push| push.body(vec![b' '; 64 * 1024 + 1]);
    a_huge_body_in_secure_mode: Secure BodyTooLarge, |push| push.body(vec![b' '; 64 * 1024 + 1]);
    a_huge_body_that_is_not_announced: Secure BodyTooLarge, |push| {
        push.announced = false;
        push.body(vec![b' '; 64 * 1024 + 1]);
    };
    a_body_without_end: Plaintext BodyTooLarge, |push| {
        (push.announced, push.endless) = (false, true);
    };
    a_body_without_end_in_secure_mode: Secure BodyTooLarge, |push| {
        (push.announced, push.endless) = (false, true);
    };
    a_huge_body_that_is_only_announced: Secure BodyTooLarge, |push| {
        push.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("18446744073709551615"));
    };
    a_huge_body_behind_a_small_announcement: Secure BodyTooLarge, |push| {
        push.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("10"));
        push.announced = false;
        push.body(vec![b' '; 64 * 1024 + 1]);
    };
    a_forged_huge_body_is_not_read: Secure Signature, |push| {
        push.set("signature", "0".repeat(40));
        (push.announced, push.endless) = (false, true);
    };
    no_body: Plaintext Malformed, |push| push.body.clear();
    white_space: Plaintext Malformed, |push| push.body(" \r\n\t");
    a_word: Plaintext Malformed, |push| push.body("success");
    a_byte_order_mark_alone: Plaintext Malformed, |push| push.body("\u{feff}");
    deep_xml: Plaintext Malformed, |push| {
        push.body(fields(&format!("{}{}", "<a>".repeat(9000), "</a>".repeat(9000))));
    };
    deep_xml_that_never_ends: Plaintext Malformed, |push| push.body("<a>".repeat(20_000));
    deep_xml_in_a_ciphertext: Secure Malformed, |push| {
        push.document(&fields(&format!("{}{}", "<a>".repeat(5000), "</a>".repeat(5000))));
    };
    wide_xml: Plaintext Malformed, |push| push.body(fields(&"<a/>".repeat(15_000)));
    wide_xml_in_a_ciphertext: Secure Malformed, |push| push.document(&fields(&"<a/>".repeat(9000)));
    a_bomb_of_entities: Plaintext Malformed, |push| push.body(
        "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \
         \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><xml><MsgType>text</MsgType><Content>&c;</Content></xml>"
    );
    a_bomb_of_entities_in_a_ciphertext: Secure Malformed, |push| push.document(
        "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;\">]><xml><Content>&b;</Content></xml>"
    );
    a_bare_document_type: Plaintext Malformed, |push| {
        push.body(format!("<!DOCTYPE xml>{DOCUMENT}"));
    };
    a_document_type_in_lower_case: Plaintext Malformed, |push| {
        push.body(format!("<!doctype xml>{DOCUMENT}"));
    };
    a_document_type_behind_a_comment: Plaintext Malformed, |push| {
        push.body(format!("<!-- c --><!DOCTYPE xml>{DOCUMENT}"));
    };
    a_document_type_inside: Plaintext Malformed, |push| push.body(fields("<!DOCTYPE xml>"));
    an_external_entity: Plaintext Malformed, |push| push.body(
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><Content>&e;</Content></xml>"
    );
    an_external_document_type: Plaintext Malformed, |push| {
        push.body(format!("<!DOCTYPE x SYSTEM \"http://127.0.0.1/x.dtd\">{DOCUMENT}"));
    };
    a_parameter_entity: Plaintext Malformed, |push| push.body(format!(
        "<!DOCTYPE x [<!ENTITY % e SYSTEM \"http://127.0.0.1/\"> %e;]>{DOCUMENT}"
    ));
    cdata_that_does_not_end: Plaintext Malformed, |push| push.body(fields("<A><![CDATA[a</A>"));
    cdata_outside: Plaintext Malformed, |push| push.body(format!("{DOCUMENT}<![CDATA[a]]>"));
    a_comment_that_does_not_end: Plaintext Malformed, |push| push.body(fields("<!-- "));
    an_instruction_that_does_not_end: Plaintext Malformed, |push| push.body(fields("<?php "));
    two_roots: Plaintext Malformed, |push| push.body("<xml><A>1</A></xml>".repeat(2));
    no_root: Plaintext Malformed, |push| push.body("<?xml version=\"1.0\"?><!-- -->");
    text_behind_the_root: Plaintext Malformed, |push| push.body(format!("{DOCUMENT}text"));
    an_element_that_does_not_end: Plaintext Malformed, |push| {
        push.body(&DOCUMENT.as_bytes()[..DOCUMENT.len() - 6]);
    };
    an_element_that_ends_as_another: Plaintext Malformed, |push| push.body(fields("<A></B>"));
    an_end_without_a_beginning: Plaintext Malformed, |push| push.body(fields("</A>"));
    a_tag_that_does_not_end: Plaintext Malformed, |push| push.body(fields("<A "));
    half_a_character: Plaintext Malformed, |push| {
        push.body([DOCUMENT.as_bytes(), b"\xe4\xbd"].concat());
    };
    a_surrogate_in_utf8: Plaintext Malformed, |push| {
        push.body([b"<xml>\xed\xa0\x80", DOCUMENT.as_bytes()].concat());
    };
    an_overlong_bracket: Plaintext Malformed, |push| {
        push.body([b"\xc0\xbcxml>", DOCUMENT.as_bytes()].concat());
    };
    utf16_with_the_low_byte_first: Plaintext Malformed, |push| push.body(utf16(u16::to_le_bytes));
    utf16_with_the_high_byte_first: Plaintext Malformed, |push| push.body(utf16(u16::to_be_bytes));
    utf7: Plaintext Malformed, |push| push.body("+ADw-xml+AD4-");
    nul_in_front_of_the_document: Plaintext Malformed, |push| push.body(format!("\0{DOCUMENT}"));
    json_with_trailing_junk: Plaintext Malformed, |push| push.body(r#"{"MsgType":"text"}junk"#);
    json_twice: Plaintext Malformed, |push| push.body(r#"{"MsgType":"text"}{"MsgType":"text"}"#);
    json_cut_off: Plaintext Malformed, |push| push.body(r#"{"MsgType":"te"#);
    json_with_a_comma_too_many: Plaintext Malformed, |push| push.body(r#"{"MsgType":"text",}"#);
    json_with_a_comment: Plaintext Malformed, |push| push.body(r#"{"MsgType":"text"/**/}"#);
    json_with_nan: Plaintext Malformed, |push| push.body(r#"{"CreateTime":NaN}"#);
    json_that_is_a_list: Plaintext Malformed, |push| push.body(r#"[{"MsgType":"text"}]"#);
    json_that_is_a_string: Plaintext Malformed, |push| push.body(r#""<xml></xml>""#);
    deep_json: Plaintext Malformed, |push| {
        push.body(format!("{}1{}", "{\"a\":".repeat(9000), "}".repeat(9000)));
    };
    deep_json_of_lists: Plaintext Malformed, |push| {
        push.body(format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000)));
    };
    deep_json_that_never_ends: Plaintext Malformed, |push| push.body("{\"a\":[".repeat(9000));
    deep_json_in_a_ciphertext: Secure Malformed, |push| {
        push.document(&format!("{{\"a\":{}{}}}", "[".repeat(9000), "]".repeat(9000)));
    };
    wide_json: Plaintext Malformed, |push| {
        push.body(format!("{{\"a\":[{}0]}}", "0,".repeat(30_000)));
    };
    xml_inside_json: Plaintext Malformed, |push| push.body(format!("{{{DOCUMENT}}}"));
}
