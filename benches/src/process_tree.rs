//! What a program and all its children cost: CPU time and memory.
//!
//! The tree is this process and its living descendants, found through `/proc/PID/task/*/children`; descendants that
//! have been waited for are in `RUSAGE_CHILDREN`. A descendant that was handed to init, as a daemon is, is lost.
//! Elsewhere than on Linux everything is 0.

use std::time::Duration;

/// What the process tree spent between [`Meter::start`] and [`Meter::stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// User and system time of all threads of all processes.
    pub cpu: Duration,
    /// The sum of the processes' peaks (`VmHWM`): an upper bound, since they need not peak together, and since pages
    /// that they share count once for each.
    pub peak_rss_bytes: u64,
}

/// Measures the process tree.
///
/// # Examples
/// ```
/// use par_benches::process_tree::Meter;
/// let meter = Meter::start();
/// let sum: u64 = (0..1_000_000).map(std::hint::black_box).sum();
/// let usage = meter.stop();
/// # assert_eq!(sum, 499_999_500_000);
/// # #[cfg(target_os = "linux")]
/// assert!(!usage.cpu.is_zero() && usage.peak_rss_bytes > 0);
/// ```
#[derive(Debug)]
#[must_use = "a meter that is not stopped measures nothing"]
pub struct Meter {
    cpu: Duration,
}

impl Meter {
    /// Forgets former peaks of memory, where the kernel allows that, and begins to measure.
    pub fn start() -> Self {
        tree::forget_peaks();
        Self { cpu: tree::cpu() }
    }

    /// What was used since the start.
    pub fn stop(self) -> Usage {
        Usage { cpu: tree::cpu().saturating_sub(self.cpu), peak_rss_bytes: tree::peak_rss_bytes() }
    }
}

/// Measures from now on the parent and all its descendants: where the parent is a launcher, the ranks of the whole job
/// that are on this machine.
pub fn measure_the_job() {
    tree::measure_the_job();
}

/// The CPU time of the calling thread so far.
pub(crate) fn thread_cpu() -> Duration {
    tree::thread_cpu()
}

/// The peak memory of this process alone, since it was forgotten last.
pub(crate) fn own_peak_rss_bytes() -> u64 {
    tree::own_peak_rss_bytes()
}

#[cfg(target_os = "linux")]
mod tree {
    use std::fs;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::time::Duration;

    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    use nix::time::ClockId;
    use nix::unistd::Pid;

    /// The root of the tree; 0 is this process.
    static ROOT: AtomicI32 = AtomicI32::new(0);

    pub(super) fn measure_the_job() {
        ROOT.store(Pid::parent().as_raw(), Ordering::Relaxed);
    }

    /// The CPU time of the living, by their clocks, and of the descendants that were waited for.
    pub(super) fn cpu() -> Duration {
        let living: Duration = processes().into_iter().filter_map(cpu_of).sum();
        living + cpu_of_reaped()
    }

    fn cpu_of(process: i32) -> Option<Duration> {
        // A process that is gone by now is among the reaped.
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(process)).ok()?;
        Some(Duration::from(clock.now().ok()?))
    }

    fn cpu_of_reaped() -> Duration {
        getrusage(UsageWho::RUSAGE_CHILDREN).map_or(Duration::ZERO, |usage| {
            let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
            Duration::from_micros(u64::try_from(microseconds).unwrap_or(0))
        })
    }

    pub(super) fn thread_cpu() -> Duration {
        ClockId::CLOCK_THREAD_CPUTIME_ID.now().map_or(Duration::ZERO, Duration::from)
    }

    pub(super) fn own_peak_rss_bytes() -> u64 {
        peak_of(std::process::id() as i32).unwrap_or(0)
    }

    pub(super) fn peak_rss_bytes() -> u64 {
        processes().into_iter().filter_map(peak_of).sum()
    }

    fn peak_of(process: i32) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// Sets each peak to the present size; see `proc_pid_clear_refs(5)`.
    pub(super) fn forget_peaks() {
        for process in processes() {
            // Not allowed in some containers: the peak is then that of the process's whole life.
            let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        }
    }

    /// The root and its living descendants.
    fn processes() -> Vec<i32> {
        let root = match ROOT.load(Ordering::Relaxed) {
            0 => std::process::id() as i32,
            root => root,
        };
        let mut found = vec![root];
        let mut next = 0;
        while let Some(process) = found.get(next).copied() {
            next += 1;
            for child in children(process) {
                if !found.contains(&child) {
                    found.push(child);
                }
            }
        }
        found
    }

    /// Those whom any thread of the process has started.
    fn children(process: i32) -> Vec<i32> {
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
        let lists = threads.flatten().filter_map(|it| fs::read_to_string(it.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<i32>>()).collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod tree {
    use std::time::Duration;

    pub(super) fn cpu() -> Duration {
        Duration::ZERO
    }

    pub(super) fn thread_cpu() -> Duration {
        Duration::ZERO
    }

    pub(super) fn own_peak_rss_bytes() -> u64 {
        0
    }

    pub(super) fn peak_rss_bytes() -> u64 {
        0
    }

    pub(super) fn forget_peaks() {}

    pub(super) fn measure_the_job() {}
}
