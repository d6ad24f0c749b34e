//! Plaintext frames inside a ciphertext, valid and invalid.

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

/// Builds a frame with the given length field and padding.
pub fn frame(message: &[u8], len: u32, tail: &[u8]) -> Vec<u8> {
    let mut frame = b"0123456789abcdef".to_vec();
    frame.extend(len.to_be_bytes());
    frame.extend(message);
    frame.extend(tail);
    frame
}

/// Builds a frame of a valid message for this app, without padding.
pub fn unpadded(len: impl Fn(u32) -> u32) -> Vec<u8> {
    let message = DOCUMENT.as_bytes();
    frame(message, len(message.len() as u32), APPID.as_bytes())
}

/// Adds the correct padding to a frame.
pub fn padded(mut frame: Vec<u8>) -> Vec<u8> {
    let pad = 32 - frame.len() % 32;
    frame.resize(frame.len() + pad, pad as u8);
    frame
}
