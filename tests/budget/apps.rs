//! The memory of apps that were removed.

use std::time::Duration;

use allocation_counter::measure;
use tower_wechat::callback::Mode;
use tower_wechat::{AppConfig, ManualClock, Wechat};

use crate::APPS_HELD;
use crate::counted::{holds, runtime};
use crate::fixture::platform::wechat_of;
use crate::fixture::{APPID, NOW, keys, quiet};

const APPS: u64 = 10_000;
const KIB: u64 = 1024;

/// Adds an app, replaces it, fetches its token, and removes it.
fn comes_and_goes(runtime: &tokio::runtime::Runtime, wechat: &Wechat, number: u64) {
    let appid = format!("wx{number:016x}");
    for secret in ["one", "two"] {
        let app = AppConfig::new(&*appid, secret).callback(keys(Mode::Secure));
        wechat.insert_app(app).unwrap();
    }
    let tokens = wechat.tokens();
    runtime.block_on(tokens.get(&appid)).unwrap();
    assert!(wechat.remove_app(&appid));
}

#[test]
fn removed_apps_leave_nothing_behind() {
    let runtime = runtime();
    let clock = ManualClock::at_unix(NOW);
    let wechat = wechat_of([(APPID.to_owned(), None)], clock.clone());
    let _routes = wechat.routes().on_message(quiet());
    let run = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            // A hundred apps a day, since the platform's budgets are counted for that long.
            clock.advance(Duration::from_secs(864));
            comes_and_goes(&runtime, &wechat, number);
        }
    };
    // What is left of the last day, and the room that the caches have made.
    run(0..1000);
    let counted = measure(|| run(1000..1000 + APPS));
    let held = u64::try_from(counted.bytes_current.max(0)).unwrap();
    holds(
        APPS_HELD,
        "10,000 apps that came and went",
        held.div_ceil(KIB),
    );
}

#[test]
fn routes_that_were_dropped_are_forgotten() {
    let wechat = wechat_of([(APPID.to_owned(), None)], ManualClock::at_unix(NOW));
    let make = || {
        drop(
            wechat
                .routes()
                .callbacks(|callback| callback)
                .on_message(quiet()),
        )
    };
    make();
    let counted = measure(|| (0..1000).for_each(|_| make()));
    let held = u64::try_from(counted.bytes_current.max(0)).unwrap();
    holds(
        APPS_HELD,
        "1000 routes that were dropped",
        held.div_ceil(KIB),
    );
}
