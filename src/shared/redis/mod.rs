//! Shared state on Redis.
//!
//! A [`RedisStore`] works with one server, Redis Sentinel and Redis Cluster, from Redis 6.2 on, and
//! with Valkey. It connects when it is first used. The calls that it cannot serve are served without
//! it: Redis may be missing at the start, and may fail at any time.
//!
//! # What is stored
//!
//! Every key begins with the prefix. All of them expire by themselves, except those of an inbox:
//!
//! | state | key, after the prefix | expires after |
//! |---|---|---|
//! | a token or ticket | `{APPID}:token:KIND` | its life, at most 2 hours |
//! | the lease to fetch it | `…:lease` | 3 seconds, renewed while the fetch runs |
//! | the number of leases | `…:fence` | a day without a lease |
//! | a rejected token | `…:retired:DIGEST` | its life |
//! | forced refreshes, and fetches of a span | `…:forced`, `…:fetches:SECONDS` | a day, the span |
//! | an inbox (feature `inbox`) | `{APPID}:inbox:KIND`, `{inbox}:apps` | never: a message leaves when it is handled |
//! | a probe of the connection | `{APPID}:probe`, `{probe}:probe` | a second |
//!
//! The part in braces selects the slot of a cluster: all keys of an app are on one node, so the load
//! of several apps is spread. A store needs few megabytes, and an inbox the size of its messages. Use
//! `maxmemory-policy noeviction`: with another policy a server that is full may evict a lease or a
//! claim, and two instances then do the same work, or it loses the messages of an inbox. The user of
//! the store needs the rules `~PREFIX:* &PREFIX:* +@all -@dangerous` or more, and `+role` with
//! Sentinel.
//!
//! # Deadlines and the circuit
//!
//! Each command has a [deadline](RedisStore::command_timeout) of 300 milliseconds, and each attempt to
//! connect [one](RedisStore::connect_timeout) of its own. The first command that misses its deadline,
//! or that the server cannot serve, opens a *circuit*: until it closes, commands fail at once, so a
//! dead server costs a caller its deadline once. Commands on the way at that moment also wait for
//! their own deadlines.
//!
//! A background task connects again, after pauses that double from 50 milliseconds to 2 seconds and
//! vary between instances, and closes the circuit when it could write a probe. Once the server works,
//! that takes at most 2 seconds and the time to connect: 1 second, or 3 with a cluster. The pauses start
//! over when a connection has worked for 10 seconds.
//!
//! An idle connection is used every 5 seconds. One that has died is replaced before it is needed, and
//! nothing is logged.
//!
//! Each change of the circuit is one line: a warning `Redis is unavailable` with the cause, and later
//! `Redis is available again` at level INFO. Commands that fail meanwhile log nothing.
//!
//! # What a caller sees
//!
//! Each column says how long Redis is missed. What that means for each kind of state is the same for
//! all of them, and in the table below.
//!
//! | fault | the circuit is open, or Redis is missed |
//! |---|---|
//! | slow: answers after the deadline | from the first late answer until the server is fast again, and the recovery |
//! | full, or read-only | from the first refused write until writes work, and the recovery |
//! | gone, or its packets are lost | from the first command that fails until it is back, and the recovery |
//! | restarted empty, or flushed | not for a flush; for a restart, as gone |
//! | failing over, with Sentinel | as gone: `down-after-milliseconds`, the election, and the recovery |
//! | failing over, in a cluster | as gone, for the apps of all slots: `cluster-node-timeout`, the election, and the recovery |
//! | a slot is moved, in a cluster | not; a command on keys that are being moved may fail alone |
//!
//! *The recovery* is the time above: at most 3 seconds, or 5 with a cluster.
//!
//! | state | while Redis is missed | after its data was lost |
//! |---|---|---|
//! | tokens and tickets | cached ones are used; each instance fetches its own. `stable_token` gives all of them the same one. With the classic grant, a fetch ends the token of the others, which fetch again: each call succeeds | the next fetch is stored; one more fetch of each token |
//! | budgets | each instance counts by itself | the counts start over |
//! | pushes ([dedup](crate::callback::dedup)) | each instance deduplicates alone: a push that is sent again to another instance runs there, too | a push that was finished before runs again if it is sent again to another instance |
//! | codes ([oauth](crate::oauth)) | the instance that exchanged a code answers reloads; on another the user signs in again | as before the loss on the same instance; on another the user signs in again |
//! | scans ([scan_login](crate::scan_login)) | new sign-ins get 503. Pages that wait go on waiting. The push of a scan fails, and the platform sends it twice more within 15 seconds | the pages' sign-ins have ended: the user scans a new code |
//! | late replies ([pick_up](crate::callback::deadline::pick_up)) | nothing is picked up; a new late reply is lost, and logged | waiting parts are lost |
//! | messages of an inbox (`callback::inbox`) | new ones are not acknowledged: the platform sends them again. Running handlers go on, and run once more if their lease ends meanwhile | acknowledged messages are lost: `callback::inbox` names the settings that prevent it |
//!
//! No call fails because of Redis that the cache or the platform can serve, with one exception: who can
//! write to Redis can spend the budgets (below).
//!
//! # Sealing
//!
//! A company's Redis is often shared, dumped and backed up. With [`RedisStore::seal`] every value
//! that identifies a user or gives access is encrypted with AES-256-GCM. Each record has a key of its
//! own, derived from the [`SealKey`] and the record's name, and a random nonce. The name is also part of
//! what is authenticated. Openids, codes, states and scenes appear in names as keyed hashes, and tokens
//! are compared by keyed hashes. A record that cannot be opened is treated as missing, except that a
//! message of an inbox waits for an instance that can open it.
//!
//! | an attacker who can | without a key | with a key |
//! |---|---|---|
//! | read Redis | has the access tokens of all apps, the openids, and the replies | sees appids, counts, sizes and times |
//! | write to Redis | also signs in as any user, and answers pushes with any text | cannot write a record that is accepted, or move one to another app, kind or user. Can restore an old record under its name, extend its life, and delete it: a token is then refused by the platform and fetched again, and a push runs again |
//! | write to Redis | can hold leases, which delays each fetch by 10 seconds, and spend the budgets, after which fetches fail | the same |
//! | read the memory of an instance | has all keys | has all keys |
//!
//! So give the store a user of its own and TLS (`rediss://`), also with a key. Names, leases, fences
//! and counts are not encrypted. Times to live are not authenticated.
//!
//! To rotate the key, deploy twice:
//!
//! 1. `.seal(new).previous_seal(old)`. Instances with it read both keys and write the new one. The names
//!    remain those of the old key, so that all instances find the same records. Instances that are
//!    not deployed yet cannot read what the others write: to them it is missing.
//! 2. `.seal(new)`, two hours later or more. The names change to those of the new key, so the two halves
//!    of the deploy do not see each other's pushes, codes, scans and late replies.
//!
//! During each of the two, a token may be fetched once more, a push sent again may run again, and a
//! sign-in may have to start again, as while Redis is missed. To introduce a key, or to give it up,
//! deploy `.seal(new)` or none, with the same effects.
//!
//! # Several connections
//!
//! A store has one connection for commands, which all its clones and all callers share: commands are
//! sent as they come, and answered in order. A pool would add nothing, since no command blocks. A
//! second connection subscribes to scans, while pages wait for them. In a cluster, there is one
//! connection for commands to each node.
//!
//! Connections live on the runtime of the first caller. If it stops, the next command connects again
//! on its own.
//!
//! # Metrics
//!
//! With the feature `metrics`, labelled with the `prefix` of the store:
//!
//! | metric | |
//! |---|---|
//! | `wechat_redis_up` | gauge: 1 while the circuit is closed, 0 while it is open; absent before the first attempt to connect |
//! | `wechat_redis_errors_total` | counter of failed commands, by `reason` |
//!
//! | `reason` | the command |
//! |---|---|
//! | `timeout` | missed its deadline |
//! | `connection` | lost its connection |
//! | `server` | was refused by the server |
//! | `circuit_open` | was not sent |

mod back_off;
mod codes;
mod command;
mod connect;
mod dedup;
mod driver;
mod failure;
mod in_charge;
#[cfg(feature = "inbox")]
mod inbox;
mod link;
mod listener;
mod metrics;
mod names;
mod pick_up;
mod probe;
mod scans;
mod script;
mod settings;
mod store;
mod subscription;
mod tokens;

pub use self::store::RedisStore;
pub use crate::seal::SealKey;
