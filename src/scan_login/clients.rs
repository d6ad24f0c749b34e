//! Limits the pending sign-ins of each client.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::clock::{Moment, SharedClock};

/// A client, as a digest of the host's key, which may have any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Client([u8; 16]);

impl Client {
    /// None for an empty key.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        if key.is_empty() {
            return None;
        }
        let mut digest = [0; 16];
        for (byte, hashed) in digest.iter_mut().zip(Sha256::digest(key)) {
            *byte = hashed;
        }
        Some(Self(digest))
    }
}

/// The sign-ins that clients with a key have begun here. There are no more of them than the store
/// let in, so that the store's limit bounds them too.
pub(super) struct Clients {
    clock: SharedClock,
    begun: Mutex<Begun>,
}

#[derive(Default)]
struct Begun {
    next: u64,
    /// By a running number, so that the oldest are first.
    sign_ins: BTreeMap<u64, SignIn>,
    numbers: HashMap<Client, BTreeSet<u64>>,
}

struct SignIn {
    client: Client,
    scene: String,
    began: Moment,
    life: Duration,
    /// The store is about to open it, and cannot close it yet.
    opening: bool,
}

/// What a client may do about another sign-in.
pub(super) enum Another {
    /// Begin it.
    Begin(Place),
    /// End this one first, its oldest: its number and its scene.
    End(u64, String),
    /// Wait: all of its sign-ins are about to begin.
    Busy,
}

impl Clients {
    pub(super) fn new(clock: SharedClock) -> Arc<Self> {
        let begun = Mutex::default();
        Arc::new(Self { clock, begun })
    }

    /// Counts another sign-in of a client that may have `max`.
    pub(super) fn another(
        self: &Arc<Self>,
        client: Client,
        max: usize,
        scene: &str,
        life: Duration,
    ) -> Another {
        let now = self.clock.moment();
        let mut begun = self.begun();
        begun.forget_ended(now);
        let numbers = begun.numbers.get(&client);
        if numbers.is_some_and(|numbers| numbers.len() >= max) {
            return begun.oldest(client).unwrap_or(Another::Busy);
        }
        let number = begun.next;
        begun.next += 1;
        let sign_in = SignIn {
            client,
            scene: scene.to_owned(),
            began: now,
            life,
            opening: true,
        };
        begun.sign_ins.insert(number, sign_in);
        begun.numbers.entry(client).or_default().insert(number);
        Another::Begin(Place {
            clients: self.clone(),
            number,
        })
    }

    /// Forgets a sign-in that the store has ended.
    pub(super) fn forget(&self, number: u64) {
        self.begun().forget(number);
    }

    fn begun(&self) -> MutexGuard<'_, Begun> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begun {
    fn oldest(&self, client: Client) -> Option<Another> {
        let mut numbers = self.numbers.get(&client)?.iter();
        numbers.find_map(|number| {
            let sign_in = self.sign_ins.get(number)?;
            (!sign_in.opening).then(|| Another::End(*number, sign_in.scene.clone()))
        })
    }

    fn forget(&mut self, number: u64) {
        let Some(SignIn { client, .. }) = self.sign_ins.remove(&number) else {
            return;
        };
        if let Some(numbers) = self.numbers.get_mut(&client) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.numbers.remove(&client);
            }
        }
    }

    fn forget_ended(&mut self, now: Moment) {
        while let Some((number, sign_in)) = self.sign_ins.first_key_value() {
            if now.since(sign_in.began) < sign_in.life {
                return;
            }
            let number = *number;
            self.forget(number);
        }
    }
}

/// The place of a sign-in that is about to begin. Dropped without more, as when the peer
/// disconnects or the store fails, it counts until its life has passed: the store may have it.
pub(super) struct Place {
    clients: Arc<Clients>,
    number: u64,
}

impl Place {
    /// The store did not take the sign-in.
    pub(super) fn give_back(self) {
        self.clients.forget(self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(sign_in) = self.clients.begun().sign_ins.get_mut(&self.number) {
            sign_in.opening = false;
        }
    }
}
