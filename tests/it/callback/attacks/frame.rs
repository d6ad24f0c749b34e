//! What is inside a ciphertext, right or wrong.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{APPID, DOCUMENT};

fn engine() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, config)
}

pub fn encode(bytes: &[u8]) -> String {
    engine().encode(bytes)
}

pub fn decode(text: &str) -> Vec<u8> {
    engine().decode(text).unwrap()
}

/// What is inside a ciphertext, with a length that is told and a padding as they are given.
pub fn frame(message: &[u8], len: u32, tail: &[u8]) -> Vec<u8> {
    let mut frame = b"0123456789abcdef".to_vec();
    frame.extend(len.to_be_bytes());
    frame.extend(message);
    frame.extend(tail);
    frame
}

/// A frame of a good message for this app, before its padding.
pub fn unpadded(len: impl Fn(u32) -> u32) -> Vec<u8> {
    let message = DOCUMENT.as_bytes();
    frame(message, len(message.len() as u32), APPID.as_bytes())
}

/// A frame with the padding it should have.
pub fn padded(mut frame: Vec<u8>) -> Vec<u8> {
    let pad = 32 - frame.len() % 32;
    frame.resize(frame.len() + pad, pad as u8);
    frame
}
