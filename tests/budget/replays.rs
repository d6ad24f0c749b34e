//! The memory used for seen signatures.

use allocation_counter::measure;
use http::StatusCode;
use tower_wechat::callback::Mode;

use crate::SIGNATURES_HELD;
use crate::counted::{holds, respond, runtime};
use crate::fixture::{Push, callback, quiet, text};

const KEPT: u64 = 10_000;
const KIB: u64 = 1024;

/// Returns the memory still held after these many pushes were accepted.
fn held(mode: Mode, pushes: u64) -> u64 {
    let runtime = runtime();
    let mut service = callback(mode, quiet()).replay_capacity(10_000);
    let document = text(400, 1 << 60);
    let counted = measure(|| {
        for id in 0..pushes {
            // Created and dropped inside, so it does not count.
            let push = Push::new(mode, &document, &format!("n{id}"));
            let (_, response) = respond(&runtime, &mut service, push.request());
            assert_eq!(response.status(), StatusCode::OK);
        }
    });
    assert_eq!(service.forgotten(), pushes.saturating_sub(KEPT));
    u64::try_from(counted.bytes_current).unwrap().div_ceil(KIB)
}

#[test]
fn ten_thousand_signatures_take_little_memory() {
    let plaintext = held(Mode::Plaintext, KEPT + 1000);
    holds(SIGNATURES_HELD, "10,000 plaintext pushes", plaintext);
    let secure = held(Mode::Secure, KEPT + 1000);
    holds(SIGNATURES_HELD, "10,000 secure pushes", secure);
}
