//! The rules of an [`InboxStore`].

use std::time::Duration;

use bytes::Bytes;

use super::broken::{Broken, rule};
use super::samples;
use super::{SHORT, after};
use crate::app::AppId;
use crate::callback::dedup::DedupKey;
use crate::callback::inbox::{DeadLimits, Entry, EntryKey, InboxStore, Put, Taken, TakenEntry};
use crate::store::{Owner, StoreError};

const LONG: Duration = Duration::from_secs(3600);
const NOW: Duration = Duration::ZERO;

/// How often a store is asked for an entry that it may give later.
const ASKED_MAX: usize = 50;

/// Checks an inbox: what is stored is taken once and in order, by the owner of its lease.
///
/// The store must be empty, and not be in use.
///
/// # Errors
/// The first broken rule.
pub async fn inbox_store(store: &impl InboxStore) -> Result<(), Broken> {
    let appid = samples::app();
    taken_once(store, &appid).await?;
    in_order(store, &appid).await?;
    leased(store, &appid).await?;
    held_from_the_start(store, &appid).await?;
    dead_letters(store, &appid).await
}

/// An entry is known from when it is stored until its window ends, and runs once.
async fn taken_once(store: &impl InboxStore, appid: &AppId) -> Result<(), Broken> {
    let entry = entry(appid, "user");
    let key = &entry.key;
    rule(
        "a new key is not known",
        store.is_known(key).await,
        |known| !known,
    )?;
    rule(
        "an entry can be stored",
        store.put(&entry, None, LONG).await,
        |put| *put == Put::Stored,
    )?;
    let known = "an entry with the same key is not stored twice";
    rule(known, store.put(&entry, None, LONG).await, |put| {
        *put == Put::Known
    })?;
    rule(known, store.is_known(key).await, |known| *known)?;
    rule("entries are counted", store.contents().await, |contents| {
        contents.depth == 1 && contents.oldest.is_some()
    })?;
    let owner = Owner::new();
    rule(
        "what was stored is taken, as its first try",
        take(store, &owner, LONG).await,
        |taken| {
            taken
                .as_ref()
                .is_some_and(|taken| taken.entry == entry && taken.attempt == 1)
        },
    )?;
    let other = Owner::new();
    rule(
        "an entry is taken once",
        store.take(&other, LONG).await,
        is_nothing,
    )?;
    let others = "only its owner ends an entry";
    let not = |ended: &bool| !ended;
    rule(others, store.finish(key, &other, LONG).await, not)?;
    rule(others, store.retry(key, &other, NOW, None).await, not)?;
    rule(others, store.renew(key, &other, LONG).await, not)?;
    let limits = DeadLimits::new(10, LONG);
    rule(others, store.bury(key, &other, "no", limits).await, not)?;
    rule(
        "its owner ends an entry",
        store.finish(key, &owner, SHORT).await,
        |ended| *ended,
    )?;
    rule(
        "an entry ends once",
        store.finish(key, &owner, SHORT).await,
        not,
    )?;
    let remembered = "a finished key is known for its window";
    rule(remembered, store.put(&entry, None, LONG).await, |put| {
        *put == Put::Known
    })?;
    after(SHORT).await;
    rule(
        "a finished key is forgotten after its window",
        store.is_known(key).await,
        |known| !known,
    )?;
    Ok(())
}

