//! What a process uses, as the system counts it (`/proc`).

use std::{fs, time::Duration};

/// One look.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Resident memory, bytes.
    pub(crate) resident: u64,
    /// The most there was since [`reset_peak`], bytes.
    pub(crate) peak: u64,
    pub(crate) threads: u64,
    pub(crate) files: usize,
    pub(crate) cpu: Duration,
}

/// How many ticks a second of CPU time has in `/proc` (USER_HZ, the same on every Linux).
const TICKS: u64 = 100;

/// Looks at a process.
pub(crate) fn usage(pid: u32) -> Usage {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("because the process runs");
    let field = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.trim_start_matches(':').split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
    };
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("because the process runs");
    // The name may hold anything, and ends with the last bracket.
    let rest: Vec<&str> = stat.rsplit_once(')').expect("because there is a name").1.split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|at: &usize| rest[*at].parse::<u64>().unwrap_or(0)).sum();
    Usage {
        resident: field("VmRSS") * 1024,
        peak: field("VmHWM") * 1024,
        threads: field("Threads"),
        files: fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count),
        cpu: Duration::from_millis(ticks * 1000 / TICKS),
    }
}

/// Lets the peak begin again at what is used now.
pub(crate) fn reset_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("because the process is ours");
}
