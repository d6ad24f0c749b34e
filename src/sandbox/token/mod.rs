//! App tokens.

mod daily;
mod grant;
mod life;

pub(super) use self::life::AppTokens;