/// The entries of a user run one after the other, and a pause does not change their order.
async fn in_order(store: &impl InboxStore, appid: &AppId) -> Result<(), Broken> {
    let [one, two] = [entry(appid, "user"), entry(appid, "user")];
    let other = entry(appid, "another");
    for entry in [&one, &two, &other] {
        let stored = store.put(entry, None, LONG).await;
        rule("several entries can be stored", stored, |put| {
            *put == Put::Stored
        })?;
    }
    let (first, second) = (Owner::new(), Owner::new());
    let is = |wanted: &Entry, attempt: u32| {
        let wanted = wanted.clone();
        move |taken: &Option<TakenEntry>| {
            let is = |taken: &TakenEntry| taken.entry == wanted && taken.attempt == attempt;
            taken.as_ref().is_some_and(is)
        }
    };
    rule(
        "the oldest entry is taken first",
        take(store, &first, LONG).await,
        is(&one, 1),
    )?;
    let retried = store.retry(&one.key, &first, SHORT, None).await;
    rule("an entry can be tried again", retried, |retried| *retried)?;
    let blocked = "a pause holds back its user, and nobody else";
    rule(blocked, take(store, &second, LONG).await, is(&other, 1))?;
    rule(blocked, store.take(&Owner::new(), LONG).await, is_nothing)?;
    after(SHORT).await;
    let again = "after its pause, an entry is taken before the later ones of its user";
    let first = Owner::new();
    rule(again, take(store, &first, LONG).await, is(&one, 2))?;
    let payload = Bytes::from_static(b"another payload");
    let retried = store.retry(&one.key, &first, NOW, Some(&payload)).await;
    rule("an entry can be tried again", retried, |retried| *retried)?;
    let first = Owner::new();
    let changed = Entry::new(one.key.clone(), payload);
    let replaced = "an entry is taken with its new payload";
    rule(replaced, take(store, &first, LONG).await, is(&changed, 3))?;
    let ended = "its owner ends an entry";
    rule(ended, store.finish(&one.key, &first, LONG).await, |ended| {
        *ended
    })?;
    let next = Owner::new();
    let freed = "the end of an entry frees the next one of its user";
    rule(freed, take(store, &next, LONG).await, is(&two, 1))?;
    rule(ended, store.finish(&two.key, &next, LONG).await, |ended| {
        *ended
    })?;
    rule(
        ended,
        store.finish(&other.key, &second, LONG).await,
        |ended| *ended,
    )?;
    Ok(())
}

/// An entry whose holder died is taken by another.
async fn leased(store: &impl InboxStore, appid: &AppId) -> Result<(), Broken> {
    let entry = entry(appid, "user");
    let (first, second) = (Owner::new(), Owner::new());
    let stored = store.put(&entry, None, LONG).await;
    rule("an entry can be stored", stored, |put| *put == Put::Stored)?;
    let taken = take(store, &first, SHORT).await;
    rule("what was stored is taken", taken, Option::is_some)?;
    let renewed = store.renew(&entry.key, &first, SHORT * 2).await;
    rule("its owner extends a lease", renewed, |renewed| *renewed)?;
    tokio::time::sleep(SHORT + SHORT / 5).await;
    let kept = store.take(&second, LONG).await;
    rule("an extended lease does not end early", kept, is_nothing)?;
    after(SHORT).await;
    let ends = "a lease ends by itself, and another owner takes the entry";
    rule(ends, take(store, &second, LONG).await, |taken| {
        taken.as_ref().is_some_and(|taken| taken.attempt == 2)
    })?;
    let lost = "an owner whose lease ended does not end the entry";
    rule(
        lost,
        store.finish(&entry.key, &first, LONG).await,
        |ended| !ended,
    )?;
    rule(
        lost,
        store.renew(&entry.key, &first, LONG).await,
        |renewed| !renewed,
    )?;
    let ended = store.finish(&entry.key, &second, LONG).await;
    rule("its owner ends an entry", ended, |ended| *ended)?;
    Ok(())
}

/// An entry that is stored while its handler runs is held by it.
async fn held_from_the_start(store: &impl InboxStore, appid: &AppId) -> Result<(), Broken> {
    let [waiting, held] = [entry(appid, "user"), entry(appid, "user")];
    let (owner, other) = (Owner::new(), Owner::new());
    let stored = |put: &Put| *put == Put::Stored;
    rule(
        "an entry can be stored",
        store.put(&waiting, None, LONG).await,
        stored,
    )?;
    let first = store.put(&held, Some(&owner), LONG).await;
    rule("an entry can be stored for a holder", first, stored)?;
    let again = store.put(&held, Some(&owner), LONG).await;
    rule("the holder may store its entry again", again, stored)?;
    let known = store.put(&held, Some(&other), LONG).await;
    rule("an entry has one holder", known, |put| *put == Put::Known)?;
    let taken = take(store, &other, LONG).await;
    rule("the earlier entry can be taken", taken, |taken| {
        taken.as_ref().is_some_and(|taken| taken.entry == waiting)
    })?;
    let ended = store.finish(&waiting.key, &other, LONG).await;
    rule("its owner ends an entry", ended, |ended| *ended)?;
    let nothing = store.take(&other, LONG).await;
    rule("an entry with a holder is not taken", nothing, is_nothing)?;
    let retried = store.retry(&held.key, &owner, NOW, None).await;
    rule("the holder may give its entry back", retried, |retried| {
        *retried
    })?;
    let next = Owner::new();
    rule(
        "the run of the holder was the first try",
        take(store, &next, LONG).await,
        |taken| taken.as_ref().is_some_and(|taken| taken.attempt == 2),
    )?;
    let ended = store.finish(&held.key, &next, NOW).await;
    rule("its owner ends an entry", ended, |ended| *ended)?;
    let forgotten = store.is_known(&held.key).await;
    rule(
        "without a window, a finished key is not known",
        forgotten,
        |known| !known,
    )?;
    Ok(())
}

