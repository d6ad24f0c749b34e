//! Stores of late replies that break one rule each.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::Instant;
use tower_wechat::callback::deadline::pick_up::{MemoryPickUpStore, PickUpStore, Taken};
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::shared::conformance;
use tower_wechat::{AppId, Message, Reply, StoreError};

use super::clock::TokioClock;

const LONG: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    PutsLastFirst,
    CountsWrongly,
    /// Gives a message that is retried the next part.
    ForgetsTakers,
    GivesBackForAll,
    GivesBackToTheEnd,
    MixesApps,
    MixesUsers,
    IgnoresCase,
    HasNoLimit,
    /// Counts a part that was taken as one that waits.
    CountsTaken,
    KeepsTextsOnly,
    /// Reads the first part, and removes it in another step.
    TakesInTwoSteps,
    KeepsParts,
    /// Drops a part that was taken at the end of its age.
    DropsTaken,
    RefusesLongAges,
}

struct Store {
    fault: Fault,
    inner: MemoryPickUpStore,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// How many parts were put for each user.
    put: HashMap<(AppId, String), usize>,
    /// What each message took, and when.
    taken: HashMap<DedupKey, (Reply, Instant)>,
    last: HashMap<(AppId, String), DedupKey>,
    /// By which key the store knows a message.
    known_as: HashMap<DedupKey, DedupKey>,
    keys: usize,
}

impl Store {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryPickUpStore::new().clock(TokioClock::new()),
            seen: Mutex::default(),
        }
    }

    fn user(&self, appid: &AppId, openid: &str) -> (AppId, String) {
        match self.fault {
            Fault::MixesApps => (AppId::new("wx3cc8fd6963e31a32").unwrap(), openid.to_owned()),
            Fault::MixesUsers => (appid.clone(), "o1".to_owned()),
            Fault::IgnoresCase => (appid.clone(), openid.to_lowercase()),
            _ => (appid.clone(), openid.to_owned()),
        }
    }

    /// Returns a key of no message.
    fn another_key(&self) -> DedupKey {
        let mut seen = self.seen.lock().unwrap();
        seen.keys += 1;
        let document = format!("<xml><MsgId>{}</MsgId></xml>", seen.keys);
        let appid = AppId::new("wx3cc8fd6963e31a32").unwrap();
        DedupKey::new(&Message::parse(appid, document).unwrap())
    }

    fn known(&self, message: &DedupKey) -> DedupKey {
        let seen = self.seen.lock().unwrap();
        *seen.known_as.get(message).unwrap_or(message)
    }

    fn taken(&self, message: &DedupKey) -> Option<(Reply, Instant)> {
        self.seen.lock().unwrap().taken.get(message).cloned()
    }
}

impl PickUpStore for Store {
    async fn put(
        &self,
        appid: &AppId,
        openid: &str,
        mut parts: Vec<Reply>,
        max_parts: usize,
        max_age: Duration,
    ) -> Result<usize, StoreError> {
        let user = self.user(appid, openid);
        let (appid, openid) = (&user.0, &*user.1);
        let mut max_parts = max_parts;
        {
            let mut seen = self.seen.lock().unwrap();
            let put = seen.put.entry(user.clone());
            let put = put.or_default();
            match self.fault {
                Fault::PutsLastFirst => parts.reverse(),
                Fault::HasNoLimit => max_parts = usize::MAX,
                Fault::CountsTaken => parts.truncate(max_parts.saturating_sub(*put)),
                Fault::KeepsTextsOnly => {
                    for part in &mut parts {
                        *part = Reply::text(part.as_text().unwrap_or("?"));
                    }
                }
                _ => {}
            }
            *put += parts.len();
        }
        let max_age = match self.fault {
            Fault::KeepsParts => LONG,
            Fault::RefusesLongAges if max_age > LONG => return Ok(0),
            _ => max_age,
        };
        let added = self.inner.put(appid, openid, parts, max_parts, max_age);
        added.await
    }

