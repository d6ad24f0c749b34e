//! How long before its end a token is replaced.

use std::time::Duration;

use rand::RngExt;

use super::TokenKind;

/// The life of the platform's tokens.
const LIFE: Duration = Duration::from_secs(7200);

/// Subtracted from a token's life, for the time an answer and a call are in transit.
const END: Duration = Duration::from_secs(10);

/// The pause after a refresh that failed or returned the same token.
const PAUSE: Duration = Duration::from_secs(30);

/// The margins, in proportion to the life of the platform's tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margins {
    scale: f64,
}

impl Default for Margins {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Margins {
    /// Returns the margins for a platform whose tokens live for `life`, at most two hours.
    pub(crate) fn for_life(life: Duration) -> Self {
        let scale = life.min(LIFE).div_duration_f64(LIFE);
        Self { scale }
    }

    /// Returns how long before its end a token with this life is no longer used: at most a tenth of
    /// it.
    pub(super) fn end(self, life: Duration) -> Duration {
        END.mul_f64(self.scale).min(life / 10)
    }

    /// Returns how long before that a token becomes stale.
    ///
    /// It is random, so that instances do not refresh at the same moment. `stable_token` returns the
    /// same token until five minutes before its end. After the classic grant, the platform accepts
    /// the token before for five minutes, in which all instances must have replaced it.
    pub(super) fn stale(self, kind: TokenKind) -> Duration {
        let seconds = match kind {
            TokenKind::StableAccessToken => 120.0..240.0,
            TokenKind::AccessToken | TokenKind::JsapiTicket | TokenKind::WxCardTicket => {
                300.0..540.0
            }
        };
        Duration::from_secs_f64(rand::rng().random_range(seconds)).mul_f64(self.scale)
    }

    /// Returns the pause after a refresh that failed or returned the same token.
    pub(super) fn pause(self) -> Duration {
        PAUSE.mul_f64(self.scale)
    }
}
