//! The section "Security" of the crate's front page, statement by statement: what each mode
//! protects against and what it does not. `attacks`, `replay` and `readings` have more of each.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Response, StatusCode};
use tower::ServiceExt;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::{Mode, Rejection};
use tower_wechat::{AppId, Body, Callback, ManualClock, Message};

use super::support::{
    AES_KEY, APPID, Handler, MODES, NOW, OTHER_KEY, Platform, Push, Tally, counting, text_document,
};

struct Stage {
    tally: Tally,
    clock: ManualClock,
    callback: Callback<Handler>,
}

fn stage(mode: Mode) -> Stage {
    let (tally, clock) = (Tally::default(), ManualClock::at_unix(NOW));
    let callback = Platform::new(mode).callback(counting(&tally, Duration::ZERO));
    Stage {
        callback: callback.clock(clock.clone()),
        tally,
        clock,
    }
}

impl Stage {
    async fn send(&self, push: &Push) -> Response<Body> {
        push.send(&self.callback).await
    }

    async fn is_refused(&self, push: &Push) -> Option<Rejection> {
        let response = self.send(push).await;
        if response.status() != StatusCode::FORBIDDEN {
            assert_eq!(response.status(), StatusCode::OK);
            return None;
        }
        assert!(response.headers().is_empty());
        let rejection = response.body().rejection();
        assert!(response.into_body().into_bytes().is_empty());
        rejection
    }
}

fn push(mode: Mode, nonce: &str, id: u64) -> Push {
    let platform = Platform::new(mode).nonce(nonce);
    platform.push(&text_document(NOW, id))
}

/// Returns a push of this ciphertext, signed with the right token.
fn signed(encrypt: &str, timestamp: u64) -> Push {
    let platform = Platform::new(Mode::Secure).timestamp(timestamp);
    let mut push = platform.nonce("mine").push("");
    push.ciphertext(encrypt);
    push
}

#[tokio::test]
async fn a_forged_push_gets_an_empty_403_before_its_body_is_read() {
    for mode in MODES {
        let stage = stage(mode);
        let platform = Platform::new(mode);
        for (platform, reason) in [
            (platform.clone().token("guessed"), Rejection::Signature),
            (
                platform.clone().timestamp(NOW - 601),
                Rejection::StaleTimestamp,
            ),
            (platform.clone().token(""), Rejection::Signature),
        ] {
            let push = platform.push(&text_document(NOW, 1));
            assert_eq!(stage.is_refused(&push).await, Some(reason));
        }
        let forged = platform.token("guessed").push("");
        let request = forged.request_with(Untouchable);
        let response = stage.callback.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(stage.tally.started(), 0);
    }
}

/// A body that panics when it is polled.
struct Untouchable;

impl http_body::Body for Untouchable {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        panic!("the body was read");
    }
}

#[tokio::test]
async fn a_logged_query_carries_no_other_body_in_secure_and_compatible_mode() {
    for mode in [Mode::Secure, Mode::Compatible] {
        let stage = stage(mode);
        let logged = push(mode, "1514711492", 1);
        let other = Platform::new(mode).aes_key(OTHER_KEY).random([7; 16]);
        let own = other.encrypt(&text_document(NOW, 2));
        for (body, reason) in [
            (text_document(NOW, 2), Rejection::NoCiphertext),
            (
                format!("<xml><Encrypt>{own}</Encrypt></xml>"),
                Rejection::MsgSignature,
            ),
            (String::new(), Rejection::NoCiphertext),
        ] {
            let mut posed = logged.clone();
            posed.body(body);
            assert_eq!(stage.is_refused(&posed).await, Some(reason));
        }
        assert_eq!(stage.tally.started(), 0);
    }
}

