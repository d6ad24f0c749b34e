//! The file: its tables, and how they are opened, read and written.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::record::Record;
use crate::callback::dedup::DedupKey;
use crate::error::{Error, chain};
use crate::seal::Seal;

/// The version of the tables. A file of a later version is refused.
const VERSION: u64 = 1;

/// How much of the file is kept in memory, in bytes.
const CACHE: usize = 16 << 20;

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
/// How often an entry was tried. An entry that was not tried has none.
const ATTEMPTS: TableDefinition<'_, u64, u32> = TableDefinition::new("attempts");
const DEAD: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead");
/// The end of each finished key's window, in milliseconds since the Unix epoch.
const FINISHED: TableDefinition<'_, &[u8; 20], u64> = TableDefinition::new("finished");

/// A value that is sealed with the key of the file, to recognize another key.
const CHECK: &str = "check";

/// One change of the file.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Put(u64, Vec<u8>),
    Attempts(u64, u32),
    Remove(u64),
    PutDead(u64, Vec<u8>),
    RemoveDead(u64),
    Finish(DedupKey, u64),
    Forget(DedupKey),
}

/// An open file.
pub(super) struct InboxFile {
    database: Database,
}

/// What a file contains.
#[derive(Default)]
pub(super) struct Found {
    /// The entries in their order, with their tries.
    pub(super) entries: Vec<(u64, u32, Record)>,
    pub(super) dead: Vec<(u64, Record)>,
    pub(super) finished: Vec<(DedupKey, u64)>,
    /// How many records could not be read.
    pub(super) damaged: usize,
}

