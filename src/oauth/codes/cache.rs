//! Exchanges codes for users, each code once.

use std::sync::Arc;
use std::time::Duration;

use super::key::CodeKey;
use super::memory::Kept;
use super::record::CodeRecord;
use super::results::{Produced, Results};
use super::shared::SharedStore;
use crate::api::oauth::{ExchangeCode, GetUserInfo, Lang, Profile, Scope, UserToken};
use crate::client::App;
use crate::error::{ErrCode, Error};
use crate::oauth::Rejection;
use crate::oauth::signed_in::User;
use crate::runtime::BoxFuture;
use crate::secret::Secret;
use crate::waiters::Waiters;

/// The maximum number of browsers that wait for the platform at once.
const WAITERS_MAX: usize = 10_000;

/// What to request from the platform.
#[derive(Debug, Clone, Copy)]
pub(in crate::oauth) struct Wanted {
    pub(in crate::oauth) scope: Scope,
    pub(in crate::oauth) lang: Lang,
    pub(in crate::oauth) snapshot: bool,
}

/// The results of sign-ins, by code and by state.
///
/// The record of a code names the state that may have its result. The record of a user finds the
/// result when the Back button made the platform issue a second code for the same state.
#[derive(Clone)]
pub(in crate::oauth) struct CodeCache {
    app: App,
    wanted: Wanted,
    results: Results,
    waiters: Waiters,
}

impl CodeCache {
    pub(in crate::oauth) fn new(
        app: App,
        wanted: Wanted,
        life: Duration,
        capacity: u64,
        store: Option<SharedStore>,
    ) -> Self {
        Self {
            results: Results::new(app.clone(), life, capacity, store),
            app,
            wanted,
            waiters: Waiters::new(WAITERS_MAX),
        }
    }

    /// Returns the user who recently signed in with this state, if any.
    pub(in crate::oauth) async fn known(&self, state: &str) -> Option<Arc<User>> {
        let record = self.results.load(&self.key_of_user(state)).await?;
        record.outcome.ok()
    }

    /// Returns the user of a code that arrived with a verified state.
    ///
    /// The work is a separate task: otherwise a browser that disconnects, as on a double redirect,
    /// would leave the sign-in half done.
    pub(in crate::oauth) async fn user(
        &self,
        state: &str,
        code: Secret,
    ) -> Result<Arc<User>, Rejection> {
        let (codes, state) = (self.clone(), state.to_owned());
        let work = async move { codes.obtain(&state, code).await };
        let runtime = self.app.wechat().runtime();
        self.waiters.run(runtime, work).await?
    }

    async fn obtain(&self, state: &str, code: Secret) -> Result<Arc<User>, Rejection> {
        let appid = self.app.appid();
        let attempt = CodeKey::of_state(appid, state);
        let key = CodeKey::of_code(appid, &code);
        let traded = match self.results.look(&key) {
            Some(kept) => kept,
            None => {
                let trade = || self.clone().trade(attempt, code.clone());
                Kept::fresh(self.results.once(key, trade).await?)
            }
        };
        // A code belongs to the attempt that sent it first: another browser may not use its result.
        if traded.record.state != attempt {
            return Err(Rejection::CodeTaken);
        }
        if traded.has_ended {
            return Err(Rejection::Expired);
        }
        let user = traded.record.outcome?;
        if user.token.is_snapshot_user && !self.wanted.snapshot {
            return Err(Rejection::Snapshot);
        }
        let meet = || self.clone().meet(attempt, user.token.clone());
        let known = self.results.once(self.key_of_user(state), meet).await?;
        Ok(known.outcome?)
    }

    /// Exchanges a code. A refusal is kept like a success. A transient error is not.
    fn trade(self, state: CodeKey, code: Secret) -> BoxFuture<'static, Produced> {
        Box::pin(async move {
            let outcome = match self.app.call(ExchangeCode::new(code)).await {
                Err(error) if error.is_transient() => return Err(error),
                outcome => outcome.map(|token| self.user_of(token, None)),
            };
            Ok(CodeRecord { state, outcome })
        })
    }

    /// Fetches the profile, if it was requested.
    fn meet(self, state: CodeKey, token: UserToken) -> BoxFuture<'static, Produced> {
        Box::pin(async move {
            let profile = match self.wanted.scope {
                Scope::Base => None,
                Scope::UserInfo => {
                    let call = GetUserInfo::new(&token).lang(self.wanted.lang);
                    profile_of(&self.app, call, &token).await?
                }
            };
            tracing::debug!(appid = %self.app.appid(), "signed a user in");
            let outcome = Ok(self.user_of(token, profile));
            Ok(CodeRecord { state, outcome })
        })
    }

    fn user_of(&self, token: UserToken, profile: Option<Profile>) -> Arc<User> {
        Arc::new(User {
            appid: self.app.appid().clone(),
            token,
            profile,
        })
    }

    fn key_of_user(&self, state: &str) -> CodeKey {
        let Wanted {
            scope,
            lang,
            snapshot,
        } = self.wanted;
        let snapshot = match snapshot {
            true => "snapshot",
            false => "no snapshot",
        };
        let settings = [scope.as_str(), lang.as_str(), snapshot];
        CodeKey::of_user(self.app.appid(), state, &settings)
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
