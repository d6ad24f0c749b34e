//! Stores of pushes that break one rule each.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use tokio::task::yield_now;
use tower_wechat::callback::dedup::{
    Claimed, DedupKey, DedupStore, MemoryDedupStore, PushKey, UnsignedBody,
};
use tower_wechat::shared::{Owner, conformance};
use tower_wechat::{Reply, StoreError};

use super::clock::TokioClock;

const LONG: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    GrantsToAll,
    /// Looks whether the push is free, and claims it in another step.
    ClaimsInTwoSteps,
    KeepsClaims,
    RenewsForAll,
    RenewsNothing,
    /// Renews no claim that has ended.
    LosesEndedClaims,
    ReleasesForAll,
    FinishesForAll,
    KeepsTextsOnly,
    /// Keeps a finished push for as long as its claim would have lived.
    KeepsLifeOfClaim,
    KeepsFinished,
    IgnoresBodies,
    ForgetsReleasedSignatures,
    RemembersNothing,
    RemembersLastBody,
    ClaimsWhatItRemembers,
}

struct Store {
    fault: Fault,
    inner: MemoryDedupStore,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The holder of each push, and the life of its claim.
    holders: HashMap<DedupKey, (Owner, Duration)>,
    released: HashSet<u128>,
    /// How often each signature was remembered.
    remembered: HashMap<u128, u128>,
}

impl Store {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryDedupStore::new().clock(TokioClock::new()),
            seen: Mutex::default(),
        }
    }

    /// Returns the holder of a push, for a store that does not compare owners.
    fn holder(&self, push: &PushKey) -> Option<(Owner, Duration)> {
        self.seen.lock().unwrap().holders.get(&push.dedup).copied()
    }

    /// Returns the push as the store knows it.
    fn known(&self, push: &PushKey) -> PushKey {
        let seen = self.seen.lock().unwrap();
        let plain = || PushKey::new(push.appid.clone(), push.dedup);
        match (self.fault, push.unsigned) {
            (Fault::IgnoresBodies, _) => plain(),
            (Fault::ForgetsReleasedSignatures, Some(unsigned))
                if seen.released.contains(&unsigned.signature) =>
            {
                plain()
            }
            (Fault::RemembersLastBody, Some(unsigned)) => {
                let times = seen.remembered.get(&unsigned.signature);
                let signature = unsigned.signature ^ times.copied().unwrap_or_default();
                let unsigned = UnsignedBody::new(signature, unsigned.body, unsigned.life);
                PushKey::with_unsigned(push.appid.clone(), push.dedup, unsigned)
            }
            _ => push.clone(),
        }
    }
}

