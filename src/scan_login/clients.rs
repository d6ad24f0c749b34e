//! Limits the pending sign-ins of each client.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::clock::{Moment, SharedClock};

/// A client, as a digest of its key, which may have any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Client([u8; 16]);

impl Client {
    /// Returns `None` for an empty key.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        // All visitors have this key if the server does not tell the peer's address. As one
        // client, they would end each other's sign-ins.
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

/// The most sign-ins that are counted. A store limits those that it accepts, but one whose store
/// fails is counted too, since the store may have opened it.
const SIGN_INS_MAX: usize = 100_000;

/// The sign-ins that identified clients began on this instance.
pub(super) struct Clients {
    clock: SharedClock,
    begun: Mutex<Begun>,
}

#[derive(Default)]
struct Begun {
    next: u64,
    /// By sequence number, so that the oldest come first.
    sign_ins: BTreeMap<u64, SignIn>,
    numbers: HashMap<Client, BTreeSet<u64>>,
}

struct SignIn {
    client: Client,
    scene: String,
    began: Moment,
    life: Duration,
    /// The store is still opening it, so it cannot be closed yet.
    opening: bool,
}

/// The next step for another sign-in of a client.
pub(super) enum Another {
    /// Begin it.
    Begin(Place),
    /// First end the client's oldest sign-in, with this number and scene.
    End(u64, String),
    /// Refuse it: all sign-ins of the client are still being opened, or too many are counted.
    Busy,
}

impl Clients {
    pub(super) fn new(clock: SharedClock) -> Arc<Self> {
        let begun = Mutex::default();
        Arc::new(Self { clock, begun })
    }

    /// Reserves another sign-in for a client that may have `max`.
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
        if begun.sign_ins.len() >= SIGN_INS_MAX {
            return Another::Busy;
        }
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

    /// Removes a sign-in that the store has ended.
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
        // By start, which is also the order of the ends unless `expires_in` was changed.
        while let Some((number, sign_in)) = self.sign_ins.first_key_value() {
            if now.since(sign_in.began) < sign_in.life {
                return;
            }
            let number = *number;
            self.forget(number);
        }
    }
}

/// The reservation of a sign-in that is being opened. If it is dropped without
/// [`give_back`](Self::give_back), as when the peer disconnects or the store fails, the sign-in is
/// counted until its life has passed, because the store may have opened it.
pub(super) struct Place {
    clients: Arc<Clients>,
    number: u64,
}

impl Place {
    /// Releases the reservation, because the store did not accept the sign-in.
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
