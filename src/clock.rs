//! The only place that asks for the time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Tells the time: to tokens when they expire, to callbacks how old a push is.
///
/// It has two readings, because neither is enough alone: the wall clock may be set back, and
/// monotonic time stops while a machine is suspended. What expires takes the larger elapsed time
/// of the two; what must not be forgotten early, such as the memory against replayed pushes, is
/// measured by monotonic time alone.
///
/// [`SystemClock`] is the default. A test injects a [`ManualClock`] and moves it.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, which may be set forward and back.
    fn now(&self) -> SystemTime;

    /// The time since some fixed moment of this process, which never goes back.
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
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A clock that stands still until it is moved; its clones move together.
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
/// clock.set(before); // the wall clock is set back, and monotonic time is not
/// assert_eq!((clock.now(), clock.monotonic()), (before, Duration::from_secs(7200)));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Moment>>);

impl ManualClock {
    /// A clock that shows `time`. Its monotonic time is zero.
    pub fn new(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Moment {
            wall: time,
            monotonic: Duration::ZERO,
        })))
    }

    /// A clock that shows `seconds` since the Unix epoch.
    pub fn at_unix(seconds: u64) -> Self {
        Self::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// Moves both readings forward, as time that passes does.
    pub fn advance(&self, by: Duration) {
        let mut moment = self.moment();
        moment.wall += by;
        moment.monotonic += by;
    }

    /// Sets the wall clock alone, forward or back, as an operator, NTP or a suspended machine does.
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

/// Both readings of a clock, for what expires.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) wall: SystemTime,
    pub(crate) monotonic: Duration,
}

impl Moment {
    /// What a clock shows.
    pub(crate) fn of(clock: &impl Clock) -> Self {
        Self {
            wall: clock.now(),
            monotonic: clock.monotonic(),
        }
    }

    /// When `duration` has passed, by either reading.
    pub(crate) fn after(self, duration: Duration) -> Self {
        Self {
            wall: self.wall.checked_add(duration).unwrap_or(self.wall),
            monotonic: self.monotonic.saturating_add(duration),
        }
    }

    /// Whether either reading has come to `end`.
    pub(crate) fn has_reached(self, end: Self) -> bool {
        self.wall >= end.wall || self.monotonic >= end.monotonic
    }

    /// The time since `earlier`: the larger of what the two readings say. It is zero if `earlier`
    /// is later, which a reading of another thread may be.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        wall.max(self.monotonic.saturating_sub(earlier.monotonic))
    }
}

/// The clock as the crate keeps it.
#[derive(Clone)]
pub(crate) struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self(Arc::new(clock))
    }

    /// Both readings.
    pub(crate) fn moment(&self) -> Moment {
        Moment::of(self)
    }

    /// The current time in whole seconds since the Unix epoch; 0 for a clock set before it.
    pub(crate) fn unix(&self) -> u64 {
        unix(self.now())
    }
}

/// A time in whole seconds since the Unix epoch; 0 for one before it.
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
