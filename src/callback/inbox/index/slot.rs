//! One entry of the index.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::callback::inbox::store::EntryKey;
use crate::store::Owner;

pub(super) struct Slot {
    pub(super) key: Arc<EntryKey>,
    pub(super) payload: Payload,
    pub(super) stored: SystemTime,
    pub(super) attempts: u32,
    pub(super) is_left_over: bool,
    /// The fingerprint of the user.
    pub(super) lane: u64,
    pub(super) state: State,
}

pub(super) enum State {
    /// Not yet durable.
    Writing {
        holder: Option<(Owner, Duration)>,
    },
    Waiting,
    /// Waiting until a time.
    Paused {
        until: Duration,
    },
    Held {
        owner: Owner,
        until: Duration,
    },
}

/// The payload of an entry, or only its length.
pub(super) enum Payload {
    Cached(Bytes),
    Stored(usize),
}

impl Slot {
    pub(super) fn new(key: EntryKey, payload: Payload, stored: SystemTime, state: State) -> Self {
        // The handler of a held entry is running for the first time.
        let is_held = matches!(state, State::Writing { holder: Some(_) });
        Self {
            key: Arc::new(key),
            payload,
            stored,
            attempts: u32::from(is_held),
            is_left_over: false,
            lane: 0,
            state,
        }
    }
}

impl State {
    /// Returns when the state ends by itself.
    pub(super) fn end(&self) -> Option<Duration> {
        match self {
            Self::Paused { until } | Self::Held { until, .. } => Some(*until),
            Self::Writing { .. } | Self::Waiting => None,
        }
    }
}

impl Payload {
    pub(super) fn new(bytes: Bytes, is_cached: bool) -> Self {
        match is_cached {
            // A copy of its own: the bytes may be a part of a larger buffer.
            true => Self::Cached(Bytes::copy_from_slice(&bytes)),
            false => Self::Stored(bytes.len()),
        }
    }

    pub(super) fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Cached(bytes) => Some(bytes.clone()),
            Self::Stored(_) => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Cached(bytes) => bytes.len(),
            Self::Stored(len) => *len,
        }
    }

    /// Returns how many bytes are kept in memory.
    pub(super) fn cached(&self) -> usize {
        match self {
            Self::Cached(bytes) => bytes.len(),
            Self::Stored(_) => 0,
        }
    }
}