impl InboxFile {
    /// Opens or creates a file.
    pub(super) fn open(path: &Path, seal: &Seal) -> Result<Self, Error> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::config(format!(
                "could not open the inbox {}: {error}",
                path.display()
            ))
        };
        let file = create(path).map_err(|error| failed(&error))?;
        let opened = Database::builder().set_cache_size(CACHE).create_file(file);
        let database = opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => Error::config(in_use(path)),
            DatabaseError::UpgradeRequired(_) => newer(path),
            error => failed(&chain(&error)),
        })?;
        let file = Self { database };
        file.check(path, seal)?;
        // Only read to say who holds the file, so the inbox works without it.
        if let Err(error) = write_pid(path) {
            tracing::warn!(%error, "could not write the process id of the inbox");
        }
        Ok(file)
    }

    /// Checks the version and the key of the file, or sets them in a new one.
    fn check(&self, path: &Path, seal: &Seal) -> Result<(), Error> {
        let failed = |error: redb::Error| {
            Error::config(format!(
                "could not open the inbox {}: {}",
                path.display(),
                chain(&error)
            ))
        };
        let meta = self.meta().map_err(failed)?;
        let Some((version, check)) = meta else {
            return self.create(seal).map_err(failed);
        };
        if version > VERSION {
            return Err(newer(path));
        }
        if seal.open(CHECK, &check).is_none() {
            return Err(Error::config(format!(
                "the inbox {} is sealed with another key, or is not sealed: use the key that it \
                 was created with",
                path.display()
            )));
        }
        let current = Seal {
            current: seal.current.clone(),
            previous: None,
        };
        match current.open(CHECK, &check) {
            // No write, which a full disk would refuse.
            Some(_) => Ok(()),
            // The previous key sealed it.
            None => self.create(seal).map_err(failed),
        }
    }

    fn meta(&self) -> Result<Option<(u64, Vec<u8>)>, redb::Error> {
        let read = self.database.begin_read()?;
        let meta = match read.open_table(META) {
            Ok(meta) => meta,
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let version = meta.get("version")?;
        let version = version.and_then(|version| version.value().try_into().ok());
        let check = meta.get(CHECK)?;
        let check = check.map(|check| check.value().to_vec());
        // A file without a readable version is not one of this crate's.
        let version = version.map_or(u64::MAX, u64::from_be_bytes);
        Ok(Some((version, check.unwrap_or_default())))
    }

    fn create(&self, seal: &Seal) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut meta = write.open_table(META)?;
            meta.insert("version", VERSION.to_be_bytes().as_slice())?;
            meta.insert(CHECK, seal.close(CHECK, b"inbox").as_slice())?;
            write.open_table(ENTRIES)?;
            write.open_table(ATTEMPTS)?;
            write.open_table(DEAD)?;
            write.open_table(FINISHED)?;
        }
        Ok(write.commit()?)
    }

    /// Reads everything.
    pub(super) fn load(&self, seal: &Seal) -> Result<Found, redb::Error> {
        let read = self.database.begin_read()?;
        let mut found = Found::default();
        let attempts = read.open_table(ATTEMPTS)?;
        for entry in read.open_table(ENTRIES)?.iter()? {
            let (number, stored) = entry?;
            let number = number.value();
            let tries = attempts.get(number)?.map_or(0, |tries| tries.value());
            match Record::decode(seal, number, stored.value()) {
                Some(record) => found.entries.push((number, tries, record)),
                None => found.damaged += 1,
            }
        }
        for entry in read.open_table(DEAD)?.iter()? {
            let (number, stored) = entry?;
            match Record::decode(seal, number.value(), stored.value()) {
                Some(record) => found.dead.push((number.value(), record)),
                None => found.damaged += 1,
            }
        }
        for entry in read.open_table(FINISHED)?.iter()? {
            let (key, end) = entry?;
            let key = DedupKey::from_bytes(*key.value());
            found.finished.push((key, end.value()));
        }
        Ok(found)
    }

    /// Makes all changes durable, or none.
    pub(super) fn apply<'a>(
        &self,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut entries = write.open_table(ENTRIES)?;
            let mut attempts = write.open_table(ATTEMPTS)?;
            let mut dead = write.open_table(DEAD)?;
            let mut finished = write.open_table(FINISHED)?;
            for change in changes {
                match change {
                    Change::Put(number, record) => drop(entries.insert(number, &**record)?),
                    Change::Attempts(number, tries) => drop(attempts.insert(number, tries)?),
                    Change::Remove(number) => {
                        entries.remove(number)?;
                        attempts.remove(number)?;
                    }
                    Change::PutDead(number, record) => drop(dead.insert(number, &**record)?),
                    Change::RemoveDead(number) => drop(dead.remove(number)?),
                    Change::Finish(key, end) => drop(finished.insert(key.as_bytes(), end)?),
                    Change::Forget(key) => drop(finished.remove(key.as_bytes())?),
                }
            }
        }
        // Returns after the data is on the disk.
        Ok(write.commit()?)
    }

    /// Reads the record of an entry or of a dead letter.
    pub(super) fn read(
        &self,
        number: u64,
        is_dead: bool,
        seal: &Seal,
    ) -> Result<Option<Record>, redb::Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(if is_dead { DEAD } else { ENTRIES })?;
        let record = table.get(number)?;
        Ok(record.and_then(|record| Record::decode(seal, number, record.value())))
    }
}

/// Opens or creates the file, which only its owner may read.
fn create(path: &Path) -> io::Result<fs::File> {
    let is_new = !path.exists();
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        fs::create_dir_all(parent)?;
    }
    let file = private().read(true).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        // Otherwise a crash of the machine could lose the name of the new file.
        if is_new {
            fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
    }
    #[cfg(not(unix))]
    let _ = is_new;
    Ok(file)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn newer(path: &Path) -> Error {
    Error::config(format!(
        "the inbox {} was written by a newer version of this crate, or by another program",
        path.display()
    ))
}

/// Returns the path of the file that contains the id of the process that holds an inbox.
fn pid_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pid");
    name.into()
}

fn write_pid(path: &Path) -> io::Result<()> {
    use std::io::Write;
    let mut file = private().truncate(true).open(pid_path(path))?;
    writeln!(file, "{}", std::process::id())
}

fn in_use(path: &Path) -> String {
    let pid = fs::read_to_string(pid_path(path)).ok();
    let pid = pid.and_then(|pid| pid.trim().parse::<u32>().ok());
    let holder = match pid {
        Some(pid) if pid == std::process::id() => "this process".to_owned(),
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    };
    format!(
        "the inbox {} is in use by {holder}: an inbox file belongs to one process",
        path.display()
    )
}
