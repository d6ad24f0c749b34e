//! The store in a file.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tower_wechat::callback::dedup::DedupKey;
use tower_wechat::callback::inbox::{
    DeadLimits, EmbeddedInboxStore, Entry, EntryKey, Inbox, InboxStore, Put, Taken, TakenEntry,
};
use tower_wechat::shared::{Owner, SealKey};
use tower_wechat::{AppId, ErrorKind, ManualClock};

use super::support::depth;
use crate::callback::support::{APPID, NOW};

const LEASE: Duration = Duration::from_secs(15);
const WINDOW: Duration = Duration::from_secs(75);

/// A folder that is removed at the end of the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let name = format!("tower-wechat-inbox-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("inbox.redb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entry(user: &str, number: u32) -> Entry {
    let mut dedup = [0; 20];
    dedup[..4].copy_from_slice(&number.to_be_bytes());
    let key = EntryKey::new(
        AppId::new(APPID).unwrap(),
        user,
        DedupKey::from_bytes(dedup),
    );
    Entry::new(key, format!("the payload of {number}").into_bytes())
}

async fn put(store: &EmbeddedInboxStore, user: &str, number: u32) {
    let put = store.put(&entry(user, number), None, LEASE).await.unwrap();
    assert_eq!(put, Put::Stored);
}

async fn take(store: &EmbeddedInboxStore) -> Option<(TakenEntry, Owner)> {
    let owner = Owner::new();
    match store.take(&owner, LEASE).await.unwrap() {
        Taken::Entry(taken) => Some((taken, owner)),
        _ => None,
    }
}

#[tokio::test]
async fn entries_are_there_after_a_restart_in_their_order_and_finished_ones_are_known() {
    let folder = Folder::new("restart");
    let store = EmbeddedInboxStore::open(folder.file()).unwrap();
    for number in 1..=4 {
        put(&store, "o1", number).await;
    }
    let (taken, owner) = take(&store).await.unwrap();
    assert!(
        store
            .finish(&taken.entry.key, &owner, WINDOW)
            .await
            .unwrap()
    );
    let (taken, owner) = take(&store).await.unwrap();
    let limits = DeadLimits::new(10, WINDOW);
    assert!(
        store
            .bury(&taken.entry.key, &owner, "no", limits)
            .await
            .unwrap()
    );
    // Held when the process ends.
    let (taken, _) = take(&store).await.unwrap();
    assert_eq!(taken.entry, entry("o1", 3));
    drop(store);

    let store = EmbeddedInboxStore::open(folder.file()).unwrap();
    assert_eq!(depth(&store).await, 2);
    for known in [1, 2, 3, 4] {
        let put = store.put(&entry("o1", known), None, LEASE).await.unwrap();
        assert_eq!(put, Put::Known, "{known}");
    }
    let (taken, owner) = take(&store).await.unwrap();
    assert_eq!(taken.entry, entry("o1", 3));
    assert!(
        store
            .finish(&taken.entry.key, &owner, WINDOW)
            .await
            .unwrap()
    );
    assert_eq!(take(&store).await.unwrap().0.entry, entry("o1", 4));
    let letters = store.dead_letters(10).await.unwrap();
    assert_eq!((letters.len(), &*letters[0].error), (1, "no"));
    assert_eq!(letters[0].entry, entry("o1", 2));
}

#[tokio::test]
async fn a_message_that_ends_the_process_is_counted() {
    let folder = Folder::new("counted");
    for attempt in 1..=3 {
        let store = EmbeddedInboxStore::open(folder.file()).unwrap();
        if attempt == 1 {
            put(&store, "o1", 1).await;
            drop(store);
            continue;
        }
        // The process dies with this try.
        let (taken, _) = take(&store).await.unwrap();
        assert_eq!(taken.attempt, attempt - 1);
    }
}

