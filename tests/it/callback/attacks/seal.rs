//! Downgrades and invalid ciphertexts.

use super::*;

fn changed(push: &mut Push, change: impl Fn(&str) -> String) {
    let encrypt = push.encrypt();
    let body = push.body_text().to_owned();
    push.body(body.replace(&encrypt, &change(&encrypt)));
}

/// Flips one bit of a byte of the ciphertext.
fn flip(push: &mut Push, at: impl Fn(usize) -> usize) {
    changed(push, |encrypt| {
        let mut bytes = decode(encrypt);
        let at = at(bytes.len());
        bytes[at] ^= 1;
        encode(&bytes)
    });
}

/// Damages the ciphertext and signs the result with the platform's token.
fn resigned(push: &mut Push, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let encrypt = encode(&change(decode(&push.encrypt())));
    push.ciphertext(&encrypt);
}

refused! {
    a_clear_push_in_secure_mode: Secure NotEncrypted, |push| {
        push.without("encrypt_type").without("msg_signature").body(DOCUMENT);
    };
    a_clear_push_in_compatible_mode: Compatible NotEncrypted, |push| {
        push.without("encrypt_type").without("msg_signature").body(DOCUMENT);
    };
    a_clear_body_under_an_encrypted_query: Secure NoCiphertext, |push| push.body(DOCUMENT);
    the_clear_half_alone: Compatible NoCiphertext, |push| push.body(DOCUMENT);
    encrypt_type_absent: Secure NotEncrypted, |push| push.without("encrypt_type");
    encrypt_type_empty: Secure NotEncrypted, |push| push.set("encrypt_type", "");
    encrypt_type_raw: Secure NotEncrypted, |push| push.set("encrypt_type", "raw");
    encrypt_type_raw_in_compatible_mode: Compatible NotEncrypted, |push| {
        push.set("encrypt_type", "raw").body(DOCUMENT);
    };
    encrypt_type_in_capitals: Secure NotEncrypted, |push| push.set("encrypt_type", "AES");
    encrypt_type_with_white_space: Secure NotEncrypted, |push| push.set("encrypt_type", "aes ");
    encrypt_type_with_nul: Secure NotEncrypted, |push| push.set("encrypt_type", "aes\0");
    encrypt_type_of_another_kind: Secure NotEncrypted, |push| {
        push.set("encrypt_type", "aes-256-gcm");
    };
    an_encrypted_push_in_plaintext_mode: Plaintext Encrypted, |push| {
        push.sealed(AES_KEY, APPID, DOCUMENT);
    };
    an_encrypted_push_in_plaintext_mode_that_hides_it: Plaintext Encrypted, |push| {
        push.sealed(AES_KEY, APPID, DOCUMENT).without("encrypt_type").without("msg_signature");
    };
    a_clear_push_beside_an_empty_ciphertext: Plaintext Encrypted, |push| {
        push.body(DOCUMENT.replace("</xml>", "<Encrypt/></xml>"));
    };
    another_key: Secure Undecryptable, |push| push.sealed(OTHER_KEY, APPID, DOCUMENT);
    another_app: Secure OtherApp, |push| push.sealed(AES_KEY, "wx0000000000000001", DOCUMENT);
    another_app_in_compatible_mode: Compatible OtherApp, |push| {
        push.sealed(AES_KEY, "wx0000000000000001", DOCUMENT);
    };
    no_app: Secure OtherApp, |push| push.sealed(AES_KEY, "", DOCUMENT);
    the_app_in_capitals: Secure OtherApp, |push| {
        push.sealed(AES_KEY, &APPID.to_uppercase(), DOCUMENT);
    };
    the_app_and_more: Secure OtherApp, |push| push.sealed(AES_KEY, &format!("{APPID}0"), DOCUMENT);
    the_app_and_nul: Secure OtherApp, |push| push.sealed(AES_KEY, &format!("{APPID}\0"), DOCUMENT);
    the_front_of_the_app: Secure OtherApp, |push| push.sealed(AES_KEY, &APPID[..17], DOCUMENT);
    an_app_that_is_not_utf8: Secure OtherApp, |push| {
        push.frame(padded(frame(DOCUMENT.as_bytes(), DOCUMENT.len() as u32, b"wx\xff\xfe")));
    };
    a_flipped_bit_in_the_random_bytes: Secure MsgSignature, |push| flip(&mut push, |_| 0);
    a_flipped_bit_in_the_length: Secure MsgSignature, |push| flip(&mut push, |_| 17);
    a_flipped_bit_in_the_message: Secure MsgSignature, |push| flip(&mut push, |len| len / 2);
    a_flipped_bit_in_the_app: Secure MsgSignature, |push| flip(&mut push, |len| len - 33);
    a_flipped_bit_in_the_padding: Secure MsgSignature, |push| flip(&mut push, |len| len - 1);
    a_flipped_bit_in_compatible_mode: Compatible MsgSignature, |push| {
        flip(&mut push, |len| len / 2);
    };
    a_ciphertext_in_other_capitals: Secure MsgSignature, |push| {
        changed(&mut push, str::to_lowercase);
    };
    a_ciphertext_cut_off: Secure MsgSignature, |push| {
        changed(&mut push, |text| text[..64].to_owned());
    };
    a_ciphertext_doubled: Secure MsgSignature, |push| changed(&mut push, |text| text.repeat(2));
    another_pushs_ciphertext: Secure MsgSignature, |push| {
        let key = AesKey::parse(AES_KEY).unwrap();
        let other = key.encrypt(&DOCUMENT.replace("hello", "other"), APPID, [1; 16]);
        changed(&mut push, |_| other.clone());
    };
    a_ciphertext_in_front_of_the_signed_one: Secure MsgSignature, |push| {
        let body = push.body_text().to_owned();
        push.body(body.replace("<xml>", "<xml><Encrypt>AAAA</Encrypt>"));
    };
    a_ciphertext_inside_another_element: Secure NoCiphertext, |push| {
        let body = push.body_text().to_owned();
        push.body(body.replace("<xml>", "<xml><A>").replace("</xml>", "</A></xml>"));
    };
    a_ciphertext_in_an_attribute: Secure NoCiphertext, |push| {
        let body = format!("<xml Encrypt=\"{}\"><A/></xml>", push.encrypt());
        push.body(body);
    };
    a_ciphertext_whose_name_is_in_lower_case: Secure NoCiphertext, |push| {
        let body = push.body_text().to_owned();
        push.body(body.replace("Encrypt>", "encrypt>"));
    };
    a_ciphertext_that_is_an_element: Secure NoCiphertext, |push| {
        push.body("<xml><Encrypt><A>AAAA</A></Encrypt></xml>");
    };
    an_empty_ciphertext: Secure NoCiphertext, |push| push.ciphertext("");
    an_envelope_with_an_entity: Secure NoCiphertext, |push| {
        let entity = "<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>";
        push.body(format!("{entity}<xml><Encrypt>&e;</Encrypt></xml>"));
    };
    an_envelope_that_is_cut_off: Secure NoCiphertext, |push| push.body.truncate(100);
    an_envelope_with_trailing_junk: Secure NoCiphertext, |push| push.body.extend(b"junk");
    an_envelope_in_json_with_trailing_junk: Secure NoCiphertext, |push| {
        let body = format!(r#"{{"Encrypt":"{}"}}junk"#, push.encrypt());
        push.body(body);
    };
    an_envelope_in_json_whose_ciphertext_is_a_list_of_none: Secure NoCiphertext, |push| {
        push.body(r#"{"Encrypt":[]}"#);
    };
    an_envelope_in_json_whose_ciphertext_is_null: Secure NoCiphertext, |push| {
        push.body(r#"{"Encrypt":null}"#);
    };
    an_envelope_in_json_whose_ciphertext_is_a_number: Secure MsgSignature, |push| {
        push.body(r#"{"Encrypt":1}"#);
    };
    an_envelope_that_is_not_utf8: Secure NoCiphertext, |push| push.body.extend(b"\xff");
    no_envelope: Secure NoCiphertext, |push| push.body.clear();
    a_signed_ciphertext_without_its_last_block: Secure Undecryptable, |push| {
        resigned(&mut push, |bytes| bytes[..bytes.len() - 32].to_vec());
    };
    a_signed_ciphertext_without_its_last_byte: Secure Undecryptable, |push| {
        resigned(&mut push, |bytes| bytes[..bytes.len() - 1].to_vec());
    };
    a_signed_ciphertext_of_one_block: Secure Undecryptable, |push| {
        resigned(&mut push, |bytes| bytes[..16].to_vec());
    };
    a_signed_ciphertext_with_a_block_more: Secure Undecryptable, |push| {
        resigned(&mut push, |bytes| [bytes, vec![0; 32]].concat());
    };
    a_signed_ciphertext_with_its_blocks_exchanged: Secure Undecryptable, |push| {
        resigned(&mut push, |mut bytes| {
            bytes.rotate_left(16);
            bytes
        });
    };
    a_signed_ciphertext_that_is_not_base64: Secure Undecryptable, |push| push.ciphertext("****");
    a_signed_ciphertext_of_padding_alone: Secure Undecryptable, |push| push.ciphertext("====");
    a_signed_ciphertext_of_unicode: Secure Undecryptable, |push| push.ciphertext("密文密文");
    a_signed_ciphertext_with_an_odd_digit: Secure Undecryptable, |push| {
        let encrypt = push.encrypt() + "A";
        push.ciphertext(&encrypt);
    };
    padding_of_zero: Secure Undecryptable, |push| {
        let mut frame = unpadded(|len| len);
        frame.resize(frame.len().next_multiple_of(32) + 32, 0);
        push.frame(frame);
    };
    padding_of_33: Secure Undecryptable, |push| {
        let mut frame = unpadded(|len| len);
        frame.resize(frame.len().next_multiple_of(32) + 64, 33);
        push.frame(frame);
    };
    padding_of_255: Secure Undecryptable, |push| {
        let mut frame = unpadded(|len| len);
        frame.resize(frame.len().next_multiple_of(32) + 256, 255);
        push.frame(frame);
    };
    padding_that_differs: Secure Undecryptable, |push| {
        let mut frame = padded(unpadded(|len| len));
        let pad = usize::from(*frame.last().unwrap());
        assert!(pad > 1);
        let first = frame.len() - pad;
        frame[first] ^= 1;
        push.frame(frame);
    };
    padding_longer_than_the_frame: Secure Undecryptable, |push| push.frame(vec![32; 16]);
    padding_and_nothing_else: Secure Undecryptable, |push| push.frame(vec![32; 32]);
    a_length_of_minus_one: Secure Undecryptable, |push| push.frame(padded(unpadded(|_| u32::MAX)));
    the_lowest_length: Secure Undecryptable, |push| push.frame(padded(unpadded(|_| 1 << 31)));
    a_huge_length: Secure Undecryptable, |push| push.frame(padded(unpadded(|_| i32::MAX as u32)));
    a_length_that_wraps_around: Secure Undecryptable, |push| {
        push.frame(padded(unpadded(|len| len.wrapping_sub(20 + len))));
    };
    a_length_one_beyond_the_frame: Secure Undecryptable, |push| {
        push.frame(padded(unpadded(|len| len + APPID.len() as u32 + 1)));
    };
    a_length_to_the_end_of_the_frame: Secure OtherApp, |push| {
        push.frame(padded(unpadded(|len| len + APPID.len() as u32)));
    };
    a_length_one_too_long: Secure OtherApp, |push| push.frame(padded(unpadded(|len| len + 1)));
    a_length_one_too_short: Secure OtherApp, |push| push.frame(padded(unpadded(|len| len - 1)));
    a_length_of_zero: Secure OtherApp, |push| push.frame(padded(unpadded(|_| 0)));
    a_length_in_the_other_byte_order: Secure Undecryptable, |push| {
        push.frame(padded(unpadded(u32::swap_bytes)));
    };
    a_frame_without_a_length: Secure Undecryptable, |push| {
        push.frame(padded(b"0123456789abcdef\0\0\0".to_vec()));
    };
}

/// Flips every bit of the ciphertext, of the signatures and of the data they cover.
#[tokio::test]
async fn every_flipped_bit() {
    let handled = Arc::new(AtomicUsize::new(0));
    let callback = callback(Mode::Secure, Arc::clone(&handled));
    let len = decode(&Push::new(Mode::Secure).encrypt()).len();
    for bit in 0..len * 8 {
        let mut push = Push::new(Mode::Secure);
        changed(&mut push, |encrypt| {
            let mut bytes = decode(encrypt);
            bytes[bit / 8] ^= 1 << (bit % 8);
            encode(&bytes)
        });
        let response = send(&callback, push.request()).await;
        looks_like_every_other(response, Rejection::MsgSignature);
    }
    for name in ["signature", "msg_signature", "nonce", "timestamp"] {
        for at in 0..Push::new(Mode::Secure).get(name).len() {
            for bit in 0..4 {
                let mut push = Push::new(Mode::Secure);
                let mut value = push.get(name).to_owned().into_bytes();
                value[at] ^= 1 << bit;
                push.set(name, String::from_utf8(value).unwrap());
                let response = send(&callback, push.request()).await;
                looks_like_every_other(response, Rejection::Signature);
            }
        }
    }
    assert_eq!(handled.load(Ordering::Relaxed), 0);
    is_answered(&callback, &Push::new(Mode::Secure)).await;
}
