//! Gets a token from the store or the source. Of all instances, one fetches at a time.

use std::pin::pin;
use std::time::Duration;

use super::entry::Entry;
use super::store::{Fence, Lease, StoreOf};
use super::tokens::Tokens;
use super::{Fetch, Issued, Status, Token, TokenKind};
use crate::clock::{Clock, Moment};
use crate::error::{Error, ErrorKind};
use crate::random::jittered;

/// The life of a lease. A holder that dies delays the others for at most this long.
const LEASE: Duration = Duration::from_secs(3);

/// How often a holder renews its lease.
const RENEW: Duration = Duration::from_secs(1);

/// How long to wait for the token that another instance fetches. After that this instance fetches,
/// too: a slow platform should not stop all instances because it is slow for one.
const HELD_MAX: Duration = Duration::from_secs(10);

/// The shortest and the longest time between two looks at the store, while another instance fetches.
const STEP_MIN: Duration = Duration::from_millis(20);
const STEP_MAX: Duration = Duration::from_millis(500);

/// How often a lease may be lost before the token is fetched without one.
const LOST_MAX: usize = 3;

/// The result of waiting for the right to fetch.
enum Turn {
    /// Another instance has stored the token.
    Found(Token),
    /// This one fetches, with a lease unless the store granted none.
    Fetch(Option<Fence>),
}

impl Tokens {
    /// Returns a token from the store or the source. A stored token must be fresh, or in the state
    /// `oldest`.
    pub(super) async fn obtain_now(&self, entry: &Entry, oldest: Status) -> Result<Token, Error> {
        let store = self.0.store.of(&self.0.runtime, &entry.key);
        for attempt in 0..=LOST_MAX {
            let fence = match self.turn(entry, store, oldest).await {
                Turn::Found(token) => return Ok(token),
                Turn::Fetch(fence) => fence,
            };
            // Between the grant and here, this process may have been paused for longer than the
            // lease.
            if fence.is_some()
                && attempt < LOST_MAX
                && store.renew_lease(&entry.owner, LEASE).await == Some(false)
            {
                continue;
            }
            let fetch = self.fetch_token(entry, store, fence.unwrap_or_default(), oldest);
            if fence.is_none() {
                return fetch.await;
            }
            let token = self.renewing(entry, store, fetch).await;
            store.release_lease(&entry.owner).await;
            return token;
        }
        Err(Error::new(
            ErrorKind::Interrupted,
            "the lease of the token was lost",
        ))
    }

    /// Waits until this instance may fetch, or another one has stored a token.
    async fn turn(&self, entry: &Entry, store: StoreOf<'_>, oldest: Status) -> Turn {
        let began = self.0.clock.monotonic();
        loop {
            if let Some(token) = self.stored(entry, store, oldest).await {
                return Turn::Found(token);
            }
            let waited = self.0.clock.monotonic().saturating_sub(began);
            let fence = match store.lease(&entry.owner, LEASE).await {
                Some(Lease::Granted(fence)) => Some(fence),
                Some(Lease::Held) if waited < HELD_MAX => {
                    let step = (waited / 10).clamp(STEP_MIN, STEP_MAX);
                    self.0.runtime.sleep(jittered(step, 0.8..1.0)).await;
                    continue;
                }
                Some(Lease::Held) => {
                    let appid = &entry.key.appid;
                    tracing::warn!(%appid, "another instance takes long to fetch the token: fetching it here, too");
                    None
                }
                // The store fails: each instance fetches for itself.
                None => None,
            };
            // The holder before may have stored a token between the look and the grant.
            if fence.is_some_and(|fence| fence != Fence::default())
                && let Some(token) = self.stored(entry, store, oldest).await
            {
                store.release_lease(&entry.owner).await;
                return Turn::Found(token);
            }
            return Turn::Fetch(fence);
        }
    }

    /// Returns the stored token, if it is fresh or in the state `oldest`, and was not rejected here.
    async fn stored(&self, entry: &Entry, store: StoreOf<'_>, oldest: Status) -> Option<Token> {
        // Read before the request, so that a token's life is never overestimated.
        let asked = self.0.clock.moment();
        let stored = store.load().await?;
        if is_retired(entry, &stored) {
            return None;
        }
        let token = Token::new(stored, entry.key.kind, asked, self.0.margins);
        let status = token.status_at(asked);
        (status == Status::Fresh || status == oldest).then_some(token)
    }

    /// Runs a fetch, and renews its lease meanwhile.
    async fn renewing<T>(
        &self,
        entry: &Entry,
        store: StoreOf<'_>,
        fetch: impl Future<Output = T>,
    ) -> T {
        let mut fetch = pin!(fetch);
        loop {
            if let Some(output) = self.0.runtime.timeout(RENEW, fetch.as_mut()).await {
                return output;
            }
            // A lost lease stops nothing: the fence decides whether the token is stored.
            store.renew_lease(&entry.owner, LEASE).await;
        }
    }

    /// Fetches a token from the source, and stores it.
    async fn fetch_token(
        &self,
        entry: &Entry,
        store: StoreOf<'_>,
        fence: Fence,
        oldest: Status,
    ) -> Result<Token, Error> {
        let asked = self.0.clock.moment();
        let issued = self.issued(entry, store, asked).await?;
        if store.save(&issued, fence).await == Some(false)
            && let Some(token) = self.stored(entry, store, oldest).await
        {
            return Ok(token);
        }
        let appid = &entry.key.appid;
        tracing::debug!(%appid, token = ?issued.secret, "fetched a token");
        Ok(Token::new(issued, entry.key.kind, asked, self.0.margins))
    }

    /// Returns what the source issues, after forcing it to replace a rejected token if the budget
    /// allows.
    async fn issued(
        &self,
        entry: &Entry,
        store: StoreOf<'_>,
        asked: Moment,
    ) -> Result<Issued, Error> {
        let (key, source) = (&entry.key, &self.0.source);
        let now = asked.monotonic;
        let may_fetch = store.take_fetch().await;
        if !may_fetch.unwrap_or_else(|| entry.memory().fetches.take(key.kind, now)) {
            let message = "the platform's budget of token calls is spent: another system may be \
                           fetching this app's token";
            return Err(Error::new(ErrorKind::Budget, message));
        }
        let issued = match key.kind {
            TokenKind::JsapiTicket | TokenKind::WxCardTicket => {
                self.0.tickets.fetch(self.clone(), key).await?
            }
            _ => source.fetch(key, Fetch::Current).await?,
        }
        .check()?;
        if !is_retired(entry, &issued) {
            return Ok(issued);
        }
        let may_force = store.take_forced_refresh().await;
        if may_force.unwrap_or_else(|| entry.memory().forced.take_alone(now)) {
            tracing::warn!(appid = %key.appid, "the source returned the rejected token: forcing a new one");
            let refused = issued.secret;
            return source.fetch(key, Fetch::Forced { refused }).await?.check();
        }
        // The budget is spent: the rejected token stays in use, since it may work for other calls.
        entry.memory().reinstated = Some(asked);
        Ok(issued)
    }
}

fn is_retired(entry: &Entry, issued: &Issued) -> bool {
    entry.memory().retired.as_ref() == Some(&issued.secret)
}
