//! The tokens of added and removed apps that a timer keeps fresh.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::token::Status;
use tower_wechat::{Clock, Wechat};

use super::{APPID, OTHER, config};
use crate::support::{Recorded, STABLE};

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that follows tokio's.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + self.0.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

fn warm() -> (Sandbox, Recorded, Wechat) {
    let sandbox = Sandbox::with_clock(TokioClock(Instant::now()));
    let sent = Recorded::new(&sandbox);
    let builder = Wechat::builder()
        .without_apps()
        .clock(sandbox.clock())
        .transport(sent.clone());
    (sandbox, sent, builder.keep_tokens_warm().build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_added_app_is_warmed_at_once_and_a_removed_one_no_more() {
    let (sandbox, sent, wechat) = warm();
    let fetches = || sent.of(STABLE).len();
    sleep(HOUR).await;
    assert_eq!(fetches(), 0);
    wechat.insert_app(config(&sandbox)).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(fetches(), 1);
    assert_eq!(wechat.tokens().status(APPID).await, Some(Status::Fresh));
    let other = sandbox.add_app(OTHER, Mode::Secure).unwrap();
    wechat
        .insert_app(sandbox.app_config(&other).unwrap())
        .unwrap();
    sleep(8 * HOUR).await;
    // Two hours each, refreshed some minutes early.
    assert!((8..=12).contains(&fetches()), "{}", fetches());

    wechat.remove_app(APPID);
    wechat.remove_app(OTHER);
    let before = fetches();
    sleep(8 * HOUR).await;
    assert_eq!(fetches(), before);
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_ends_the_pause_after_failures() {
    let (sandbox, sent, wechat) = warm();
    wechat.insert_app(config(&sandbox)).unwrap();
    sleep(Duration::from_secs(1)).await;
    sandbox.reset_secret(&sandbox.appid());
    sleep(6 * HOUR).await;
    assert_eq!(wechat.tokens().status(APPID).await, None);

    // The same secret as before is not tried earlier.
    let before = sent.of(STABLE).len();
    wechat
        .insert_app(tower_wechat::AppConfig::new(APPID, "wrong"))
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    for _ in 0..100 {
        wechat
            .insert_app(tower_wechat::AppConfig::new(APPID, "wrong"))
            .unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(sent.of(STABLE).len(), before + 1);

    wechat.insert_app(config(&sandbox)).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(wechat.tokens().status(APPID).await, Some(Status::Fresh));
}