impl DedupStore for Store {
    async fn claim(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Claimed, StoreError> {
        let was_held = self.holder(push).is_some();
        if self.fault == Fault::ClaimsInTwoSteps {
            yield_now().await;
        }
        let kept = match self.fault {
            Fault::KeepsClaims => LONG,
            _ => life,
        };
        let claimed = self.inner.claim(&self.known(push), owner, kept).await?;
        let claimed = match (self.fault, claimed) {
            (Fault::GrantsToAll, Claimed::Running) => Claimed::Granted,
            (Fault::ClaimsInTwoSteps, Claimed::Running) if !was_held => Claimed::Granted,
            (_, claimed) => claimed,
        };
        if claimed == Claimed::Granted {
            let mut seen = self.seen.lock().unwrap();
            seen.holders.insert(push.dedup, (*owner, life));
        }
        Ok(claimed)
    }

    async fn renew(
        &self,
        push: &PushKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        match self.fault {
            Fault::RenewsForAll => Ok(true),
            Fault::RenewsNothing => Ok(self
                .holder(push)
                .is_some_and(|(holder, _)| holder == *owner)),
            Fault::LosesEndedClaims => {
                let looks = Owner::new();
                match self.inner.claim(push, &looks, LONG).await? {
                    Claimed::Granted => {
                        self.inner.release(push, &looks).await?;
                        Ok(false)
                    }
                    _ => self.inner.renew(push, owner, life).await,
                }
            }
            _ => self.inner.renew(push, owner, life).await,
        }
    }

    async fn finish(
        &self,
        push: &PushKey,
        owner: &Owner,
        reply: &Reply,
        life: Duration,
    ) -> Result<(), StoreError> {
        let (holder, claimed) = self.holder(push).unwrap_or((*owner, life));
        let owner = match self.fault {
            Fault::FinishesForAll => &holder,
            _ => owner,
        };
        let life = match self.fault {
            Fault::KeepsLifeOfClaim => claimed,
            Fault::KeepsFinished => LONG,
            _ => life,
        };
        let text = Reply::text(reply.as_text().unwrap_or_default());
        let reply = match self.fault {
            Fault::KeepsTextsOnly => &text,
            _ => reply,
        };
        self.inner.finish(push, owner, reply, life).await
    }

    async fn release(&self, push: &PushKey, owner: &Owner) -> Result<(), StoreError> {
        let (holder, _) = self.holder(push).unwrap_or((*owner, LONG));
        let owner = match self.fault {
            Fault::ReleasesForAll => &holder,
            _ => owner,
        };
        if let Some(unsigned) = &push.unsigned {
            let mut seen = self.seen.lock().unwrap();
            seen.released.insert(unsigned.signature);
        }
        self.inner.release(push, owner).await
    }

    async fn remember(&self, push: &PushKey) -> Result<(), StoreError> {
        match self.fault {
            Fault::RemembersNothing => return Ok(()),
            Fault::ClaimsWhatItRemembers => {
                self.inner.claim(push, &Owner::new(), LONG).await?;
            }
            Fault::RemembersLastBody => {
                if let Some(unsigned) = &push.unsigned {
                    let mut seen = self.seen.lock().unwrap();
                    *seen.remembered.entry(unsigned.signature).or_default() += 1;
                }
            }
            _ => {}
        }
        self.inner.remember(&self.known(push)).await
    }
}

/// Returns the rule that the store breaks.
async fn broken(fault: Fault) -> Option<&'static str> {
    let store = Store::new(fault);
    let kept = match conformance::dedup_store(&store).await {
        Ok(()) => conformance::dedup_remember(&store).await,
        broken => broken,
    };
    kept.err().map(|broken| broken.rule())
}

#[tokio::test(start_paused = true)]
async fn each_broken_rule_is_found() {
    let expected = [
        (
            Fault::GrantsToAll,
            "a running push is granted to no other owner",
        ),
        (
            Fault::ClaimsInTwoSteps,
            "of claims at the same time one is granted, and the others find the push running",
        ),
        (Fault::KeepsClaims, "a claim ends by itself"),
        (Fault::RenewsForAll, "only the holder renews a claim"),
        (Fault::RenewsNothing, "a renewed claim ends later"),
        (
            Fault::LosesEndedClaims,
            "a claim that has ended is renewed while nobody else holds the push",
        ),
        (Fault::ReleasesForAll, "only the holder releases a claim"),
        (
            Fault::FinishesForAll,
            "an owner finishes nothing that another holds",
        ),
        (Fault::KeepsTextsOnly, "a reply comes back as it was stored"),
        (
            Fault::KeepsLifeOfClaim,
            "a finished push outlives its claim, for as long as it may be replayed",
        ),
        (
            Fault::KeepsFinished,
            "a finished push is forgotten after its life",
        ),
        (
            Fault::IgnoresBodies,
            "a signature is refused with another body",
        ),
        (
            Fault::ForgetsReleasedSignatures,
            "a signature stays remembered when its push is released",
        ),
        (
            Fault::RemembersNothing,
            "a remembered signature is refused with another body",
        ),
        (
            Fault::RemembersLastBody,
            "a signature keeps the body that it was first seen with",
        ),
        (
            Fault::ClaimsWhatItRemembers,
            "remembering a signature claims nothing",
        ),
    ];
    assert_eq!(broken(Fault::None).await, None);
    for (fault, rule) in expected {
        assert_eq!(broken(fault).await, Some(rule));
    }
}
