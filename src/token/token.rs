//! A token and its times.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::margins::Margins;
use crate::app::AppId;
use crate::clock::{Clock, Moment};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The accepted lives of a token. The platform's tokens live two hours.
const LIFE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 3600);

/// The longest accepted token, in bytes. The platform requires room for 512.
const LEN_MAX: usize = 2048;

/// Identifies a token: the app and the kind of token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenKey {
    /// The app.
    pub appid: AppId,
    /// The kind of token.
    pub kind: TokenKind,
}

impl TokenKey {
    /// Creates the key of one app's token.
    pub fn new(appid: AppId, kind: TokenKind) -> Self {
        Self { appid, kind }
    }
}

/// The kinds of token. The access tokens of the two grants are independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// The access token of `stable_token`.
    StableAccessToken,
    /// The access token of the classic `token`.
    AccessToken,
    /// The ticket that signs `wx.config`. It is fetched with the app's access token, and doesn't
    /// depend on that token afterwards. It is never requested from a
    /// [`TokenSource`](super::TokenSource).
    JsapiTicket,
    /// The ticket that signs cards. It is fetched in the same way.
    WxCardTicket,
}

/// A token as a source or a store returns it, with its remaining life. It contains no point in
/// time, because clocks differ between machines.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The token.
    pub secret: Secret,
    /// The remaining life of the token.
    pub expires_in: Duration,
}

impl Issued {
    /// Creates a token with its remaining life.
    pub fn new(secret: impl Into<Secret>, expires_in: Duration) -> Self {
        Self {
            secret: secret.into(),
            expires_in,
        }
    }

    /// Checks a token from any source or store.
    ///
    /// # Errors
    /// [`ErrorKind::Answer`] for an empty token, a token that cannot be part of a URI, or a life
    /// outside the accepted range.
    pub(super) fn check(self) -> Result<Self, Error> {
        let wrong = |what: String| {
            let message = format!("the token was rejected: {what}");
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

/// A cached token. Cheap to clone. Its `Debug` output shows a fingerprint only.
#[derive(Debug, Clone)]
pub struct Token(Arc<Held>);

#[derive(Debug, Clone)]
struct Held {
    secret: Secret,
    issued: Moment,
    /// How long it may be used after `issued`.
    life: Duration,
    stale: Moment,
    expiry: Moment,
}

impl Token {
    /// Creates a token. `asked` is the time of the request to the source: the token cannot have
    /// been issued earlier, so it has certainly expired once its life has passed since then.
    pub(super) fn new(issued: Issued, kind: TokenKind, asked: Moment, margins: Margins) -> Self {
        let Issued { secret, expires_in } = issued;
        let life = expires_in - margins.end(expires_in);
        let early = margins.stale(kind);
        Self(Arc::new(Held {
            secret,
            issued: asked,
            life,
            stale: asked.after(life.saturating_sub(early)),
            expiry: asked.after(life),
        }))
    }

    /// Returns the token text, for a query or another system.
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// Returns when the token was requested, by the wall clock at that time.
    pub fn issued(&self) -> SystemTime {
        self.0.issued.wall
    }

    /// Returns when the token stops being used, a little before the platform's own expiry. The time
    /// is computed from the wall clock at the time of the request, so it is off if that clock has
    /// been set since. For the remaining life use [`expires_in`](Self::expires_in).
    pub fn expiry(&self) -> SystemTime {
        self.0.expiry.wall
    }

    /// Returns how long the token may still be used.
    pub fn expires_in(&self, clock: &impl Clock) -> Duration {
        let age = Moment::of(clock).since(self.0.issued);
        self.0.life.saturating_sub(age)
    }

    /// Returns the token's state by a clock, which should be the one of [`Tokens`](super::Tokens).
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

    /// Returns whether this token was requested before the other one.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        // The wall clock may have been set between the two requests.
        self.0.issued.monotonic < other.0.issued.monotonic
    }

    /// Returns the same token, not stale again before a pause has passed.
    pub(super) fn postponed(mut self, now: Moment, margins: Margins) -> Self {
        let (held, paused) = (Arc::make_mut(&mut self.0), now.after(margins.pause()));
        held.stale = Moment {
            wall: held.stale.wall.max(paused.wall),
            monotonic: held.stale.monotonic.max(paused.monotonic),
        };
        self
    }
}

/// The state of a token. See the [module documentation](crate::token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// In use.
    Fresh,
    /// In use, while its successor is being fetched.
    Stale,
    /// Not used any more.
    Expired,
}
