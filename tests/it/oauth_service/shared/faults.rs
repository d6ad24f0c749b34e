//! A store that fails, hangs, panics or never lets go of a claim.

use std::future::pending;

use tower_wechat::StoreError;
use tower_wechat::oauth::{CodeClaim, CodeKey, CodeRecord};
use tower_wechat::shared::Owner;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Fails,
    Hangs,
    Panics,
    /// Every code is claimed for ever.
    AlwaysRunning,
}

#[derive(Clone)]
struct Broken(Fault);

impl Broken {
    async fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        match self.0 {
            Fault::Fails => Err(StoreError::new("connection refused")),
            Fault::Hangs => pending().await,
            Fault::Panics => panic!("the store's own fault"),
            Fault::AlwaysRunning => Ok(answer),
        }
    }
}

impl CodeStore for Broken {
    async fn load(&self, _: &CodeKey) -> Result<Option<CodeRecord>, StoreError> {
        self.answer(None).await
    }

    async fn claim(&self, _: &CodeKey, _: &Owner, _: Duration) -> Result<CodeClaim, StoreError> {
        self.answer(CodeClaim::Running).await
    }

    async fn finish(&self, _: &CodeKey, _: &CodeRecord, _: Duration) -> Result<(), StoreError> {
        self.answer(()).await
    }

    async fn release(&self, _: &CodeKey, _: &Owner) -> Result<(), StoreError> {
        self.answer(()).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_store_fails_no_sign_in() {
    for (fault, millis) in [
        (Fault::Fails, 0),
        (Fault::Panics, 0),
        // Five calls of half a second.
        (Fault::Hangs, 2500),
        // Two claims.
        (Fault::AlwaysRunning, 32_000),
    ] {
        let sandbox = Sandbox::with_clock(clock());
        let [login, _] = two(&sandbox, &Broken(fault));
        let (mut browser, back) = come_back(&sandbox, &login).await;
        let began = Instant::now();
        let done = browser.get(&login, &back).await;
        assert_eq!(session(&done), Some(&*user(&sandbox)), "{fault:?}");
        let took = began.elapsed().as_millis();
        assert!((millis..=millis + 100).contains(&took), "{fault:?} {took}");
        // What the instance did itself needs no store.
        let began = Instant::now();
        let done = browser.get(&login, &back).await;
        assert_eq!(session(&done), Some(&*user(&sandbox)), "{fault:?}");
        assert!(began.elapsed() < Duration::from_millis(100), "{fault:?}");
        assert_eq!(sandbox.calls(TRADE), 1, "{fault:?}");
    }
}
