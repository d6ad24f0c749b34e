//! Every way to split the signed bytes of a push, at and around each edge of the time window.

use std::collections::BTreeSet;

use tower_wechat::callback::{Mode, Rejection};
use tower_wechat::{Callback, ManualClock};

use super::support::{Handler, Platform, Push, Tally, instant, text_document};

const WINDOW: u64 = 600;
const DAY: u64 = 24 * 3600;

/// A small pseudorandom number generator with a fixed seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn text(&mut self, len: u64, letters: &[u8]) -> String {
        let letter = |_| char::from(letters[self.below(letters.len() as u64) as usize]);
        (0..len).map(letter).collect()
    }

    fn token(&mut self) -> String {
        let len = 1 + self.below(12);
        match self.below(4) {
            0 => self.text(len, b"0123456789"),
            1 => self.text(len, b"12"),
            2 => self.text(len, b"0123456789abcXYZ"),
            _ => "thetoken".into(),
        }
    }

    fn nonce(&mut self, timestamp: u64) -> String {
        let len = 1 + self.below(20);
        match self.below(8) {
            // The range that the platform draws from.
            0..=2 => (self.below(2_147_483_648)).to_string(),
            3 => (timestamp + self.below(90 * DAY)).to_string(),
            4 => (timestamp - self.below(2 * DAY)).to_string(),
            5 => self.text(len, b"0123456789"),
            6 => self.text(len, b"12"),
            _ => self.text(len, b"0123456789ab"),
        }
    }
}

/// Returns the other timestamps and nonces with the same signature, found by brute force.
fn readings(token: &str, push: &Push) -> BTreeSet<(String, String)> {
    let join = |timestamp: &str, nonce: &str| {
        let mut parts = [token, timestamp, nonce];
        parts.sort_unstable();
        parts.concat()
    };
    let joined = join(push.get("timestamp"), push.get("nonce"));
    let mut found = BTreeSet::new();
    for at in 0..=joined.len().saturating_sub(10) {
        let timestamp = &joined[at..at + 10];
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || timestamp.starts_with('0') || timestamp == push.get("timestamp") {
            continue;
        }
        let rest = [&joined[..at], &joined[at + 10..]].concat();
        for place in 0..rest.len() {
            if let Some(after) = rest[place..].strip_prefix(token) {
                let nonce = [&rest[..place], after].concat();
                if !nonce.is_empty() && join(timestamp, &nonce) == joined {
                    found.insert((timestamp.to_owned(), nonce));
                }
            }
        }
    }
    found
}

#[derive(Debug, Default)]
struct Counts {
    pushes: u64,
    readings: u64,
    attacks: u64,
    refused_genuine: u64,
    /// Attacks on plaintext mode that are older than the checked age.
    left_open: u64,
}

async fn run(callback: &Callback<Handler>, push: &Push) -> (u16, Option<Rejection>) {
    let response = push.send(callback).await;
    (response.status().as_u16(), response.body().rejection())
}

