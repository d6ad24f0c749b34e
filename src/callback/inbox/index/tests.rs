use super::*;
use crate::app::AppId;

const LIMITS: Limits = Limits {
    bytes: 10_000,
    cache: 10_000,
};

fn key(user: &str, number: u8) -> EntryKey {
    let appid = AppId::new("wx1").unwrap();
    EntryKey::new(appid, user, DedupKey::from_bytes([number; 20]))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn put(index: &mut Index, user: &str, number: u8, holder: Option<Owner>) -> u64 {
    let holder = holder.map(|owner| (owner, at(15)));
    let payload = Bytes::from_static(b"payload");
    let epoch = SystemTime::UNIX_EPOCH;
    match index.reserve(&key(user, number), &payload, holder, epoch, at(0)) {
        Reserved::New(number) => number,
        _ => panic!("not new"),
    }
}

fn stored(index: &mut Index, user: &str, number: u8) {
    let place = put(index, user, number, None);
    index.commit(place);
}

fn take(index: &mut Index, now: u64) -> Option<(u8, Owner)> {
    let owner = Owner::new();
    let claimed = index.take(owner, at(now + 15), at(now)).ok()?;
    Some((claimed.key.dedup.as_bytes()[0], owner))
}

fn dedup(number: u8) -> DedupKey {
    DedupKey::from_bytes([number; 20])
}

#[test]
fn the_entries_of_a_user_are_taken_one_after_the_other() {
    let mut index = Index::new(LIMITS);
    for (user, number) in [("a", 1), ("a", 2), ("b", 3), ("", 4), ("", 5)] {
        stored(&mut index, user, number);
    }
    let (one, owner) = take(&mut index, 0).unwrap();
    let others: Vec<_> = std::iter::from_fn(|| take(&mut index, 0)).collect();
    let others: Vec<_> = others.iter().map(|(number, _)| *number).collect();
    assert_eq!((one, &*others), (1, &[3, 4, 5][..]));
    assert!(index.finish(&dedup(1), &owner, at(75), at(0)).is_some());
    assert_eq!(take(&mut index, 0).unwrap().0, 2);
}

#[test]
fn a_pause_holds_back_its_user_only() {
    let mut index = Index::new(LIMITS);
    for (user, number) in [("a", 1), ("a", 2), ("b", 3)] {
        stored(&mut index, user, number);
    }
    let (_, owner) = take(&mut index, 0).unwrap();
    assert!(index.retry(&dedup(1), &owner, at(9), None).is_some());
    assert_eq!(take(&mut index, 0).unwrap().0, 3);
    let next = index.take(Owner::new(), at(20), at(5)).err().unwrap();
    assert_eq!(next, Some(at(4)));
    assert_eq!(take(&mut index, 9).unwrap().0, 1);
}

#[test]
fn an_entry_is_available_when_it_is_written_and_its_holder_may_finish_it_before() {
    let mut index = Index::new(LIMITS);
    let place = put(&mut index, "a", 1, None);
    assert!(take(&mut index, 0).is_none());
    index.commit(place);
    assert!(take(&mut index, 0).is_some());

    let owner = Owner::new();
    let place = put(&mut index, "b", 2, Some(owner));
    assert!(index.finish(&dedup(2), &owner, at(75), at(0)).is_some());
    index.commit(place);
    assert!(take(&mut index, 0).is_none() && index.is_known(&dedup(2), at(74)));
    let place = put(&mut index, "b", 3, None);
    index.abort(place);
    assert!(!index.is_known(&dedup(3), at(0)));
}

#[test]
fn a_lease_that_ends_frees_its_entry_and_its_owner_loses_it() {
    let mut index = Index::new(LIMITS);
    let owner = Owner::new();
    let place = put(&mut index, "a", 1, Some(owner));
    index.commit(place);
    assert!(take(&mut index, 14).is_none());
    assert!(index.renew(&dedup(1), &owner, at(29)));
    assert!(take(&mut index, 15).is_none());
    let taken = index.take(Owner::new(), at(44), at(29)).ok().unwrap();
    assert_eq!(taken.attempt, 2);
    assert!(!index.renew(&dedup(1), &owner, at(60)));
    assert!(index.finish(&dedup(1), &owner, at(60), at(29)).is_none());
}

#[test]
fn all_memory_is_counted_and_given_back() {
    let mut index = Index::new(LIMITS);
    for number in 1..=10 {
        stored(&mut index, "a", number);
    }
    let payload = Bytes::from(vec![0; 10_000]);
    let now = SystemTime::UNIX_EPOCH;
    let full = index.reserve(&key("a", 99), &payload, None, now, at(0));
    assert!(matches!(full, Reserved::Full));
    for number in 1..=10 {
        let (_, owner) = take(&mut index, 0).unwrap();
        if number == 5 {
            let longer = Bytes::from_static(b"a longer payload");
            index.retry(&dedup(number), &owner, at(0), Some(&longer));
            let (_, owner) = take(&mut index, 0).unwrap();
            index.finish(&dedup(number), &owner, at(75), at(0));
        } else {
            index.finish(&dedup(number), &owner, at(75), at(0));
        }
    }
    assert_eq!((index.bytes, index.cached, index.lanes.len()), (0, 0, 0));
    assert!(index.slots.is_empty() && index.ends.is_empty() && index.ready.is_empty());
}

#[test]
fn a_dead_letter_runs_again_although_the_store_is_over_its_limit() {
    let mut index = Index::new(Limits {
        bytes: 1,
        cache: 10_000,
    });
    let (since, payload) = (SystemTime::UNIX_EPOCH, Bytes::from_static(b"payload"));
    let letter = Letter {
        key: Arc::new(key("a", 1)),
        payload: None,
        size: payload.len(),
        attempts: 8,
        error: "it failed".into(),
        since,
        expires: since + at(60),
    };
    assert!(index.restore_dead(7, letter));
    let before = index.bytes;
    let (number, letter) = index.revive(&key("a", 1), &payload, since).unwrap();
    assert!(index.revive(&key("a", 1), &payload, since).is_none());
    assert_eq!(
        (index.bytes, index.contents(since).dead_letters),
        (before, 0)
    );

    index.abort(number);
    assert!(index.restore_dead(7, letter));
    let (number, _) = index.revive(&key("a", 1), &payload, since).unwrap();
    index.commit(number);
    let taken = index.take(Owner::new(), at(15), at(0)).ok().unwrap();
    assert_eq!((taken.number, taken.attempt), (number, 1));
}
