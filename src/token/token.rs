//! One token and its times.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use rand::RngExt;

use crate::app::AppId;
use crate::secret::Secret;

/// Taken off a token's end, for the time that an answer and a call are on their way.
const MARGIN: Duration = Duration::from_secs(10);

/// A refresh that brought the same token is not repeated sooner.
const REFRESH_PAUSE: Duration = Duration::from_secs(30);

/// Which token, of which app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenKey {
    /// The app.
    pub appid: AppId,
    /// The kind of token.
    pub kind: TokenKind,
}

impl TokenKey {
    /// The key of one app's token.
    pub fn new(appid: AppId, kind: TokenKind) -> Self {
        Self { appid, kind }
    }
}

/// The kinds of token. Those of the two grants are independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// The access token of `stable_token`.
    StableAccessToken,
    /// The access token of the classic `token`.
    AccessToken,
    /// The ticket that signs `wx.config`. It is fetched with the app's access token, on which it
    /// does not depend afterwards; a [`TokenSource`](super::TokenSource) is never asked for it.
    JsapiTicket,
    /// The ticket that signs cards; fetched in the same way.
    WxCardTicket,
}

impl TokenKind {
    /// How long before its end a token becomes stale, in seconds.
    fn stale_before_end(self) -> Range<u64> {
        match self {
            Self::StableAccessToken => 120..240,
            Self::AccessToken | Self::JsapiTicket | Self::WxCardTicket => 300..600,
        }
    }
}

/// A token as a source or a store hands it over: with the life it has left, never with an instant,
/// which another machine's clock may read differently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The token.
    pub secret: Secret,
    /// What is left of its life.
    pub expires_in: Duration,
}

impl Issued {
    /// A token with the life it has left.
    pub fn new(secret: impl Into<Secret>, expires_in: Duration) -> Self {
        Self {
            secret: secret.into(),
            expires_in,
        }
    }
}

/// A token in the cache. Cheap to clone; prints as a fingerprint.
#[derive(Debug, Clone)]
pub struct Token {
    secret: Secret,
    issued: SystemTime,
    stale: SystemTime,
    expiry: SystemTime,
}

impl Token {
    /// `asked` is the time at which the source was asked: the token cannot have been issued
    /// earlier, so it is surely dead when its life has passed since.
    pub(super) fn new(issued: Issued, kind: TokenKind, asked: SystemTime) -> Self {
        let Issued { secret, expires_in } = issued;
        let life = expires_in - MARGIN.min(expires_in / 10);
        let early = Duration::from_secs(rand::rng().random_range(kind.stale_before_end()));
        let fresh = life.saturating_sub(early);
        // An absurd life must not overflow the clock.
        let after = |age| asked.checked_add(age).unwrap_or(asked);
        Self {
            secret,
            issued: asked,
            stale: after(fresh),
            expiry: after(life),
        }
    }

    /// The token itself, for a query or another system.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// When it was asked for.
    pub fn issued(&self) -> SystemTime {
        self.issued
    }

    /// When it is no longer used, a little before the platform's own time.
    pub fn expiry(&self) -> SystemTime {
        self.expiry
    }

    /// Its state at a time.
    pub fn status(&self, now: SystemTime) -> Status {
        if now >= self.expiry {
            Status::Expired
        } else if now >= self.stale {
            Status::Stale
        } else {
            Status::Fresh
        }
    }

    /// The same token, not to be refreshed before a pause has passed.
    pub(super) fn postponed(mut self, now: SystemTime) -> Self {
        self.stale = self
            .stale
            .max(now.checked_add(REFRESH_PAUSE).unwrap_or(now));
        self
    }
}

/// The state of a token; see the [module documentation](crate::token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It is used as it is.
    Fresh,
    /// It is used, and its successor is being fetched.
    Stale,
    /// It is not used any more.
    Expired,
}
