//! The results of recent codes: each code is exchanged once, however often it arrives.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::policy::EvictionPolicy;
use sha2::{Digest, Sha256};

use super::Rejection;
use super::signed_in::User;
use crate::api::oauth::{ExchangeCode, GetUserInfo, Lang, Profile, Scope, UserToken};
use crate::client::App;
use crate::clock::Clock;
use crate::error::{ErrCode, Error};
use crate::secret::Secret;
use crate::waiters::Waiters;

/// The longest time that the caches keep a result.
const KEPT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// The maximum number of browsers that wait for the platform at once.
const WAITERS_MAX: usize = 10_000;

/// What to request from the platform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) scope: Scope,
    pub(super) lang: Lang,
    pub(super) snapshot: bool,
}

/// The results of sign-ins, by code and by state.
///
/// The entry of a code records which state may have its result. The entry of a state finds the
/// result when the Back button made the platform issue a second code for the same attempt.
#[derive(Clone)]
pub(super) struct CodeCache {
    app: App,
    life: Duration,
    traded: Cache<[u8; 32], Arc<Traded>>,
    users: Cache<String, Known>,
    waiters: Waiters,
}

/// The platform's answer to a code, and the state that the code arrived with.
struct Traded {
    state: String,
    outcome: Result<UserToken, Error>,
    at: Duration,
}

#[derive(Clone)]
struct Known {
    user: Arc<User>,
    at: Duration,
}

impl CodeCache {
    pub(super) fn new(app: App, life: Duration, capacity: u64) -> Self {
        // LRU eviction: a code is repeated within seconds or never. `is_recent` enforces the life
        // by the injected clock. The caches' own expiry only frees memory, and moka panics on a
        // life of more than a thousand years.
        let kept = life.min(KEPT_MAX);
        Self {
            app,
            life,
            traded: Cache::builder()
                .max_capacity(capacity)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(kept)
                .build(),
            users: Cache::builder()
                .max_capacity(capacity)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(kept)
                .build(),
            waiters: Waiters::new(WAITERS_MAX),
        }
    }

    /// Returns the user who recently signed in with this state, if any.
    pub(super) async fn known(&self, state: &str) -> Option<Arc<User>> {
        let known = self.users.get(state).await?;
        self.is_recent(known.at).then_some(known.user)
    }

    /// Returns the user of a code that arrived with a verified state.
    ///
    /// The work is a separate task: otherwise a browser that disconnects, as on a double redirect,
    /// would cancel the only exchange of its code.
    pub(super) async fn user(
        &self,
        state: &str,
        code: Secret,
        wanted: Wanted,
    ) -> Result<Arc<User>, Rejection> {
        let (codes, state) = (self.clone(), state.to_owned());
        let work = async move { codes.obtain(state, code, wanted).await };
        let runtime = self.app.wechat().runtime();
        self.waiters.run(runtime, work).await?
    }

    async fn obtain(
        &self,
        state: String,
        code: Secret,
        wanted: Wanted,
    ) -> Result<Arc<User>, Rejection> {
        let key: [u8; 32] = Sha256::digest(code.expose()).into();
        let traded = self.traded.try_get_with(key, self.trade(&state, code));
        let traded = traded.await.map_err(|error| Error::clone(&error))?;
        // A code belongs to the attempt that sent it first: another browser may not use its result.
        if traded.state != state {
            return Err(Rejection::CodeTaken);
        }
        if !self.is_recent(traded.at) {
            return Err(Rejection::Expired);
        }
        let token = traded.outcome.as_ref().map_err(Error::clone)?;
        if token.is_snapshot_user && !wanted.snapshot {
            return Err(Rejection::Snapshot);
        }
        let known = self
            .users
            .try_get_with(state, self.meet(token.clone(), wanted));
        let known = known.await.map_err(|error| Error::clone(&error))?;
        Ok(known.user)
    }

    /// Exchanges a code. A refusal is cached like a success. A transient error is not.
    async fn trade(&self, state: &str, code: Secret) -> Result<Arc<Traded>, Error> {
        let outcome = self.app.call(ExchangeCode::new(code)).await;
        match outcome {
            Err(error) if error.is_transient() => Err(error),
            outcome => Ok(Arc::new(Traded {
                state: state.to_owned(),
                outcome,
                at: self.now(),
            })),
        }
    }

    /// Fetches the profile, if it was requested.
    async fn meet(&self, token: UserToken, wanted: Wanted) -> Result<Known, Error> {
        let profile = match wanted.scope {
            Scope::Base => None,
            Scope::UserInfo => {
                let call = GetUserInfo::new(&token).lang(wanted.lang);
                profile_of(&self.app, call, &token).await?
            }
        };
        tracing::debug!(appid = %self.app.appid(), "signed a user in");
        Ok(Known {
            user: Arc::new(User {
                appid: self.app.appid().clone(),
                token,
                profile,
            }),
            at: self.now(),
        })
    }

    /// The monotonic time, so that setting the wall clock drops no result.
    fn now(&self) -> Duration {
        self.app.wechat().clock().monotonic()
    }

    fn is_recent(&self, at: Duration) -> bool {
        self.now().saturating_sub(at) < self.life
    }
}

/// Fetches the profile of a user whose code was exchanged for `token`. Returns `None` if the
/// platform has none to show: for some virtual accounts, and for a user who was not asked for it.
pub(crate) async fn profile_of(
    app: &App,
    call: GetUserInfo,
    token: &UserToken,
) -> Result<Option<Profile>, Error> {
    let may_have_none = token.is_snapshot_user || !token.grants_profile();
    match app.call(call).await {
        Err(error) if may_have_none && error.errcode() == Some(ErrCode::API_UNAUTHORIZED) => {
            Ok(None)
        }
        answer => answer.map(Some),
    }
}
