//! The connection that hears of scans, for all pages that wait on this instance.
//!
//! It opens when the first page waits, and closes when none has waited for a minute. While it is
//! broken, each waiting page reads its scene every one to two seconds, and once more when the
//! connection is open again.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

use crate::store::StoreError;

/// The most scenes that pages wait for.
const SCENES_MAX: usize = 100_000;

/// The most reads at a time. Without the limit, thousands of pages that are woken together could
/// make each other miss the deadline of commands.
const READS_MAX: usize = 64;

pub(super) struct Subscription {
    waiting: Mutex<Waiting>,
    /// Whether a scan that is published now is heard. Pages read their scenes after each change.
    is_up: watch::Sender<bool>,
    reads: Semaphore,
}

#[derive(Default)]
struct Waiting {
    scenes: HashMap<String, Scene>,
    /// Whether a task listens, or tries to.
    has_listener: bool,
}

struct Scene {
    woken: watch::Sender<()>,
    pages: usize,
}

impl Subscription {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            is_up: watch::Sender::new(false),
            reads: Semaphore::new(READS_MAX),
        })
    }

    /// Registers a page that waits for a scene, until the returned guard is dropped.
    pub(super) fn enter<'a>(&'a self, scene: &'a str) -> Result<Page<'a>, StoreError> {
        let mut waiting = self.waiting();
        if waiting.scenes.len() >= SCENES_MAX && !waiting.scenes.contains_key(scene) {
            return Err(StoreError::new("too many pages wait for a scan"));
        }
        let entry = waiting.scenes.entry(scene.to_owned());
        let entry = entry.or_insert_with(|| Scene {
            woken: watch::Sender::new(()),
            pages: 0,
        });
        entry.pages += 1;
        Ok(Page {
            subscription: self,
            scene,
            woken: entry.woken.subscribe(),
            is_up: self.is_up.subscribe(),
        })
    }

    /// Notes that a task listens from now on. Returns whether none did before.
    pub(super) fn begin(&self) -> bool {
        !std::mem::replace(&mut self.waiting().has_listener, true)
    }

    /// Waits for permission to read a scene.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed.
        self.reads.acquire().await.ok()
    }

    pub(super) fn set_up(&self, is_up: bool) {
        self.is_up.send_replace(is_up);
    }

    pub(super) fn wake(&self, scene: &str) {
        if let Some(scene) = self.waiting().scenes.get(scene) {
            scene.woken.send_replace(());
        }
    }

    pub(super) fn has_pages(&self) -> bool {
        !self.waiting().scenes.is_empty()
    }

    /// Forgets the listener if no page waits. Returns whether it did.
    pub(super) fn end_idle(&self) -> bool {
        let mut waiting = self.waiting();
        let is_idle = waiting.scenes.is_empty();
        if is_idle {
            // Before the lock is released: the next page must not rely on this listener.
            waiting.has_listener = false;
            self.set_up(false);
        }
        is_idle
    }

    /// Forgets a listener whose runtime has stopped, and wakes the pages: one that is on another
    /// runtime starts the next.
    pub(super) fn end(&self) {
        self.waiting().has_listener = false;
        self.set_up(false);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page that waits for a scene.
pub(super) struct Page<'a> {
    subscription: &'a Subscription,
    scene: &'a str,
    woken: watch::Receiver<()>,
    is_up: watch::Receiver<bool>,
}

impl Page<'_> {
    /// Takes note of what happened so far, before the scene is read. Returns whether a scan that is
    /// published from now on is heard.
    pub(super) fn look(&mut self) -> bool {
        self.woken.mark_unchanged();
        *self.is_up.borrow_and_update()
    }

    /// Waits until the scene was scanned or closed, the connection opened or broke, or for `limit`.
    pub(super) async fn woken(&mut self, limit: Duration) {
        let (mut woken, mut changed) = (pin!(self.woken.changed()), pin!(self.is_up.changed()));
        let either = poll_fn(|cx| {
            let is_woken = woken.as_mut().poll(cx).is_ready();
            match is_woken || changed.as_mut().poll(cx).is_ready() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
        // When the time is up, the page reads the scene, too.
        let _ = timeout(limit, either).await;
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        let mut waiting = self.subscription.waiting();
        if let Some(scene) = waiting.scenes.get_mut(self.scene) {
            scene.pages -= 1;
            if scene.pages == 0 {
                waiting.scenes.remove(self.scene);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_left_leaves_nothing() {
        let subscription = Subscription::new();
        let pages = ["a", "a", "b"].map(|scene| subscription.enter(scene).unwrap());
        assert_eq!(subscription.waiting().scenes.len(), 2);
        assert!(!subscription.end_idle());
        let [first, second, third] = pages;
        drop((first, third));
        assert_eq!(subscription.waiting().scenes.len(), 1);
        drop(second);
        assert!(subscription.waiting().scenes.is_empty() && subscription.end_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn what_happens_between_the_look_and_the_wait_is_not_missed() {
        let subscription = Subscription::new();
        let mut page = subscription.enter("a").unwrap();
        let began = tokio::time::Instant::now();
        let minute = Duration::from_secs(60);
        assert!(!page.look());
        subscription.wake("b");
        subscription.wake("a");
        page.woken(minute).await;
        page.look();
        subscription.set_up(true);
        page.woken(minute).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(page.look());
        subscription.wake("b");
        page.woken(minute).await;
        assert_eq!(began.elapsed(), minute);
    }
}
