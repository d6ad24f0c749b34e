//! Clocks. No other module reads the time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A source of time, used for the expiry of tokens and the age of pushes.
///
/// It has two readings, because neither is sufficient alone: the wall clock can be set back, and
/// monotonic time stops while a machine is suspended. Expiry uses the larger elapsed time of the
/// two. Replay protection, which must not forget a push early, uses monotonic time alone.
///
/// [`SystemClock`] is the default. Tests use a [`ManualClock`] and advance it.
pub trait Clock: Send + Sync + 'static {
    /// Returns the wall-clock time, which can be set forward and back.
    fn now(&self) -> SystemTime;

    /// Returns the time since a fixed moment of this process. It never goes back.
    fn monotonic(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[allow(clippy::disallowed_methods)]
    fn monotonic(&self) -> Duration {
        // Shared by all instances, so that their readings are comparable.
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A clock that only moves when it is advanced or set. Its clones share the same time.
///
/// ```
/// use std::time::Duration;
/// use tower_wechat::{Clock, ManualClock};
///
/// let clock = ManualClock::at_unix(1_700_000_000);
/// let before = clock.now();
/// clock.advance(Duration::from_secs(7200));
/// assert_eq!(clock.now(), before + Duration::from_secs(7200));
///
/// clock.set(before); // sets the wall clock back, but not monotonic time
/// assert_eq!((clock.now(), clock.monotonic()), (before, Duration::from_secs(7200)));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Moment>>);

impl ManualClock {
    /// Creates a clock that shows `time`. Its monotonic time is zero.
    pub fn new(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Moment {
            wall: time,
            monotonic: Duration::ZERO,
        })))
    }

    /// Creates a clock that shows `seconds` since the Unix epoch.
    pub fn at_unix(seconds: u64) -> Self {
        Self::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// Moves both readings forward, as passing time does.
    pub fn advance(&self, by: Duration) {
        let mut moment = self.moment();
        moment.wall += by;
        moment.monotonic += by;
    }

    /// Sets the wall clock only, forward or back, as an operator, NTP or a suspend does.
    pub fn set(&self, time: SystemTime) {
        self.moment().wall = time;
    }

    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.moment().wall
    }

    fn monotonic(&self) -> Duration {
        self.moment().monotonic
    }
}

/// Both readings of a clock at one moment, to measure expiry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) wall: SystemTime,
    pub(crate) monotonic: Duration,
}

impl Moment {
    /// Reads `clock`.
    pub(crate) fn of(clock: &impl Clock) -> Self {
        Self {
            wall: clock.now(),
            monotonic: clock.monotonic(),
        }
    }

    /// Returns this moment plus `duration`.
    pub(crate) fn after(self, duration: Duration) -> Self {
        Self {
            wall: self.wall.checked_add(duration).unwrap_or(self.wall),
            monotonic: self.monotonic.saturating_add(duration),
        }
    }

    /// Returns whether either reading has reached `end`.
    pub(crate) fn has_reached(self, end: Self) -> bool {
        self.wall >= end.wall || self.monotonic >= end.monotonic
    }

    /// Returns the time since `earlier`, by the reading that shows the longer time.
    ///
    /// It is zero if `earlier` is later, as a moment read by another thread can be.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        wall.max(self.monotonic.saturating_sub(earlier.monotonic))
    }
}

/// The crate's shared handle to a clock.
#[derive(Clone)]
pub(crate) struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self(Arc::new(clock))
    }

    /// Returns both readings.
    pub(crate) fn moment(&self) -> Moment {
        Moment::of(self)
    }

    /// Returns the seconds since the Unix epoch, or 0 if the clock is set before it.
    pub(crate) fn unix(&self) -> u64 {
        unix(self.now())
    }
}

/// Returns `time` in seconds since the Unix epoch, or 0 if it is before the epoch.
pub(crate) fn unix(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |elapsed| elapsed.as_secs())
}

impl Clock for SharedClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

impl Default for SharedClock {
    fn default() -> Self {
        Self::new(SystemClock)
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
