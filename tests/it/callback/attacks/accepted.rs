//! Unusual requests that are valid.

use super::*;

macro_rules! taken {
    ($($test:ident: $mode:ident, |$push:ident| $change:expr;)*) => {$(
        #[tokio::test]
        async fn $test() {
            let mut $push = Push::new(Mode::$mode);
            $change;
            $push.is_taken().await;
        }
    )*};
}

taken! {
    a_plain_push: Plaintext, |push| push.set("openid", "o1");
    a_compatible_push: Compatible, |push| push.set("openid", "o1");
    a_secure_push: Secure, |push| push.set("openid", "o1");
    encrypt_type_raw_in_plaintext_mode: Plaintext, |push| push.set("encrypt_type", "raw");
    signatures_in_capitals: Secure, |push| {
        for name in ["signature", "msg_signature"] {
            let capitals = push.get(name).to_uppercase();
            push.set(name, capitals);
        }
    };
    parameters_in_reverse_order: Secure, |push| push.query.reverse();
    parameters_of_a_proxy: Secure, |push| push.again("utm", "1").again("utm", "2").again("", "");
    no_openid: Secure, |push| push.without("openid");
    an_empty_openid: Secure, |push| push.set("openid", "");
    an_empty_echostr_on_a_push: Secure, |push| push.set("echostr", "");
    a_nonce_with_zeros_in_front: Secure, |push| push.set("nonce", "0001").sign().document(DOCUMENT);
    a_nonce_with_every_sign: Secure, |push| {
        push.set("nonce", "a+b c%2B&d=e?f#/\"<你>").sign().document(DOCUMENT);
    };
    a_plus_that_is_encoded: Secure, |push| {
        push.set("nonce", "a+b").sign().document(DOCUMENT);
        assert!(push.uri().contains("nonce=a%2Bb"));
    };
    digits_that_are_encoded: Secure, |push| {
        push.written = Some(push.uri().replace("/wxmsg?", "").replace("nonce=9", "n%6fnce=%39"));
    };
    ampersands_in_excess: Secure, |push| {
        push.written = Some(push.uri().replace("/wxmsg?", "&&").replace('&', "&&") + "&");
    };
    a_content_type_that_is_wrong: Secure, |push| {
        push.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    };
    a_content_length_that_is_not_a_number: Secure, |push| {
        push.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("many"));
    };
    a_body_whose_length_is_not_known: Secure, |push| push.announced = false;
    a_byte_order_mark_and_a_declaration: Plaintext, |push| {
        push.body(format!("\u{feff} <?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{DOCUMENT}\r\n"));
    };
    raw_control_characters: Secure, |push| push.document(&DOCUMENT.replace("</xml>", "<A>\u{1d}\u{8}</A></xml>"));
    padding_of_a_whole_block: Secure, |push| {
        let fill = (0..32).map(|len| DOCUMENT.replace("<xml>", &format!("<xml>{}", " ".repeat(len))));
        let fits = |document: &String| (20 + document.len() + APPID.len()).is_multiple_of(32);
        let document = fill.into_iter().find(fits).unwrap();
        push.document(&document);
    };
    padding_to_sixteen_bytes: Secure, |push| {
        let mut frame = unpadded(|len| len);
        let pad = 16 - frame.len() % 16;
        frame.resize(frame.len() + pad, pad as u8);
        push.frame(frame);
    };
    a_second_ciphertext_behind_the_signed_one: Secure, |push| {
        let body = push.body_text().to_owned();
        push.body(body.replace("</xml>", "<Encrypt>AAAA</Encrypt></xml>"));
    };
    an_unknown_entity: Plaintext, |push| push.body(super::body::fields("<A>&nbsp;</A>"));
    an_entity_that_does_not_end: Plaintext, |push| push.body(super::body::fields("<A>&lt</A>"));
    a_reference_to_nul: Plaintext, |push| push.body(super::body::fields("<A>&#0;</A>"));
    a_reference_to_half_a_character: Plaintext, |push| {
        push.body(super::body::fields("<A>&#xd800;</A>"));
    };
    a_reference_beyond_unicode: Plaintext, |push| push.body(super::body::fields("<A>&#x110000;</A>"));
    a_reference_that_overflows: Plaintext, |push| {
        push.body(super::body::fields("<A>&#99999999999999999999;</A>"));
    };
    nul_in_a_text: Plaintext, |push| push.body(DOCUMENT.replace("hello", "hel\0lo"));
    nul_in_a_name: Plaintext, |push| push.body(super::body::fields("<A\0>a</A\0>"));
    nul_behind_the_document: Plaintext, |push| push.body(format!("{DOCUMENT}\0"));
    nul_in_a_ciphertext: Secure, |push| {
        push.document(&DOCUMENT.replace("hello", "hel\0lo"));
    };
    blanks_around_the_ciphertext: Secure, |push| push.spaced(|encrypt| format!(" \n{encrypt}\t "));
    a_ciphertext_in_lines_of_76: Secure, |push| push.spaced(|encrypt| {
        let lines = encrypt.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap());
        lines.collect::<Vec<_>>().join("\r\n")
    });
    an_envelope_with_nul: Secure, |push| push.body.push(0);
    a_signed_ciphertext_with_line_breaks: Secure, |push| {
        let encrypt = push.encrypt().replacen('A', "A\n", 1);
        assert!(encrypt.contains('\n'));
        push.ciphertext(&encrypt);
    };
    the_edge_of_the_window: Secure, |push| {
        push.set("timestamp", (NOW - 600).to_string()).sign().document(DOCUMENT);
    };
}

/// A JSON envelope has the same parts.
#[tokio::test]
async fn an_envelope_in_json() {
    let mut push = Push::new(Mode::Secure);
    let body = format!(r#"{{"ToUserName":"gh_1","Encrypt":"{}"}}"#, push.encrypt());
    push.body(body.replace('/', "\\/"));
    push.is_taken().await;
}

#[tokio::test]
async fn blanks_in_a_ciphertext_in_json() {
    let mut push = Push::new(Mode::Secure);
    let encrypt = push.encrypt();
    let (start, end) = encrypt.split_at(76);
    push.body(format!(
        r#"{{"ToUserName":"gh_1","Encrypt":" {start}\n{end} "}}"#
    ));
    push.is_taken().await;
}
