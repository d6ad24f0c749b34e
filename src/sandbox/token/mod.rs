//! App tokens.

mod daily;
mod grant;
mod life;
mod live;

pub(super) use self::life::AppTokens;