#[tokio::test]
async fn a_logged_plaintext_query_carries_one_other_body_after_24_hours_if_its_nonce_reads_as_a_time()
 {
    let stage = stage(Mode::Plaintext);
    let later = NOW + 2 * 24 * 3600;
    let logged = push(Mode::Plaintext, &later.to_string(), 1);
    assert_eq!(stage.is_refused(&logged).await, None);
    let mut posed = logged.clone();
    posed.body(text_document(NOW, 666));
    assert_eq!(stage.is_refused(&posed).await, Some(Rejection::Replayed));
    stage.clock.advance(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(
        stage.is_refused(&posed).await,
        Some(Rejection::StaleTimestamp)
    );
    // With the nonce read as the timestamp the push is fresh: once, and with any body.
    let mut posed = posed.read_as(logged.get("nonce"), logged.get("timestamp"));
    let wary = Stage {
        callback: stage
            .callback
            .clone()
            .ambiguity(Duration::from_secs(3 * 24 * 3600)),
        tally: stage.tally.clone(),
        clock: stage.clock.clone(),
    };
    assert_eq!(wary.is_refused(&posed).await, Some(Rejection::Ambiguous));
    assert_eq!(stage.is_refused(&posed).await, None);
    assert_eq!(stage.tally.started(), 2);
    posed.body(text_document(NOW, 667));
    assert_eq!(stage.is_refused(&posed).await, Some(Rejection::Replayed));
}

#[tokio::test]
async fn a_logged_plaintext_query_whose_body_was_truncated_takes_another_body_while_fresh() {
    let stage = stage(Mode::Plaintext);
    let mut broken = push(Mode::Plaintext, "n1", 1);
    let mut posed = broken.clone();
    broken.body.truncate(40);
    let response = stage.send(&broken).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    posed.body(text_document(NOW, 666));
    assert_eq!(stage.is_refused(&posed).await, None);
    assert_eq!(stage.tally.started(), 1);
}

#[tokio::test]
async fn in_secure_mode_the_network_can_only_delay_pushes() {
    let stage = stage(Mode::Secure);
    let seen = push(Mode::Secure, "n1", 1);
    assert!(!seen.body_text().contains("gh_1") && !seen.body_text().contains("UserName"));
    for place in [30, 60, seen.body.len() - 40] {
        let mut posed = seen.clone();
        let byte = &mut posed.body[place];
        *byte = if *byte == b'A' { b'B' } else { b'A' };
        let refusal = stage.is_refused(&posed).await;
        assert_eq!(refusal, Some(Rejection::MsgSignature), "{place}");
    }
    assert_eq!(stage.tally.started(), 0);
    stage.clock.advance(Duration::from_secs(600));
    assert_eq!(stage.is_refused(&seen).await, None);
    assert_eq!(stage.is_refused(&seen).await, None);
    assert_eq!(stage.tally.started(), 1);
    let held_back = push(Mode::Secure, "n2", 2);
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(
        stage.is_refused(&held_back).await,
        Some(Rejection::StaleTimestamp)
    );
}

/// The network can read the clear part of a compatible-mode push, but the handler only gets the
/// encrypted part.
#[tokio::test]
async fn in_compatible_mode_the_network_cannot_change_pushes() {
    let stage = stage(Mode::Compatible);
    let mut seen = push(Mode::Compatible, "n1", 1);
    let fields = "<xml><Content>changed</Content><MsgId>2</MsgId>";
    let changed = seen.body_text().replace("<xml>", fields);
    seen.body(changed);
    let reply = stage.send(&seen).await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(stage.tally.started(), 1);
}

#[tokio::test]
async fn in_plaintext_mode_the_network_can_replace_the_body() {
    let stage = stage(Mode::Plaintext);
    let genuine = push(Mode::Plaintext, "n1", 1);
    let mut posed = genuine.clone();
    posed.body(text_document(NOW, 666));
    assert_eq!(stage.is_refused(&posed).await, None);
    assert_eq!(stage.is_refused(&genuine).await, Some(Rejection::Replayed));
    assert_eq!(stage.tally.started(), 1);
}

#[tokio::test]
async fn in_plaintext_mode_the_token_alone_forges_any_push() {
    let stage = stage(Mode::Plaintext);
    let push = push(Mode::Plaintext, "mine", 666);
    assert_eq!(stage.is_refused(&push).await, None);
    assert_eq!(stage.tally.started(), 1);
}

#[tokio::test]
async fn the_token_alone_re_signs_captured_ciphertexts_but_forges_none() {
    for mode in [Mode::Secure, Mode::Compatible] {
        let stage = stage(mode);
        let past = NOW - 100_000;
        let long = text_document(past, 1).replace("hi", &"a long text ".repeat(20));
        let captured = Platform::new(mode).timestamp(past).push(&long);
        let encrypt = captured.encrypt();
        // The same ciphertext with a current timestamp is accepted.
        assert_eq!(stage.is_refused(&signed(&encrypt, NOW)).await, None);
        // Changing a CBC block turns it into 16 random bytes and flips chosen bits of the next
        // block. About one in ten thousand such changes still decodes as UTF-8.
        let changed = (1..1_000_000_u32).find_map(|number| {
            let mut bytes = STANDARD.decode(&encrypt).unwrap();
            for (index, byte) in bytes[256..272].iter_mut().enumerate() {
                *byte ^= (number >> (2 * index) & 3) as u8;
            }
            let encrypt = STANDARD.encode(&bytes);
            let key = AesKey::parse(AES_KEY).unwrap();
            let message = key.decrypt(&encrypt).ok()?.message;
            Message::parse(AppId::new(APPID).unwrap(), message).ok()?;
            Some(encrypt)
        });
        let changed = signed(&changed.unwrap(), NOW + 1);
        assert_eq!(stage.is_refused(&changed).await, None);
        assert_eq!(stage.tally.started(), 2);

        let other = Platform::new(mode).aes_key(OTHER_KEY).random([7; 16]);
        let own = other.encrypt(&text_document(NOW, 2));
        for encrypt in [
            own,
            STANDARD.encode([0; 96]),
            STANDARD.encode(text_document(NOW, 2)),
        ] {
            let reason = stage.is_refused(&signed(&encrypt, NOW)).await;
            assert_eq!(reason, Some(Rejection::Undecryptable));
        }
    }
}

#[tokio::test]
async fn the_aes_key_alone_decrypts_pushes_but_forges_none() {
    let stage = stage(Mode::Secure);
    let seen = push(Mode::Secure, "n1", 1);
    let key = AesKey::parse(AES_KEY).unwrap();
    let read = key.decrypt(&seen.encrypt()).unwrap();
    assert_eq!(read.message, text_document(NOW, 1));
    let own = key.encrypt(&text_document(NOW, 666), APPID, [7; 16]);
    let mut posed = seen.clone();
    posed.body(format!("<xml><Encrypt>{own}</Encrypt></xml>"));
    assert_eq!(
        stage.is_refused(&posed).await,
        Some(Rejection::MsgSignature)
    );
    let guessed = Platform::new(Mode::Secure)
        .token("guessed")
        .push(&text_document(NOW, 666));
    assert_eq!(stage.is_refused(&guessed).await, Some(Rejection::Signature));
    assert_eq!(stage.tally.started(), 0);
}

#[tokio::test]
async fn a_restart_clears_the_replay_memory() {
    for mode in MODES {
        let stage = stage(mode);
        let seen = push(mode, "n1", 1);
        assert_eq!(stage.is_refused(&seen).await, None);
        let restarted = self::stage(mode);
        assert_eq!(restarted.is_refused(&seen).await, None);
        assert_eq!((stage.tally.started(), restarted.tally.started()), (1, 1));
        restarted.clock.advance(Duration::from_secs(601));
        assert_eq!(
            restarted.is_refused(&seen).await,
            Some(Rejection::StaleTimestamp)
        );
    }
}

#[tokio::test]
async fn setting_the_wall_clock_back_makes_older_pushes_fresh_again() {
    let stage = stage(Mode::Secure);
    let seen = push(Mode::Secure, "n1", 1);
    assert_eq!(stage.is_refused(&seen).await, None);
    stage.clock.advance(Duration::from_secs(1600));
    let now = |time| std::time::UNIX_EPOCH + Duration::from_secs(time);
    let stale = Some(Rejection::StaleTimestamp);
    for (set_to, refusal, runs) in [(NOW + 1600 - 600, stale, 1), (NOW + 600, None, 2)] {
        stage.clock.set(now(set_to));
        assert_eq!(stage.is_refused(&seen).await, refusal);
        assert_eq!(stage.tally.started(), runs);
    }
}

/// The echoed text is chosen by the sender but is not served as HTML.
#[tokio::test]
async fn a_logged_signature_verifies_the_url_but_cannot_inject_html() {
    for mode in MODES {
        let stage = stage(mode);
        let logged = push(mode, "n1", 1);
        let request = logged.verification("<script>").request();
        let response = stage.callback.clone().oneshot(request).await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}
