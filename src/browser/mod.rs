//! HTTP for browsers, as opposed to the platform and to other services.

mod answer;
mod cookie;
mod handler;
mod params;

pub(crate) use self::answer::{escape, not_allowed, page, redirect, seal};
pub(crate) use self::cookie::Cookie;
pub use self::handler::AnswerFn;
pub(crate) use self::handler::whole;
pub(crate) use self::params::Params;