/// Dead letters are kept within their limits, and can be run again or dropped.
async fn dead_letters(store: &impl InboxStore, appid: &AppId) -> Result<(), Broken> {
    let entries = [0; 3].map(|_| entry(appid, "user"));
    let limits = DeadLimits::new(2, LONG);
    for entry in &entries {
        let stored = store.put(entry, None, LONG).await;
        rule("an entry can be stored", stored, |put| *put == Put::Stored)?;
        let owner = Owner::new();
        let taken = take(store, &owner, LONG).await;
        rule(
            "a dead letter frees the next entry of its user",
            taken,
            Option::is_some,
        )?;
        let buried = store.bury(&entry.key, &owner, "the reason", limits).await;
        rule("its owner gives an entry up", buried, |buried| *buried)?;
    }
    let [dropped, one, two] = &entries;
    let listed = "the newest dead letters are kept and listed, the oldest first";
    rule(listed, store.dead_letters(10).await, |letters| {
        let listed = letters.iter().map(|letter| &letter.entry);
        let all = letters
            .iter()
            .all(|letter| letter.error == "the reason" && letter.attempts == 1);
        all && listed.eq([one, two])
    })?;
    let counted = store.contents().await;
    rule("dead letters are counted", counted, |contents| {
        (contents.depth, contents.dead_letters) == (0, 2)
    })?;
    let known = store.put(one, None, LONG).await;
    rule("the key of a dead letter is known", known, |put| {
        *put == Put::Known
    })?;
    let absent = "an absent dead letter is neither run again nor dropped";
    rule(absent, store.revive(&dropped.key).await, |revived| !revived)?;
    rule(absent, store.discard(&dropped.key).await, |discarded| {
        !discarded
    })?;
    let owner = Owner::new();
    let revived = store.revive(&one.key).await;
    rule("a dead letter can be run again", revived, |revived| {
        *revived
    })?;
    rule(
        "a dead letter runs again as its first try",
        take(store, &owner, LONG).await,
        |taken| {
            taken
                .as_ref()
                .is_some_and(|taken| taken.entry == *one && taken.attempt == 1)
        },
    )?;
    let ended = store.finish(&one.key, &owner, LONG).await;
    rule("its owner ends an entry", ended, |ended| *ended)?;
    let discarded = store.discard(&two.key).await;
    rule("a dead letter can be dropped", discarded, |discarded| {
        *discarded
    })?;
    let empty = store.dead_letters(10).await;
    rule(
        "a dead letter that was run again or dropped is gone",
        empty,
        Vec::is_empty,
    )?;
    Ok(())
}

/// Takes an entry. A store may need some time after the end of another.
async fn take(
    store: &impl InboxStore,
    owner: &Owner,
    lease: Duration,
) -> Result<Option<TakenEntry>, StoreError> {
    for _ in 0..ASKED_MAX {
        if let Taken::Entry(entry) = store.take(owner, lease).await? {
            return Ok(Some(entry));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(None)
}

fn is_nothing(taken: &Taken) -> bool {
    matches!(taken, Taken::Nothing(_))
}

/// Returns an entry that no other check uses.
fn entry(appid: &AppId, openid: &str) -> Entry {
    let dedup = DedupKey::from_bytes(rand::random());
    let key = EntryKey::new(appid.clone(), openid, dedup);
    let payload: [u8; 32] = rand::random();
    Entry::new(key, payload.to_vec())
}
