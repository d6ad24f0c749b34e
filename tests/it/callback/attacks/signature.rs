//! Signatures over other data or with another token, and timestamps.

use super::*;

fn signed(parts: [&str; 3]) -> String {
    sign(parts).to_string()
}

/// Sets a hand-written timestamp with a matching signature.
fn at(push: &mut Push, timestamp: &str) {
    push.set("timestamp", timestamp).sign().document(DOCUMENT);
}

refused! {
    signature_of_another_token: Secure Signature, |push| {
        let signature = signed(["anothertoken", &NOW.to_string(), NONCE]);
        push.set("signature", signature);
    };
    signature_of_the_token_in_capitals: Secure Signature, |push| {
        let signature = signed(["THETOKEN", &NOW.to_string(), NONCE]);
        push.set("signature", signature);
    };
    signature_without_a_token: Secure Signature, |push| {
        let signature = signed(["", &NOW.to_string(), NONCE]);
        push.set("signature", signature);
    };
    signature_of_the_appid_as_token: Secure Signature, |push| {
        let signature = signed([APPID, &NOW.to_string(), NONCE]);
        push.set("signature", signature);
    };
    signature_over_another_nonce: Secure Signature, |push| push.set("nonce", "1");
    signature_over_another_timestamp: Secure Signature, |push| {
        push.set("timestamp", (NOW + 1).to_string());
    };
    signature_over_another_nonce_in_plaintext_mode: Plaintext Signature, |push| {
        push.set("nonce", "1");
    };
    msg_signature_over_another_nonce: Secure MsgSignature, |push| push.set("nonce", "1").sign();
    msg_signature_over_another_timestamp: Secure MsgSignature, |push| {
        push.set("timestamp", (NOW + 1).to_string()).sign();
    };
    msg_signature_of_another_token: Secure MsgSignature, |push| {
        let signature = sign(["anothertoken", &NOW.to_string(), NONCE, &push.encrypt()]);
        push.set("msg_signature", signature.to_string());
    };
    msg_signature_of_the_clear_document: Compatible MsgSignature, |push| {
        let signature = sign([TOKEN, &NOW.to_string(), NONCE, DOCUMENT]);
        push.set("msg_signature", signature.to_string());
    };
    signature_as_msg_signature: Secure MsgSignature, |push| {
        let signature = push.get("signature").to_owned();
        push.set("msg_signature", signature);
    };
    msg_signature_as_signature: Secure Signature, |push| {
        let signature = push.get("msg_signature").to_owned();
        push.set("signature", signature);
    };
    a_signature_of_zeros: Secure Signature, |push| push.set("signature", "0".repeat(40));
    a_msg_signature_of_zeros: Secure MsgSignature, |push| push.set("msg_signature", "0".repeat(40));
    a_signature_that_is_not_hexadecimal: Secure Signature, |push| {
        push.set("signature", "g".repeat(40));
    };
    a_msg_signature_that_is_not_hexadecimal: Secure MsgSignature, |push| {
        push.set("msg_signature", "g".repeat(40));
    };
    a_signature_a_digit_too_short: Secure Signature, |push| {
        let signature = push.get("signature")[1..].to_owned();
        push.set("signature", signature);
    };
    a_signature_a_digit_too_long: Secure Signature, |push| {
        let signature = format!("{}0", push.get("signature"));
        push.set("signature", signature);
    };
    a_signature_doubled: Secure Signature, |push| {
        let signature = push.get("signature").repeat(2);
        push.set("signature", signature);
    };
    a_signature_of_one_digit: Secure Signature, |push| push.set("signature", "0");
    a_signature_in_full_width_digits: Secure Signature, |push| {
        let wide = |digit: char| char::from_u32(digit as u32 + 0xfee0).unwrap();
        let signature = push.get("signature").chars().map(wide).collect::<String>();
        push.set("signature", signature);
    };
    a_signature_with_white_space: Secure Signature, |push| {
        let signature = format!(" {}", push.get("signature"));
        push.set("signature", signature);
    };
    a_signature_with_a_prefix: Secure Signature, |push| {
        let signature = format!("0x{}", push.get("signature"));
        push.set("signature", signature);
    };
    a_signature_with_nul: Secure Signature, |push| {
        let signature = format!("{}\0", push.get("signature"));
        push.set("signature", signature);
    };
    a_signature_in_base64: Secure Signature, |push| {
        push.set("signature", "9GSyT8mTI+RLOKp49e3Se9FEFpY=");
    };
    an_old_timestamp: Secure StaleTimestamp, |push| at(&mut push, &(NOW - 601).to_string());
    an_old_timestamp_in_plaintext_mode: Plaintext StaleTimestamp, |push| {
        at(&mut push, &(NOW - 601).to_string());
    };
    an_early_timestamp: Secure StaleTimestamp, |push| at(&mut push, &(NOW + 601).to_string());
    timestamp_zero: Secure Timestamp, |push| at(&mut push, "0");
    a_timestamp_in_milliseconds: Secure Timestamp, |push| at(&mut push, &format!("{NOW}000"));
    the_largest_timestamp: Secure Timestamp, |push| at(&mut push, "18446744073709551615");
    a_timestamp_that_overflows: Secure Timestamp, |push| at(&mut push, "18446744073709551616");
    a_timestamp_that_wraps_around_to_now: Secure Timestamp, |push| {
        at(&mut push, &(u128::from(NOW) + (1 << 64)).to_string());
    };
    a_timestamp_of_ten_thousand_digits: Secure Timestamp, |push| at(&mut push, &"1".repeat(10_000));
    a_negative_timestamp: Secure Timestamp, |push| at(&mut push, &format!("-{NOW}"));
    a_timestamp_with_a_sign: Secure Timestamp, |push| at(&mut push, &format!("+{NOW}"));
    a_timestamp_with_decimals: Secure Timestamp, |push| at(&mut push, &format!("{NOW}.0"));
    a_timestamp_with_an_exponent: Secure Timestamp, |push| at(&mut push, "1767225600e0");
    a_hexadecimal_timestamp: Secure Timestamp, |push| at(&mut push, &format!("{NOW:#x}"));
    a_timestamp_with_white_space: Secure Timestamp, |push| at(&mut push, &format!(" {NOW}"));
    a_timestamp_in_full_width_digits: Secure Timestamp, |push| at(&mut push, "１７６７２２５６００");
    a_timestamp_with_zeros_in_front: Secure Timestamp, |push| at(&mut push, &format!("00{NOW}"));
    a_timestamp_in_words: Secure Timestamp, |push| at(&mut push, "now");
    a_timestamp_with_a_zero_more_than_was_signed: Secure Timestamp, |push| {
        push.set("timestamp", format!("0{NOW}"));
    };
    digits_moved_from_the_timestamp_to_the_nonce: Secure Timestamp, |push| {
        let (timestamp, last) = (NOW / 10, NOW % 10);
        push.set("timestamp", timestamp.to_string()).set("nonce", format!("{last}{NONCE}"));
    };
}

/// The signed parts are joined without separators. `msg_signature` therefore stays the same when
/// the start of the ciphertext moves into the nonce, and the receiver would decrypt the rest.
/// `signature` changes.
#[tokio::test]
async fn the_start_of_the_ciphertext_moved_into_the_nonce() {
    let key = AesKey::parse(AES_KEY).unwrap();
    let capital = |at: u8| at.is_ascii_uppercase();
    let encrypt = (0..=255)
        .map(|seed| key.encrypt(DOCUMENT, APPID, [seed; 16]))
        .find(|text| capital(text.as_bytes()[0]) && capital(text.as_bytes()[64]))
        .unwrap();
    let mut push = Push::new(Mode::Secure);
    push.ciphertext(&encrypt);
    let (signature, msg_signature) = (
        push.get("signature").to_owned(),
        push.get("msg_signature").to_owned(),
    );
    let (front, rest) = encrypt.split_at(64);
    push.set("nonce", format!("{NONCE}{front}"))
        .ciphertext(rest);
    assert_eq!(
        push.get("msg_signature"),
        msg_signature,
        "it is the same text that is signed"
    );
    assert_eq!(push.get("signature"), signature);
    push.is_refused(Rejection::Signature).await;
}
