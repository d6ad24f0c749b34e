//! The task that listens for scans.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_core::Stream;
use redis::aio::PubSub;
use redis::{Msg, RedisResult, Value};
use tokio::time::{Instant, timeout, timeout_at};

use super::back_off::BackOff;
use super::failure::Failure;
use super::names;
use super::settings::{Servers, Settings};
use super::subscription::Subscription;
use crate::error::chain;

/// How often the connection is checked. One that died silently delays a page for so long.
const CHECK: Duration = Duration::from_secs(2);

/// How long the connection stays open while no page waits.
const IDLE: Duration = Duration::from_secs(60);

/// It ends when the store is dropped, or when no page has waited for a minute. If its runtime stops,
/// a waiting page starts another one.
pub(super) struct Listener {
    subscription: Weak<Subscription>,
    settings: Settings,
    /// When a page waited last.
    needed: Instant,
}

/// Why the listener stopped to hear.
enum End {
    Broken,
    Unneeded,
}

impl Listener {
    /// Starts a listener, unless there is one.
    pub(super) fn ensure(subscription: &Arc<Subscription>, settings: &Settings) {
        if subscription.begin() {
            let listener = Self {
                subscription: Arc::downgrade(subscription),
                settings: settings.clone(),
                needed: Instant::now(),
            };
            tokio::spawn(listener.run());
        }
    }

    async fn run(mut self) {
        let mut pauses = BackOff::new();
        let mut has_failed = false;
        while self.is_needed() {
            match self.subscribe().await {
                Ok(connection) => {
                    pauses.reset();
                    if std::mem::take(&mut has_failed) {
                        tracing::info!("subscribed to scans");
                    }
                    if let End::Unneeded = self.hear(connection).await {
                        return;
                    }
                }
                Err(failure) if !has_failed => {
                    has_failed = true;
                    let error = chain(&failure);
                    tracing::warn!(error, "could not subscribe to scans: pages wait by polling");
                }
                Err(_) => {}
            }
            pauses.rest().await;
        }
    }

    async fn subscribe(&self) -> Result<PubSub, Failure> {
        let servers = match &self.settings.servers {
            Servers::Single(_) => 1,
            // They are asked in turn, and then the one that was found.
            Servers::Sentinel {
                sentinels: servers, ..
            }
            | Servers::Cluster(servers) => servers.len().saturating_add(1),
        };
        let servers = u32::try_from(servers).unwrap_or(u32::MAX);
        let limit = self.settings.connect_timeout.saturating_mul(servers);
        let subscribed = async {
            let mut connection = self.settings.subscribe().await?;
            let channel = names::channel(&self.settings.prefix);
            connection.subscribe(channel).await?;
            RedisResult::Ok(connection)
        };
        let subscribed = timeout(limit, subscribed).await;
        subscribed
            .map_err(|_| Failure::Connect)?
            .map_err(Failure::of)
    }

    /// Wakes pages until the connection breaks, or none needs it.
    async fn hear(&mut self, connection: PubSub) -> End {
        let (mut sink, mut scans) = connection.split();
        self.set_up(true);
        let mut check = Instant::now() + CHECK;
        loop {
            let next = poll_fn(|cx| Pin::new(&mut scans).poll_next(cx));
            match timeout_at(check, next).await {
                Ok(Some(scan)) => self.wake(&scan),
                Ok(None) => break,
                Err(_) if !self.is_needed() => return End::Unneeded,
                Err(_) => {
                    let pong = timeout(self.settings.connect_timeout, sink.ping::<Value>());
                    if !matches!(pong.await, Ok(Ok(_))) {
                        break;
                    }
                    check = Instant::now() + CHECK;
                }
            }
        }
        self.set_up(false);
        End::Broken
    }

    fn set_up(&self, is_up: bool) {
        if let Some(subscription) = self.subscription.upgrade() {
            subscription.set_up(is_up);
        }
    }

    fn wake(&self, scan: &Msg) {
        if let Some(subscription) = self.subscription.upgrade()
            && let Ok(scene) = std::str::from_utf8(scan.get_payload_bytes())
        {
            subscription.wake(scene);
        }
    }

    /// Returns whether a page waits, or waited a moment ago.
    fn is_needed(&mut self) -> bool {
        let Some(subscription) = self.subscription.upgrade() else {
            return false;
        };
        if subscription.has_pages() {
            self.needed = Instant::now();
        }
        if self.needed.elapsed() < IDLE || !subscription.end_idle() {
            return true;
        }
        // It has been forgotten, and another one may listen by now.
        self.subscription = Weak::new();
        false
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(subscription) = self.subscription.upgrade() {
            subscription.end();
        }
    }
}
