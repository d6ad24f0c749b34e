//! Parameters that are missing, repeated, hidden or oddly encoded.

use super::*;

/// Replaces one parameter of the query with hand-written text.
fn write(push: &mut Push, name: &str, written: &str) {
    let uri = push.uri();
    let (_, query) = uri.split_once('?').unwrap();
    let others = query
        .split('&')
        .filter(|pair| !pair.starts_with(&format!("{name}=")));
    push.written = Some(others.chain([written]).collect::<Vec<_>>().join("&"));
}

refused! {
    no_query: Secure MissingParameter, |push| push.query.clear();
    an_empty_query: Plaintext MissingParameter, |push| push.written = Some(String::new());
    no_question_mark: Secure MissingParameter, |push| push.written = Some("/wxmsg".into());
    no_signature: Secure MissingParameter, |push| push.without("signature");
    no_timestamp: Secure MissingParameter, |push| push.without("timestamp");
    no_nonce: Secure MissingParameter, |push| push.without("nonce");
    no_msg_signature: Secure MissingParameter, |push| push.without("msg_signature");
    no_msg_signature_in_compatible_mode: Compatible MissingParameter, |push| {
        push.without("msg_signature");
    };
    an_empty_signature: Secure MissingParameter, |push| push.set("signature", "");
    an_empty_timestamp: Secure MissingParameter, |push| push.set("timestamp", "").sign();
    an_empty_nonce: Secure MissingParameter, |push| push.set("nonce", "").sign();
    an_empty_msg_signature: Secure MissingParameter, |push| push.set("msg_signature", "");
    names_without_values: Secure MissingParameter, |push| {
        push.written = Some("signature&timestamp&nonce&msg_signature&encrypt_type=aes".into());
    };
    a_name_in_capitals: Secure MissingParameter, |push| {
        let signature = push.get("signature").to_owned();
        push.without("signature").set("SIGNATURE", signature);
    };
    a_name_with_brackets: Secure MissingParameter, |push| {
        let signature = push.get("signature").to_owned();
        push.without("signature").set("signature[]", signature);
    };
    a_name_with_a_space: Secure MissingParameter, |push| {
        let nonce = push.get("nonce").to_owned();
        push.without("nonce").set(" nonce", nonce);
    };
    signature_twice: Secure DuplicateParameter, |push| push.again("signature", "0".repeat(40));
    timestamp_twice: Secure DuplicateParameter, |push| push.again("timestamp", NOW.to_string());
    nonce_twice: Secure DuplicateParameter, |push| push.again("nonce", NONCE);
    openid_twice: Secure DuplicateParameter, |push| push.again("openid", "o2");
    msg_signature_twice: Secure DuplicateParameter, |push| {
        push.again("msg_signature", "0".repeat(40));
    };
    encrypt_type_twice: Secure DuplicateParameter, |push| push.again("encrypt_type", "aes");
    encrypt_type_twice_and_different: Secure DuplicateParameter, |push| {
        push.again("encrypt_type", "raw");
    };
    encrypt_type_twice_in_plaintext_mode: Plaintext DuplicateParameter, |push| {
        push.set("encrypt_type", "raw").again("encrypt_type", "aes");
    };
    a_second_signature_that_is_empty: Secure DuplicateParameter, |push| push.again("signature", "");
    a_second_nonce_in_front: Secure DuplicateParameter, |push| {
        push.query.insert(0, ("nonce".into(), "1".into()));
    };
    a_second_timestamp_whose_name_is_encoded: Secure DuplicateParameter, |push| {
        push.written = Some(push.uri().replace("/wxmsg?", "%74imestamp=1&"));
    };
    semicolons_between_parameters: Secure MissingParameter, |push| {
        push.written = Some(push.uri().replace("/wxmsg?", "").replace('&', ";"));
    };
    encoded_ampersands_between_parameters: Secure MissingParameter, |push| {
        push.written = Some(push.uri().replace("/wxmsg?", "").replace('&', "%26"));
    };
    parameters_in_the_path: Secure MissingParameter, |push| {
        push.written = Some(push.uri().replace("/wxmsg?", "/wxmsg;").replace('&', ";"));
    };
    parameters_in_the_body: Plaintext MissingParameter, |push| {
        let form = push.uri().replace("/wxmsg?", "");
        push.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        push.query.clear();
        push.body(form);
    };
    parameters_in_headers: Secure MissingParameter, |push| {
        for name in ["signature", "timestamp", "nonce"] {
            let value = HeaderValue::from_str(push.get(name)).unwrap();
            push.headers.insert(http::HeaderName::from_static(name), value);
        }
        push.query.clear();
    };
    a_nonce_encoded_twice: Secure Signature, |push| write(&mut push, "nonce", "nonce=%25392623149");
    a_nonce_with_nul: Secure Signature, |push| write(&mut push, "nonce", "nonce=9372623149%00");
    a_nonce_with_a_broken_escape: Secure Signature, |push| {
        write(&mut push, "nonce", "nonce=9372623149%zz");
    };
    a_nonce_with_half_an_escape: Secure Signature, |push| {
        write(&mut push, "nonce", "nonce=9372623149%3");
    };
    a_nonce_that_is_not_utf8: Secure Signature, |push| {
        write(&mut push, "nonce", "nonce=9372623149%ff%fe");
    };
    a_nonce_with_an_overlong_encoding: Secure Signature, |push| {
        write(&mut push, "nonce", "nonce=%c0%b9372623149");
    };
    a_nonce_with_white_space: Secure Signature, |push| {
        write(&mut push, "nonce", "nonce=+9372623149");
    };
    a_nonce_with_a_line_break: Secure Signature, |push| {
        write(&mut push, "nonce", "nonce=9372623149%0d%0a");
    };
    a_plus_that_was_signed_as_one_and_not_encoded: Secure Signature, |push| {
        push.set("nonce", "a+b").sign();
        write(&mut push, "nonce", "nonce=a+b");
    };
    a_nonce_of_fifty_thousand_characters: Secure Signature, |push| {
        push.set("nonce", "9".repeat(50_000));
    };
    a_signature_of_fifty_thousand_digits: Secure Signature, |push| {
        push.set("signature", "0".repeat(50_000));
    };
    ten_thousand_parameters: Secure DuplicateParameter, |push| {
        push.written = Some("a=&".repeat(10_000) + "nonce=1&nonce=2");
    };
    nothing_but_ampersands: Secure MissingParameter, |push| push.written = Some("&".repeat(60_000));
}