#[tokio::test]
async fn a_finished_key_is_forgotten_after_its_window_also_by_a_later_process() {
    let folder = Folder::new("window");
    let clock = ManualClock::at_unix(NOW);
    let open = |clock: &ManualClock| {
        let options = EmbeddedInboxStore::options().clock(clock.clone());
        options.open(folder.file()).unwrap()
    };
    let store = open(&clock);
    put(&store, "o1", 1).await;
    let (taken, owner) = take(&store).await.unwrap();
    store
        .finish(&taken.entry.key, &owner, WINDOW)
        .await
        .unwrap();
    drop(store);
    for (later, known) in [(74, true), (2, false)] {
        clock.advance(Duration::from_secs(later));
        let store = open(&clock);
        let found = store.is_known(&taken.entry.key).await.unwrap();
        assert_eq!(found, known, "{later}");
    }
    // A clock that was set back keeps a key for a day at most.
    let store = open(&clock);
    put(&store, "o1", 2).await;
    let (taken, owner) = take(&store).await.unwrap();
    store
        .finish(&taken.entry.key, &owner, WINDOW)
        .await
        .unwrap();
    drop(store);
    clock.set(SystemTime::UNIX_EPOCH);
    let store = open(&clock);
    assert!(store.is_known(&taken.entry.key).await.unwrap());
    clock.advance(Duration::from_secs(24 * 3600));
    assert!(!store.is_known(&taken.entry.key).await.unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    let mode = || fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777;
    drop(Inbox::open(folder.file()).unwrap());
    assert_eq!(mode(), 0o600);
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).unwrap();
    drop(Inbox::open(folder.file()).unwrap());
    assert_eq!(mode(), 0o600);
}

#[tokio::test]
async fn a_second_holder_is_told_who_holds_the_file() {
    let folder = Folder::new("holder");
    let first = Inbox::open(folder.file()).unwrap();
    let error = Inbox::open(folder.file()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("in use by this process"),
        "{error}"
    );
    let mut pid = folder.file().into_os_string();
    pid.push(".pid");
    fs::write(&pid, "4242\n").unwrap();
    let error = Inbox::open(folder.file()).unwrap_err();
    assert!(
        error.to_string().contains("in use by process 4242"),
        "{error}"
    );
    drop(first);
    Inbox::open(folder.file()).unwrap();
}

#[tokio::test]
async fn a_sealed_file_shows_nothing_and_needs_its_key() {
    let folder = Folder::new("sealed");
    let key = |byte| SealKey::new([byte; 32]);
    let sealed = || EmbeddedInboxStore::options().seal(key(1));
    let store = sealed().open(folder.file()).unwrap();
    put(&store, "the user", 1).await;
    drop(store);
    let bytes = fs::read(folder.file()).unwrap();
    for text in ["the payload", "the user", APPID] {
        let found = bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        assert!(!found, "{text}");
    }
    for options in [
        EmbeddedInboxStore::options(),
        EmbeddedInboxStore::options().seal(key(2)),
    ] {
        let error = options.open(folder.file()).unwrap_err();
        assert!(error.to_string().contains("another key"), "{error}");
    }
    let rotated = EmbeddedInboxStore::options()
        .seal(key(2))
        .previous_seal(key(1));
    let store = rotated.open(folder.file()).unwrap();
    assert_eq!(take(&store).await.unwrap().0.entry, entry("the user", 1));
    drop(store);
    let error = sealed().open(folder.file()).unwrap_err();
    assert!(error.to_string().contains("another key"), "{error}");
}

#[tokio::test]
async fn a_full_file_refuses_and_has_room_again() {
    let folder = Folder::new("full");
    let options = EmbeddedInboxStore::options().max_bytes(1000);
    let store = options.open(folder.file()).unwrap();
    for number in 1..=3 {
        put(&store, "o1", number).await;
    }
    let fourth = entry("o1", 4);
    assert_eq!(store.put(&fourth, None, LEASE).await.unwrap(), Put::Full);
    let (taken, owner) = take(&store).await.unwrap();
    store
        .finish(&taken.entry.key, &owner, WINDOW)
        .await
        .unwrap();
    assert_eq!(store.put(&fourth, None, LEASE).await.unwrap(), Put::Stored);
}