async fn attack(numbers: &mut Numbers, mode: Mode, counts: &mut Counts) {
    let tally = Tally::default();
    let timestamp = 1_600_000_000 + numbers.below(500_000_000);
    let (token, nonce) = (numbers.token(), numbers.nonce(timestamp));
    // The platform takes some seconds, and its machines' clocks differ by up to one.
    let created = timestamp + 1 - numbers.below(6);
    let platform = Platform::new(mode).token(&token).timestamp(timestamp);
    let platform = platform.nonce(&nonce);
    let push = platform.push(&text_document(created, counts.pushes));
    let fresh = |now: u64| -> Callback<Handler> {
        platform
            .callback(instant(&tally))
            .replay_capacity(16)
            .clock(ManualClock::at_unix(now))
    };
    counts.pushes += 1;

    let is_nearer = |(other, _): &(String, String)| {
        let other: u64 = other.parse().unwrap();
        created.abs_diff(other) < created.abs_diff(timestamp)
    };
    let arrived = timestamp + numbers.below(2 * WINDOW + 1) - WINDOW;
    let first = fresh(arrived);
    match run(&first, &push).await {
        (200, None) => {
            assert_eq!(tally.started(), 1);
            assert_eq!(run(&first, &push).await, (200, None));
        }
        (403, Some(Rejection::Ambiguous)) if mode == Mode::Plaintext => {
            counts.refused_genuine += 1;
        }
        // The nonce reads as a time within the platform's delay and is taken for the timestamp.
        // This happens for about one in a billion pushes.
        (403, Some(Rejection::Replayed)) if readings(&token, &push).iter().any(is_nearer) => {
            counts.refused_genuine += 1;
            return;
        }
        other => panic!("{other:?}: {token} {timestamp} {nonce}"),
    }
    let handled = tally.started();
    for (other, nonce) in readings(&token, &push) {
        counts.readings += 1;
        let posed = push.read_as(&other, &nonce);
        let other: u64 = other.parse().unwrap();
        // With the replay memory, at the time of the push.
        run(&first, &posed).await;
        assert_eq!(tally.started(), handled, "{token} {}", push.get("nonce"));
        for now in [
            other - WINDOW - 1,
            other - WINDOW,
            other,
            other + WINDOW,
            other + WINDOW + 1,
            timestamp - WINDOW,
            timestamp + WINDOW,
            timestamp + DAY,
            timestamp + DAY + 1,
        ] {
            counts.attacks += 1;
            let before = tally.started();
            // With an empty replay memory.
            let answer = run(&fresh(now), &posed).await;
            let is_recent = (now - DAY..=now + WINDOW).contains(&timestamp);
            match (mode, answer) {
                (_, (403, Some(_))) => assert_eq!(tally.started(), before),
                (Mode::Plaintext, (200, None)) if !is_recent => counts.left_open += 1,
                _ => panic!(
                    "{answer:?} at {now}: {token} {timestamp} {:?}",
                    push.get("nonce")
                ),
            }
        }
    }
}

/// `READINGS` sets the number of pushes per mode.
#[tokio::test]
async fn no_split_of_a_captured_push_is_fresh_again() {
    let pushes = std::env::var("READINGS").ok();
    let pushes: u64 = pushes.map_or(4_000, |pushes| pushes.parse().unwrap());
    for mode in [Mode::Plaintext, Mode::Secure] {
        let (mut numbers, mut counts) = (Numbers(pushes), Counts::default());
        for _ in 0..pushes {
            attack(&mut numbers, mode, &mut counts).await;
        }
        println!("{mode:?}: {counts:?}");
        assert!(counts.readings > pushes / 4, "{counts:?}");
        if mode == Mode::Secure {
            assert_eq!(counts.left_open, 0);
            assert!(counts.refused_genuine <= pushes / 10_000, "{counts:?}");
        }
    }
}

/// Genuine pushes with nonces as the platform draws them: at most ten digits.
#[tokio::test]
async fn few_genuine_pushes_are_rejected() {
    let pushes = std::env::var("READINGS").ok();
    let pushes: u64 = pushes.map_or(4_000, |pushes| pushes.parse().unwrap());
    let mut numbers = Numbers(7);
    let mut refused = 0;
    for id in 0..pushes {
        let tally = Tally::default();
        let timestamp = 1_767_225_600 + numbers.below(30 * DAY);
        let nonce = numbers.below(2_147_483_648).to_string();
        let platform = Platform::new(Mode::Plaintext)
            .timestamp(timestamp)
            .nonce(nonce);
        let push = platform.push(&text_document(timestamp, id));
        let callback = platform
            .callback(instant(&tally))
            .replay_capacity(16)
            .clock(ManualClock::at_unix(timestamp));
        refused += u64::from(run(&callback, &push).await.0 == 403);
    }
    println!("{refused} of {pushes} genuine pushes in plaintext mode are refused");
    assert!(refused <= 2 + pushes / 10_000, "{refused} of {pushes}");
}
