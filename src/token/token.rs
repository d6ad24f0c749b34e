//! One token and its times.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::RngExt;

use crate::app::AppId;
use crate::clock::{Clock, Moment};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// Taken off a token's end, for the time that an answer and a call are on their way.
const MARGIN: Duration = Duration::from_secs(10);

/// The lives that a token can have: the platform's is two hours.
const LIFE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 3600);

/// The longest token, in bytes. The platform asks for room for 512.
const LEN_MAX: usize = 2048;

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

    /// What is wrong with it, whoever issued it.
    ///
    /// # Errors
    /// [`ErrorKind::Answer`] for a token that is empty or cannot be part of an address, or a life
    /// that no token has.
    pub(super) fn check(self) -> Result<Self, Error> {
        let wrong = |what: String| {
            let message = format!("the token was not taken: {what}");
            Err(Error::new(ErrorKind::Answer, message))
        };
        let token = self.secret.expose();
        let legal = token.bytes().all(|byte| byte.is_ascii_graphic());
        if !legal || !(1..=LEN_MAX).contains(&token.len()) {
            let len = token.len();
            return wrong(format!(
                "it must be 1 to {LEN_MAX} visible ASCII characters (it has {len} bytes)"
            ));
        }
        if !LIFE.contains(&self.expires_in) {
            let seconds = self.expires_in.as_secs();
            return wrong(format!(
                "its expires_in must be 1 second to 30 days (it is {seconds} seconds)"
            ));
        }
        Ok(self)
    }
}

/// A token in the cache. Cheap to clone; prints as a fingerprint.
#[derive(Debug, Clone)]
pub struct Token(Arc<Held>);

#[derive(Debug, Clone)]
struct Held {
    secret: Secret,
    issued: Moment,
    /// How long it may be used from then on.
    life: Duration,
    stale: Moment,
    expiry: Moment,
}

impl Token {
    /// `asked` is the time at which the source was asked: the token cannot have been issued
    /// earlier, so it is surely dead when its life has passed since.
    pub(super) fn new(issued: Issued, kind: TokenKind, asked: Moment) -> Self {
        let Issued { secret, expires_in } = issued;
        let life = expires_in - MARGIN.min(expires_in / 10);
        let early = Duration::from_secs(rand::rng().random_range(kind.stale_before_end()));
        Self(Arc::new(Held {
            secret,
            issued: asked,
            life,
            stale: asked.after(life.saturating_sub(early)),
            expiry: asked.after(life),
        }))
    }

    /// The token itself, for a query or another system.
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// When it was asked for, by the wall clock of that time.
    pub fn issued(&self) -> SystemTime {
        self.0.issued.wall
    }

    /// When it is no longer used, a little before the platform's own time; by the wall clock of the
    /// time at which it was asked for, so that a clock that was set since then shows another time.
    /// To know how long it may be used, ask [`expires_in`](Self::expires_in).
    pub fn expiry(&self) -> SystemTime {
        self.0.expiry.wall
    }

    /// How long it may still be used.
    pub fn expires_in(&self, clock: &impl Clock) -> Duration {
        let age = Moment::of(clock).since(self.0.issued);
        self.0.life.saturating_sub(age)
    }

    /// Its state by a clock: the one that [`Tokens`](super::Tokens) have.
    pub fn status(&self, clock: &impl Clock) -> Status {
        self.status_at(Moment::of(clock))
    }

    pub(super) fn status_at(&self, now: Moment) -> Status {
        if now.has_reached(self.0.expiry) {
            Status::Expired
        } else if now.has_reached(self.0.stale) {
            Status::Stale
        } else {
            Status::Fresh
        }
    }

    /// Whether it was asked for before another one.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        self.0.issued.monotonic < other.0.issued.monotonic
    }

    /// The same token, not to be refreshed before a pause has passed.
    pub(super) fn postponed(mut self, now: Moment) -> Self {
        let (held, paused) = (Arc::make_mut(&mut self.0), now.after(REFRESH_PAUSE));
        held.stale = Moment {
            wall: held.stale.wall.max(paused.wall),
            monotonic: held.stale.monotonic.max(paused.monotonic),
        };
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
