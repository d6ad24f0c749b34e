//! A server's processes, with their CPU time and memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tower_wechat::BoxError;

use super::machine::Cpus;

/// A process and those of its descendants that stay in its group. Killed on drop.
pub(crate) struct Group {
    child: Child,
}

impl Group {
    /// Starts the process on the servers' processor.
    pub(crate) fn start(mut command: Command, cpus: Cpus) -> Result<Self, BoxError> {
        command.stdin(Stdio::null()).process_group(0);
        // A child inherits the processor affinity of the thread that spawns it.
        cpus.take_servers()?;
        let child = command.spawn();
        cpus.take_load()?;
        Ok(Self { child: child? })
    }

    /// Returns the first line of its output.
    pub(crate) fn line(&mut self) -> Result<String, BoxError> {
        let mut line = String::new();
        if let Some(stdout) = self.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        Ok(line.trim_end().to_owned())
    }

    pub(crate) fn has_ended(&mut self) -> Result<bool, BoxError> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Returns the CPU time of its running threads.
    pub(crate) fn cpu(&self) -> Result<Duration, BoxError> {
        let mut total = Duration::ZERO;
        for process in self.processes()? {
            // A process can end between the listing and this read.
            let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
                continue;
            };
            for thread in threads.flatten() {
                total += fs::read_to_string(thread.path().join("schedstat"))
                    .map_or(Ok(Duration::ZERO), |text| on_cpu(&text))?;
            }
        }
        Ok(total)
    }

    /// Returns the memory of its processes, in bytes. Shared memory counts once per process.
    pub(crate) fn resident(&self) -> Result<u64, BoxError> {
        let mut total = 0;
        for process in self.processes()? {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let kib = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
            if let Some(kib) = kib {
                total += kib.trim().parse::<u64>()? * 1024;
            }
        }
        Ok(total)
    }

    fn processes(&self) -> Result<Vec<u32>, BoxError> {
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(process) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // The format is `pid (name) state parent group`, and the name can hold any characters.
            let group = stat
                .rsplit_once(')')
                .and_then(|(_, fields)| fields.split_whitespace().nth(2)?.parse().ok());
            if group == Some(self.child.id()) {
                processes.push(process);
            }
        }
        Ok(processes)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// Parses the first number of a `schedstat`, the nanoseconds on a CPU.
fn on_cpu(text: &str) -> Result<Duration, BoxError> {
    let nanoseconds = text.split_whitespace().next().unwrap_or_default();
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
