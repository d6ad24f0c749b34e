//! A sign-in on a runtime that has stopped.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::timeout;
use tower::ServiceExt;

use super::{Browser, PROFILE, TRADE, path, sandbox, session, user};

/// The first runtime is not driven any more, and not dropped either.
#[test]
fn another_runtime_takes_over_a_sign_in() {
    let (sandbox, login) = sandbox();
    let mut browser = Browser::default();
    let still = Builder::new_current_thread().enable_all().build().unwrap();
    sandbox.delay_next(PROFILE, Duration::from_secs(3600));
    let back = still.block_on(async {
        let back = path(&browser.consent(&sandbox, &login, "").await);
        let request = login.clone().oneshot(browser.request(&back));
        let answered = timeout(Duration::from_millis(20), request).await;
        assert!(answered.is_err());
        back
    });
    let mut fast = Builder::new_current_thread();
    let fast = fast.enable_all().start_paused(true).build().unwrap();
    let done = fast.block_on(async {
        let done = timeout(Duration::from_secs(10), browser.get(&login, &back));
        done.await.expect("a bounded wait")
    });
    assert_eq!(session(&done), Some(&*user(&sandbox)));
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 2));
}
