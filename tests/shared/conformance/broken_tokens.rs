//! Token stores that break one rule each.

use std::time::Duration;

use tower_wechat::shared::{Owner, conformance};
use tower_wechat::token::{
    Fence, Issued, Lease, MemoryTokenStore, TokenKey, TokenKind, TokenStore,
};
use tower_wechat::{Secret, StoreError};

use super::clock::TokioClock;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Saves with the life of the platform's tokens, whatever the token's own.
    LivesTwoHours,
    EvictsAnyToken,
    MixesKinds,
    ForcesAlways,
    LeasesToAll,
    KeepsLeases,
    IgnoresFences,
    SavesRejectedTokens,
}

struct Store {
    fault: Fault,
    inner: MemoryTokenStore,
}

impl Store {
    fn new(fault: Fault) -> Self {
        let inner = MemoryTokenStore::with_clock(TokioClock::new());
        Self { fault, inner }
    }

    fn key(&self, key: &TokenKey) -> TokenKey {
        let mut key = key.clone();
        if self.fault == Fault::MixesKinds {
            key.kind = TokenKind::AccessToken;
        }
        key
    }
}

impl TokenStore for Store {
    async fn load(&self, key: &TokenKey) -> Result<Option<Issued>, StoreError> {
        self.inner.load(&self.key(key)).await
    }

    async fn save(&self, key: &TokenKey, token: &Issued) -> Result<(), StoreError> {
        let mut token = token.clone();
        if self.fault == Fault::LivesTwoHours {
            token.expires_in = Duration::from_secs(7200);
        }
        self.inner.save(&self.key(key), &token).await
    }

    async fn save_fenced(
        &self,
        key: &TokenKey,
        token: &Issued,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        let fence = match self.fault {
            Fault::IgnoresFences => Fence::new(u64::MAX),
            _ => fence,
        };
        self.inner.save_fenced(key, token, fence).await
    }

    async fn evict(&self, key: &TokenKey, used: &Secret) -> Result<(), StoreError> {
        let used = match (self.fault, self.inner.load(key).await?) {
            (Fault::EvictsAnyToken, Some(token)) => token.secret,
            (Fault::SavesRejectedTokens, Some(token)) if token.secret == *used => {
                // Replaced by another one, so that the store never hears of the rejection.
                let other = Issued::new("other", Duration::from_millis(1));
                self.inner.save(key, &other).await?;
                tokio::time::sleep(Duration::from_millis(2)).await;
                return Ok(());
            }
            _ => used.clone(),
        };
        self.inner.evict(key, &used).await
    }

    async fn lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<Lease, StoreError> {
        let life = match self.fault {
            Fault::KeepsLeases => Duration::from_secs(3600),
            _ => life,
        };
        let owner = match self.fault {
            Fault::LeasesToAll => Owner::new(),
            _ => *owner,
        };
        match self.inner.lease(key, &owner, life).await? {
            Lease::Held if self.fault == Fault::LeasesToAll => Ok(Lease::Granted(Fence::new(9))),
            lease => Ok(lease),
        }
    }

    async fn renew_lease(
        &self,
        key: &TokenKey,
        owner: &Owner,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let life = match self.fault {
            Fault::KeepsLeases => Duration::from_secs(3600),
            _ => life,
        };
        self.inner.renew_lease(key, owner, life).await
    }

    async fn release_lease(&self, key: &TokenKey, owner: &Owner) -> Result<(), StoreError> {
        self.inner.release_lease(key, owner).await
    }

    async fn take_forced_refresh(&self, key: &TokenKey) -> Result<bool, StoreError> {
        match self.fault {
            Fault::ForcesAlways => Ok(true),
            _ => self.inner.take_forced_refresh(key).await,
        }
    }
}

/// Returns the rule that the store breaks.
async fn broken(fault: Fault) -> Option<&'static str> {
    let store = Store::new(fault);
    let kept = conformance::token_store(&store).await;
    let kept = match kept {
        Ok(()) => conformance::token_leases(&store).await,
        broken => broken,
    };
    kept.err().map(|broken| broken.rule())
}

#[tokio::test(start_paused = true)]
async fn each_broken_rule_is_found() {
    let expected = [
        (Fault::None, None),
        (
            Fault::LivesTwoHours,
            Some("a saved token is loaded, with its remaining life"),
        ),
        (
            Fault::EvictsAnyToken,
            Some("evicting another token removes nothing"),
        ),
        (
            Fault::MixesKinds,
            Some("apps and kinds of token are independent"),
        ),
        (
            Fault::ForcesAlways,
            Some("a forced refresh is refused less than 30 seconds after the one before"),
        ),
        (Fault::LeasesToAll, Some("a lease is held by one owner")),
        (Fault::KeepsLeases, Some("a lease ends by itself")),
        (
            Fault::IgnoresFences,
            Some("an earlier holder stores nothing once a later lease is granted"),
        ),
        (
            Fault::SavesRejectedTokens,
            Some("a rejected token is not stored again"),
        ),
    ];
    let checks = expected.map(|(fault, rule)| {
        tokio::spawn(async move {
            assert_eq!(broken(fault).await, rule);
        })
    });
    for check in checks {
        check.await.unwrap();
    }
}
