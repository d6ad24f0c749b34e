//! Shared state on Redis.

mod connect;
mod dedup;
mod failure;
mod link;
mod metrics;
mod names;
mod seal;
mod settings;
mod store;
mod tokens;

pub use self::seal::SealKey;
pub use self::store::RedisStore;
