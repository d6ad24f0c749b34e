//! Tokens that a timer keeps fresh.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{Clock, ErrCode, Wechat};

use crate::log::Log;
use crate::support::{Recorded, STABLE};

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that follows tokio's.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + self.0.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

fn warm() -> (Sandbox, Recorded, Wechat) {
    let sandbox = Sandbox::with_clock(TokioClock(Instant::now()));
    let sent = Recorded::new(&sandbox);
    let builder = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sent.clone());
    let wechat = builder
        .app(sandbox.app_configs().remove(0))
        .keep_tokens_warm();
    let wechat = wechat.build().unwrap();
    (sandbox, sent, wechat)
}

#[tokio::test(start_paused = true)]
async fn tokens_stay_fresh_while_idle_and_the_timer_stops_with_the_handle() {
    let (_sandbox, sent, wechat) = warm();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(sent.of(STABLE).len(), 1);
    sleep(8 * HOUR).await;
    // Two hours each, refreshed some minutes early.
    let fetched = sent.of(STABLE).len();
    assert!((4..=6).contains(&fetched), "{fetched}");
    let begin = Instant::now();
    wechat.tokens().get(Sandbox::APPID).await.unwrap();
    assert_eq!(
        (begin.elapsed(), sent.of(STABLE).len()),
        (Duration::ZERO, fetched)
    );

    drop(wechat);
    sleep(Duration::from_secs(61)).await;
    let fetched = sent.of(STABLE).len();
    sleep(8 * HOUR).await;
    assert_eq!(sent.of(STABLE).len(), fetched);
}

#[tokio::test(start_paused = true)]
async fn a_failing_token_fetch_backs_off_and_is_logged_once() {
    let log = Log::default();
    let _listening = log.listen();
    let (sandbox, sent, wechat) = warm();
    for _ in 0..100 {
        sandbox.fail_next(STABLE, ErrCode::INVALID_APP_SECRET);
    }
    sleep(4 * HOUR).await;
    let asked = sent.of(STABLE).len();
    assert!((10..=30).contains(&asked), "{asked}");
    assert_eq!(log.text().matches("could not keep a token warm").count(), 1);
    drop(wechat);
}
