//! Keeps acknowledged messages until they are handled.
//!
//! The platform sends a push again until it is acknowledged. After that, only the application knows
//! of it: if the process dies before the handler has completed, the message is lost. An [`Inbox`]
//! stores each message before it is acknowledged, and removes it when its handler has succeeded and
//! its reply is delivered. What is left after a crash, a deploy or a kill runs at the next start.
//!
//! There are two modes:
//!
//! - **Spill**, [`DeadlineLayer::inbox`]: a message is stored when its handler is late, before the
//!   [deadline](super::deadline) answers for it. A handler that completes in time does not use the
//!   store, and its reply is a passive reply.
//! - **Always**, [`InboxLayer`]: each message is stored and acknowledged at once, and handled
//!   afterwards by a number of workers. All replies are late.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_wechat::BoxError> {
//! # let folder = std::env::temp_dir().join(format!("inbox-example-{}", std::process::id()));
//! # let path = folder.join("inbox.redb");
//! use std::time::Duration;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_wechat::callback::deadline::LateReply;
//! use tower_wechat::callback::inbox::{Inbox, InboxLayer};
//! use tower_wechat::{AppId, BoxError, Message, Reply, handler_fn};
//!
//! async fn ask_a_model(message: Message) -> String {
//!     // … a minute of work …
//!     format!("an answer, at try {}", message.attempt())
//! }
//!
//! async fn send(late: LateReply) -> Result<(), BoxError> {
//!     println!("{:?}", late.reply); // usually `deadline::CustomerService`
//!     Ok(())
//! }
//!
//! let inbox = Inbox::open(&path)?;
//! let layer = InboxLayer::new(inbox.clone()).late(service_fn(send));
//! let handler = layer.layer(handler_fn(ask_a_model));
//!
//! let text = "<xml><FromUserName>o1</FromUserName><MsgId>25000000000000001</MsgId></xml>";
//! let message = Message::parse(AppId::new("wx3cc8fd6963e31a32")?, text.to_owned())?;
//! // Stored, so that it may be acknowledged.
//! assert_eq!(handler.oneshot(message).await?, Reply::none());
//!
//! while inbox.stats().await?.depth > 0 {
//!     tokio::time::sleep(Duration::from_millis(5)).await;
//! }
//! inbox.close(tokio::time::sleep(Duration::from_secs(10))).await;
//! # std::fs::remove_dir_all(folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Order
//! In always mode, the messages of a user run one after the other, in the order in which they came,
//! and those of different users at the same time: up to [`Inbox::workers`]. In spill mode, a message
//! runs at once. What an earlier process has left runs in order. Pushes without a user have no
//! order.
//!
//! # Retries
//! A handler that fails, panics or exceeds `max_life` is run again after 1, 4, 16, 64 and 256
//! seconds, and then every ten minutes. Later messages of the same user wait meanwhile. When
//! [`Inbox::tries`] are used up, the message becomes a dead letter, which the application can
//! [list](Inbox::dead_letters), [run again](Inbox::run_again) or [drop](Inbox::discard). Dead letters
//! are limited in number and age.
//!
//! If the late-reply hook fails, its reply is stored, and only the hook is called again. A reply is
//! lost, with an error in the log that names its kind, if there is no hook, if the hook returns an
//! [`Error`](crate::Error) of the kind [`Input`](crate::ErrorKind::Input), or if it is one that can
//! only answer its push, such as
//! [`transfer_customer_service`](crate::Reply::transfer_customer_service). The message is then
//! handled.
//!
//! # On Redis
//! With the feature `redis`, `Inbox::redis(store)` keeps the messages on a server. The processes that
//! use the same server and prefix work through them together: the messages of a user still run one
//! after the other, whichever process runs them. If one of them dies, the others run its messages
//! when its leases end, after at most 16 seconds.
//!
//! The process that receives need not be the one that works. Apply an [`InboxLayer`] to the same
//! handler in a process without a router, and call [`Inbox::close`] in the one that only receives:
//! messages can still be stored. Workers ask the server every second for what others have stored,
//! with one command for each app.
//!
//! `redis.conf` must say:
//!
//! | setting | without it |
//! |---|---|
//! | `appendonly yes`, `appendfsync always` | a server that dies loses what it has not written: with `everysec`, up to two seconds of acknowledged messages |
//! | `maxmemory-policy noeviction` | a server that is full drops entries of an inbox, or all of them |
//!
//! A replica that becomes the master, with Sentinel or in a cluster, may lack the last messages:
//! replication is not waited for. `min-replicas-to-write` bounds how many that can be. Give the
//! inbox a server with room: if the server has reached `maxmemory`, messages are refused, and those
//! that are stored do not run either until it accepts writes.
//!
//! With a seal, a message that a process cannot read stays in its place, and is tried again after a
//! minute. To rotate the key, wait before the second step until what was sealed with the old key is
//! handled. Dead letters from before that step cannot be run again after it.
//!
//! # Guarantees
//! A message that was acknowledged is handled at least once, or is a dead letter. A handler can be
//! run twice for a message; [`Message::dedup_key`](crate::Message::dedup_key) is the same in all
//! runs, and makes the handler's own effects idempotent.
//!
//! | fault | spill | always | with `Inbox::redis` |
//! |---|---|---|---|
//! | the process dies before the message is stored | not acknowledged: the platform sends it again, which may double what the handler has done | not acknowledged: the platform sends it again | the same |
//! | the process dies while the handler runs | runs again at the next start | the same | runs again on another process after at most 16 s, or at the next start |
//! | the process dies less than 50 ms after a run has ended | runs once more | the same | runs once more, after at most 16 s |
//! | the process dies after the message is stored and before `success` is sent | the platform's next push joins the entry: not doubled | the same | the same |
//! | the machine loses its power | as if the process died: the message was on the disk before `success` | the same | the same for a machine of the application. For that of the server: nothing is lost with `appendfsync always` |
//! | the last write is torn | the file is repaired to the write before, which was not acknowledged | the same | the same: the server repairs its append-only file (`aof-load-truncated`) |
//! | the disk is full, fails, or takes longer than 400 ms | 503: the platform's next push joins the running handler, if it comes to this process | 503: the platform sends the message again, and an entry that was stored after all is joined | 503 while the server is missed, full, or slower than 300 ms (`RedisStore::command_timeout`): the platform sends the message again, and an entry that was stored after all is joined |
//! | the inbox is full ([`max_bytes`](EmbeddedInboxOptions::max_bytes)) | the same | 503 | 503 with 100,000 messages of an app that are not handled |
//! | the handler or the hook fails | delayed by the retries; then a dead letter | the same | the same |
//! | the clock jumps | a retried push may be handled twice, or be recognized for up to a day; pauses and leases are not affected | the same | a jump of the clock of the server: leases and pauses end early, and messages may run twice, or they end later; the order is kept |
//! | the process is stopped with [`Inbox::close`] | what is not handled runs at the next start | the same | runs on the other processes at once, or at the next start |
//!
//! The platform gives up after three pushes, within about fifteen seconds: if nothing could be
//! acknowledged for so long, the message is lost, as it is without an inbox. In spill mode its
//! handler still completes, and its reply is sent.
//!
//! A handler that ends the process is counted: after [`Inbox::tries`] starts, its message becomes a
//! dead letter. The store of late replies decides whether a reply survives a crash after it is
//! delivered to it: [`MemoryPickUpStore`](super::deadline::pick_up::MemoryPickUpStore) does not keep
//! it.
//!
//! # Retried pushes
//! A push whose message is stored, is a dead letter, or was finished within the
//! [`window`](Inbox::window) is acknowledged, and is not stored again. In spill mode, the store is
//! only asked for this after a start, while what an earlier process has left is worked through;
//! apply a [`Dedup`](super::dedup::Dedup) outside, as
//! [`on_message_within`](crate::routes::Routes::on_message_within) does, for the pushes of this
//! process.
//!
//! # Pushes that are answered by their handler
//! The platform does not accept `success` for the pushes of virtual payment. They run in line in both
//! modes, and have no deadline. [`Inbox::inline_events`] adds others.
//!
//! # Limits
//! | limit | default | set by |
//! |---|---|---|
//! | stored messages in a file, including dead letters | 256 MiB | [`max_bytes`](EmbeddedInboxOptions::max_bytes) |
//! | stored messages on Redis that are not handled | 100,000 of an app | fixed |
//! | time to store a message | 400 ms | fixed |
//! | writes that wait for the disk, with a file | 4096 | fixed |
//! | handlers of stored messages | 16 | [`workers`](Inbox::workers) |
//! | duration of a handler | 10 minutes | [`DeadlineLayer::max_life`], [`InboxLayer::max_life`] |
//! | tries | 8 | [`tries`](Inbox::tries) |
//! | dead letters (on Redis, of each app) | 1000, for 7 days | [`dead_letter_limits`](Inbox::dead_letter_limits) |
//! | finished messages remembered | 75 s, and in a file 100,000 | [`window`](Inbox::window) |
//!
//! # Shutdown
//! [`Inbox::close`] stops taking messages, and gives running handlers a grace. It does not wait for a
//! handler that hangs.
//!
//! # Monitoring
//! [`Inbox::stats`] counts what is stored. Each run has a span `wechat.inbox` with the app, the kind,
//! the key and the number of the try. With the feature `metrics`:
//!
//! | metric | |
//! |---|---|
//! | `wechat_inbox_depth` | gauge: stored messages that are not handled |
//! | `wechat_inbox_oldest_seconds` | gauge: the age of the oldest of them |
//! | `wechat_inbox_dead_letters` | gauge: dead letters |
//! | `wechat_inbox_stored_total` | counter of stored messages, by `appid` |
//! | `wechat_inbox_refused_total` | counter of messages that were not stored, by `appid` and `reason`: `full`, `failed`, `no_runtime` |
//! | `wechat_inbox_tries_total` | counter of ended tries, by `appid` and `outcome`: `done`, `retried`, `buried` |
//! | `wechat_inbox_unsent_total` | counter of lost late replies, by `appid` and `reason`: `no_hook`, `too_late`, `refused` |
//!
//! [`DeadlineLayer::inbox`]: super::deadline::DeadlineLayer::inbox
//! [`DeadlineLayer::max_life`]: super::deadline::DeadlineLayer::max_life

mod core;
mod counts;
mod dead_letters;
mod deliver;
mod embedded;
mod error;
mod handle;
mod held;
mod index;
mod inline;
mod layer;
#[cfg(feature = "test-util")]
mod memory;
mod metrics;
mod payload;
mod run;
mod runner;
mod service;
mod spill;
mod stats;
mod store;
mod unkept;

pub use self::dead_letters::DeadLetter;
pub(in crate::callback) use self::deliver::Delivery;
pub use self::embedded::{EmbeddedInboxOptions, EmbeddedInboxStore};
pub use self::error::NotStored;
pub use self::handle::Inbox;
pub(in crate::callback) use self::held::Held;
pub use self::layer::InboxLayer;
#[cfg(feature = "test-util")]
pub use self::memory::MemoryInboxStore;
pub(in crate::callback) use self::run::Run;
pub use self::service::{InboxFuture, InboxService};
pub use self::stats::InboxStats;
pub use self::store::{
    Contents, DeadEntry, DeadLimits, Entry, EntryKey, InboxStore, Put, Taken, TakenEntry,
};
pub(in crate::callback) use self::unkept::Outcome;