    async fn take(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<Option<Taken>, StoreError> {
        let user = self.user(appid, openid);
        let (appid, openid) = (&user.0, &*user.1);
        let before = self.taken(message);
        let mut read = None;
        match (self.fault, &before) {
            (Fault::ForgetsTakers, Some(_)) => {
                let key = self.another_key();
                self.seen.lock().unwrap().known_as.insert(*message, key);
            }
            (Fault::DropsTaken, Some((_, at))) if at.elapsed() > Duration::from_secs(1) => {
                return Ok(None);
            }
            (Fault::TakesInTwoSteps, None) => {
                let reader = self.another_key();
                read = self.inner.take(appid, openid, &reader).await?;
                self.inner.give_back(appid, openid, &reader).await?;
                yield_now().await;
            }
            _ => {}
        }
        let taken = self.inner.take(appid, openid, &self.known(message)).await?;
        let Some(mut taken) = taken else {
            return Ok(None);
        };
        if let Some(read) = read {
            taken.reply = read.reply;
        }
        if self.fault == Fault::CountsWrongly {
            taken.left += 1;
        }
        let mut seen = self.seen.lock().unwrap();
        let at = before.map_or_else(Instant::now, |(_, at)| at);
        seen.taken.insert(*message, (taken.reply.clone(), at));
        seen.last.insert(user.clone(), *message);
        Ok(Some(taken))
    }

    async fn give_back(
        &self,
        appid: &AppId,
        openid: &str,
        message: &DedupKey,
    ) -> Result<(), StoreError> {
        let user = self.user(appid, openid);
        let (appid, openid) = (&user.0, &*user.1);
        let mut message = *message;
        match self.fault {
            Fault::GivesBackForAll => {
                let seen = self.seen.lock().unwrap();
                let last = seen.last.get(&user);
                message = last.copied().unwrap_or(message);
            }
            Fault::GivesBackToTheEnd => {
                let Some((reply, _)) = self.taken(&message) else {
                    return Ok(());
                };
                // The message is another one from here on, so that its part stays taken.
                let key = self.another_key();
                self.seen.lock().unwrap().known_as.insert(message, key);
                let put = self.inner.put(appid, openid, vec![reply], 32, LONG);
                return put.await.map(|_| ());
            }
            _ => {}
        }
        let message = self.known(&message);
        self.inner.give_back(appid, openid, &message).await
    }
}

/// Returns the rule that the store breaks.
async fn broken(fault: Fault) -> Option<&'static str> {
    let kept = conformance::pick_up_store(&Store::new(fault)).await;
    kept.err().map(|broken| broken.rule())
}

#[tokio::test(start_paused = true)]
async fn each_broken_rule_is_found() {
    let ordered = "parts come in order, with the number of those that wait";
    let apart = "a user of an app gets no part of another user or of another app";
    let expected = [
        (Fault::PutsLastFirst, ordered),
        (Fault::CountsWrongly, ordered),
        (
            Fault::ForgetsTakers,
            "a message that is retried gets its part again",
        ),
        (
            Fault::GivesBackForAll,
            "a message gives back only the part that it took",
        ),
        (
            Fault::GivesBackToTheEnd,
            "a part that is given back returns to its place",
        ),
        (Fault::MixesApps, apart),
        (Fault::MixesUsers, apart),
        (Fault::IgnoresCase, apart),
        (
            Fault::HasNoLimit,
            "no more parts wait than allowed, and the first are kept",
        ),
        (
            Fault::CountsTaken,
            "a part that was taken leaves room for another",
        ),
        (Fault::KeepsTextsOnly, "a part is taken as it was put"),
        (
            Fault::TakesInTwoSteps,
            "messages at the same time take different parts",
        ),
        (Fault::KeepsParts, "a part expires after its own age"),
        (
            Fault::DropsTaken,
            "a part stays with the message that took it, also beyond its age",
        ),
        (Fault::RefusesLongAges, "a part may have any age"),
    ];
    assert_eq!(broken(Fault::None).await, None);
    for (fault, rule) in expected {
        assert_eq!(broken(fault).await, Some(rule));
    }
}