#[tokio::test]
async fn other_files_are_refused() {
    let folder = Folder::new("other");
    fs::write(
        folder.file(),
        "not a database, but a text of some length".repeat(200),
    )
    .unwrap();
    let error = Inbox::open(folder.file()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    fs::remove_file(folder.file()).unwrap();
    fs::create_dir(folder.file()).unwrap();
    let error = Inbox::open(folder.file()).unwrap_err();
    assert!(
        error.to_string().contains("could not open the inbox"),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_stored_survives_torn_pages() {
    let folder = Folder::new("torn");
    let store = EmbeddedInboxStore::open(folder.file()).unwrap();
    for number in 1..=50 {
        put(&store, "o1", number).await;
    }
    // As a crash leaves it: the file as it is while the database is open.
    let crashed = fs::read(folder.file()).unwrap();
    drop(store);
    fs::write(folder.file(), &crashed).unwrap();
    let store = EmbeddedInboxStore::open(folder.file()).unwrap();
    assert_eq!(depth(&store).await, 50);
    drop(store);

    // A write to a new page at the end that a crash has cut.
    fs::write(folder.file(), &crashed).unwrap();
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(folder.file())
        .unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length - 4096)).unwrap();
    let mut page = [0; 4096];
    file.read_exact(&mut page).unwrap();
    file.seek(SeekFrom::Start(length - 4096)).unwrap();
    file.write_all(&page.map(|byte| !byte)[..2048]).unwrap();
    drop(file);
    match EmbeddedInboxStore::open(folder.file()) {
        Ok(store) => assert_eq!(depth(&store).await, 50),
        // Damage of what was complete is an error, never a silent loss.
        Err(error) => assert_eq!(error.kind(), ErrorKind::Config),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_puts_share_a_write() {
    let folder = Folder::new("group");
    let store = EmbeddedInboxStore::open(folder.file()).unwrap();
    let start = Instant::now();
    for number in 0..20 {
        put(&store, "o1", number).await;
    }
    let alone = start.elapsed() / 20;
    let start = Instant::now();
    let mut puts = tokio::task::JoinSet::new();
    for number in 1000..1400 {
        let store = store.clone();
        puts.spawn(async move { put(&store, "o2", number).await });
    }
    puts.join_all().await;
    let together = start.elapsed() / 400;
    println!("one put: {alone:?}, one of 400 at once: {together:?}");
    assert_eq!(depth(&store).await, 420);
    // The same message twice at once is stored once.
    let same = entry("o3", 5000);
    let (one, two) = tokio::join!(store.put(&same, None, LEASE), store.put(&same, None, LEASE));
    assert_eq!((one.unwrap(), two.unwrap()), (Put::Stored, Put::Known));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_device_that_is_full_refuses_and_loses_nothing() {
    // A small tmpfs needs privileges: skipped without them.
    let folder = Folder::new("device");
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
        .arg(&folder.0)
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        println!("SKIPPED: cannot mount a tmpfs");
        return;
    }
    let other = Folder::new("device-copy");
    let result = tokio::spawn({
        let (file, copy) = (folder.file(), other.file());
        async move {
            let filler = file.with_extension("filler");
            fs::write(&filler, vec![7; 3 << 20]).unwrap();
            let store = EmbeddedInboxStore::open(&file).unwrap();
            let mut stored = 0;
            let large = |number| {
                let mut entry = entry("o1", number);
                entry.payload = vec![7; 20_000].into();
                entry
            };
            for number in 0..1000 {
                match store.put(&large(number), None, LEASE).await {
                    Ok(Put::Stored) => stored += 1,
                    Ok(put) => panic!("{put:?}"),
                    Err(_) => break,
                }
            }
            assert!((10..1000).contains(&stored), "{stored}");
            assert_eq!(depth(&store).await, stored);
            // It works again when there is room.
            fs::remove_file(filler).unwrap();
            let put = store.put(&large(5000), None, LEASE).await.unwrap();
            assert_eq!(put, Put::Stored);
            drop(store);
            fs::copy(file, &copy).unwrap();
            let store = EmbeddedInboxStore::open(&copy).unwrap();
            assert_eq!(depth(&store).await, stored + 1);
        }
    });
    let result = result.await;
    let _ = std::process::Command::new("umount").arg(&folder.0).status();
    result.unwrap();
}
