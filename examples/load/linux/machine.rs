//! The machine: pinning, file limits and a description.

use std::fs;
use std::process::Command;

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tower_wechat::BoxError;

/// The processors that the servers and the load are pinned to, if there are at least two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cpus {
    /// The number of processors available to this process.
    count: usize,
    pinned: Option<(usize, usize)>,
}

impl Cpus {
    pub(crate) fn new(no_pin: bool) -> Result<Self, BoxError> {
        let allowed = sched_getaffinity(None)?;
        let count = usize::try_from(allowed.count())?;
        let mut cpus = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
        let pinned = match (cpus.next(), cpus.next()) {
            (Some(servers), Some(load)) if !no_pin => Some((servers, load)),
            _ => None,
        };
        Ok(Self { count, pinned })
    }

    /// Moves this thread to the servers' processor.
    pub(crate) fn take_servers(self) -> Result<(), BoxError> {
        self.pinned.map_or(Ok(()), |(servers, _)| take(servers))
    }

    /// Moves this thread to the load's processor.
    pub(crate) fn take_load(self) -> Result<(), BoxError> {
        self.pinned.map_or(Ok(()), |(_, load)| take(load))
    }
}

fn take(cpu: usize) -> Result<(), BoxError> {
    let mut only = CpuSet::new();
    only.set(cpu);
    Ok(sched_setaffinity(None, &only)?)
}

/// Raises the open file limit to fit the connections. The servers inherit it.
pub(crate) fn allow_files(connections: usize) -> Result<(), BoxError> {
    // 256 more for standard streams, the listener, the runtime, and files that a peer holds open.
    let needed = u64::try_from(connections)?.saturating_add(256);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        return Err(format!("the open file limit is too low: run `ulimit -Hn {needed}`").into());
    }
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(needed);
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(())
}

/// Describes the machine, the build and the date.
pub(crate) fn describe(cpus: Cpus) -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("a processor", |(_, model)| model.trim());
    let placed = match cpus.pinned {
        Some((servers, load)) => format!("servers on cpu {servers}, load on cpu {load}"),
        None => "unpinned: servers and load share the processors".to_owned(),
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let said = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output();
        let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
        String::from_utf8_lossy(&text).trim().to_owned()
    };
    let build = if cfg!(debug_assertions) {
        "a DEBUG build"
    } else {
        "a release build"
    };
    format!(
        "{model}, {} cores, Linux {}, {}, {build}, {}; {placed}.",
        cpus.count,
        kernel.trim(),
        said("rustc", "--version"),
        said("date", "-uI"),
    )
}
