//! Stores of codes that break one rule each.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::task::yield_now;
use tower_wechat::StoreError;
use tower_wechat::oauth::{CodeClaim, CodeKey, CodeRecord, CodeStore, MemoryCodeStore};
use tower_wechat::shared::{Owner, conformance};

use super::clock::TokioClock;

const LONG: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    GrantsToAll,
    /// Looks whether the key is free, and claims it in another step.
    ClaimsInTwoSteps,
    KeepsClaims,
    ReleasesForAll,
    ReleasesRecords,
    KeepsFirstRecord,
    KeepsRecords,
    /// Keeps a record for as long as the claim would have lived.
    KeepsLifeOfClaim,
    /// Stores what is no ASCII as question marks.
    KeepsAsciiOnly,
    StoresForClaimsOnly,
    /// Cannot express a life of more than 49 days, in milliseconds of 32 bits.
    WrapsLives,
}

struct Store {
    fault: Fault,
    inner: MemoryCodeStore,
    /// The last holder of each key, and the life of its claim.
    holders: Mutex<HashMap<CodeKey, (Owner, Duration)>>,
}

impl Store {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryCodeStore::with_clock(TokioClock::new(), 1000),
            holders: Mutex::default(),
        }
    }

    fn holder(&self, key: &CodeKey) -> Option<(Owner, Duration)> {
        self.holders.lock().unwrap().get(key).copied()
    }
}

impl CodeStore for Store {
    async fn load(&self, key: &CodeKey) -> Result<Option<CodeRecord>, StoreError> {
        self.inner.load(key).await
    }

    async fn claim(
        &self,
        key: &CodeKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<CodeClaim, StoreError> {
        let was_held = self.holder(key).is_some();
        if self.fault == Fault::ClaimsInTwoSteps {
            yield_now().await;
        }
        let kept = match self.fault {
            Fault::KeepsClaims => LONG,
            _ => life,
        };
        let claim = CodeStore::claim(&self.inner, key, owner, kept).await?;
        let claim = match (self.fault, claim) {
            (Fault::GrantsToAll, CodeClaim::Running) => CodeClaim::Granted,
            (Fault::ClaimsInTwoSteps, CodeClaim::Running) if !was_held => CodeClaim::Granted,
            (_, claim) => claim,
        };
        if matches!(claim, CodeClaim::Granted) {
            self.holders.lock().unwrap().insert(*key, (*owner, life));
        }
        Ok(claim)
    }

    async fn finish(
        &self,
        key: &CodeKey,
        record: &CodeRecord,
        life: Duration,
    ) -> Result<(), StoreError> {
        let mut record = record.clone();
        let mut life = life;
        match (self.fault, self.inner.load(key).await?, self.holder(key)) {
            (Fault::KeepsFirstRecord, Some(first), _) => record = first,
            (Fault::KeepsRecords, ..) => life = LONG,
            (Fault::KeepsLifeOfClaim, _, Some((_, claimed))) => life = claimed,
            (Fault::KeepsAsciiOnly, ..) => {
                let text = String::from_utf8(record.to_bytes()).unwrap();
                let text = text.replace(|letter: char| !letter.is_ascii(), "?");
                record = CodeRecord::from_bytes(text.as_bytes())?;
            }
            (Fault::StoresForClaimsOnly, _, None) => return Ok(()),
            (Fault::WrapsLives, ..) if u32::try_from(life.as_millis()).is_err() => {
                life = Duration::ZERO;
            }
            _ => {}
        }
        self.inner.finish(key, &record, life).await
    }

    async fn release(&self, key: &CodeKey, owner: &Owner) -> Result<(), StoreError> {
        let holder = self.holder(key).map(|(holder, _)| holder);
        let owner = match (self.fault, holder) {
            (Fault::ReleasesForAll, Some(holder)) => holder,
            _ => *owner,
        };
        match self.inner.load(key).await? {
            Some(record) if self.fault == Fault::ReleasesRecords => {
                self.inner.finish(key, &record, Duration::ZERO).await
            }
            _ => CodeStore::release(&self.inner, key, &owner).await,
        }
    }
}

/// Returns the rule that the store breaks.
async fn broken(fault: Fault) -> Option<&'static str> {
    let kept = conformance::code_store(&Store::new(fault)).await;
    kept.err().map(|broken| broken.rule())
}

#[tokio::test(start_paused = true)]
async fn each_broken_rule_is_found() {
    let expected = [
        (
            Fault::GrantsToAll,
            "a claimed key is granted to no other owner",
        ),
        (
            Fault::ClaimsInTwoSteps,
            "of claims at the same time one is granted, so that a code is exchanged once",
        ),
        (Fault::KeepsClaims, "a claim ends by itself"),
        (Fault::ReleasesForAll, "only the holder releases a claim"),
        (Fault::ReleasesRecords, "a record is not released"),
        (Fault::KeepsFirstRecord, "a record replaces the one before"),
        (Fault::KeepsRecords, "a record ends after its life"),
        (
            Fault::KeepsLifeOfClaim,
            "a record outlives the claim that it replaces",
        ),
        (
            Fault::KeepsAsciiOnly,
            "a record is loaded, and found by every claim, as it was stored",
        ),
        (
            Fault::StoresForClaimsOnly,
            "a record is stored for a key that nobody has claimed",
        ),
        (Fault::WrapsLives, "a record may live for a year"),
    ];
    assert_eq!(broken(Fault::None).await, None);
    for (fault, rule) in expected {
        assert_eq!(broken(fault).await, Some(rule));
    }
}
