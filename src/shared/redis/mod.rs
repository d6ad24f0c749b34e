//! Shared state on Redis.

mod connect;
mod failure;
mod link;
mod listener;
mod metrics;
mod names;
mod pick_up;
mod scans;
mod seal;
mod settings;
mod store;
mod subscription;
mod tokens;

pub use self::seal::SealKey;
pub use self::store::RedisStore;
