//! The parent's side: starts the ranks, waits for them, and says what became of them.
//!
//! One thread does everything: it sleeps until the descriptor of a process says that it has ended, or until a limit is
//! over. It never waits for what a rank does in the shared memory, so no rank can hold it up; and since it is the
//! thread that started the ranks, the kernel ends them with it.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, Stdio};
use std::time::Instant;
use std::{io, os::unix::process::CommandExt};

use par_core::comm::{CommError, Rank, RankFailure, SpmdError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::brief::{Brief, Fault, MARK, Mark, memory_file, read_outcome};
use super::builder::ProcessWorldBuilder;
use super::life::State;
use super::memory::Memory;
use crate::event::Exit;
use crate::spawn::{EXIT_NO_CHANNEL, EXIT_NO_INIT, own_program, start};

/// What a program is started with.
pub(super) struct Order<'a> {
    pub(super) name: &'a str,
    pub(super) rust_type: &'a str,
    pub(super) parameters: Vec<u8>,
}

/// Runs a program on every rank; the encoded outputs, in rank order.
pub(super) fn run(config: &ProcessWorldBuilder, order: Order<'_>) -> Result<Vec<Vec<u8>>, SpmdError> {
    let no_world = |reason: String| SpmdError::NoWorld { ranks: config.ranks, reason };
    let mut launch = Launch::prepare(config, order)
        .map_err(|error| no_world(format!("no shared memory, or too few descriptors: {error}")))?;
    for rank in 0..config.ranks {
        launch.start(rank).map_err(|error| {
            no_world(format!(
                "rank {rank} could not be started: {error}; are processes and descriptors left?"
            ))
        })?;
    }
    while launch.processes.iter().any(Option::is_some) {
        launch.sleep();
        launch.reap();
        launch.enforce_limits();
        if let Some(reason) = launch.stillborn.take() {
            return Err(no_world(reason));
        }
    }
    launch.outcomes()
}

/// A world while it runs. Dropping it ends all its processes.
struct Launch<'a> {
    config: &'a ProcessWorldBuilder,
    memory: Memory,
    /// Open as long as ranks may open them.
    _memory_fd: OwnedFd,
    brief: File,
    outcomes: Vec<File>,
    processes: Vec<Option<Process>>,
    begun: Instant,
    /// When the first rank failed, and which.
    failed: Option<(Instant, Rank)>,
    /// Why the world was not made.
    stillborn: Option<String>,
    /// What the parent did to ranks.
    killed: Vec<Option<String>>,
}

struct Process {
    child: Child,
    pidfd: OwnedFd,
}

impl<'a> Launch<'a> {
    fn prepare(config: &'a ProcessWorldBuilder, order: Order<'_>) -> io::Result<Self> {
        let (memory, memory_fd) = Memory::create(config.ranks)?;
        let outcomes: Vec<File> =
            (0..config.ranks).map(|_| memory_file("par-outcome")).collect::<io::Result<_>>()?;
        let brief = memory_file("par-brief")?;
        Brief::new(
            config.ranks,
            (order.name, order.rust_type),
            order.parameters,
            config.settings,
            memory_fd.as_raw_fd(),
            outcomes.iter().map(AsRawFd::as_raw_fd).collect(),
        )
        .write(&brief)?;
        Ok(Self {
            config,
            memory,
            _memory_fd: memory_fd,
            brief,
            outcomes,
            processes: Vec::with_capacity(config.ranks),
            begun: Instant::now(),
            failed: None,
            stillborn: None,
            killed: vec![None; config.ranks],
        })
    }

    fn start(&mut self, rank: Rank) -> io::Result<()> {
        let mut command = own_program()?;
        let mark = Mark { parent: std::process::id(), brief: self.brief.as_raw_fd(), rank };
        command.stdin(Stdio::null());
        command.envs(self.config.envs.iter().map(|(name, value)| (name, value)));
        command.env(MARK, mark.text());
        // A group of its own, so that what a rank leaves behind ends with it.
        command.process_group(0);
        let (child, pidfd) = start(&mut command)?;
        self.processes.push(Some(Process { child, pidfd }));
        Ok(())
    }

    /// Waits for a death, or for the next limit.
    fn sleep(&self) {
        let now = Instant::now();
        let killed = self
            .processes
            .iter()
            .zip(&self.killed)
            .all(|(process, killed)| process.is_none() || killed.is_some());
        // Who was killed ends soon, and no limit is left to be enforced.
        let limits = if killed { [None; 3] } else { [self.starts_by(), self.deadline(), self.grace_ends()] };
        let timeout = limits.into_iter().flatten().min().map(|limit| {
            let left = limit.saturating_duration_since(now);
            Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }
        });
        let living = self.processes.iter().flatten();
        let mut fds: Vec<_> = living.map(|process| PollFd::new(&process.pidfd, PollFlags::IN)).collect();
        // An interruption is a look too early, and harmless.
        let _ = poll(&mut fds, timeout.as_ref());
    }

    /// Notes who has ended, and tells the others.
    fn reap(&mut self) {
        for rank in 0..self.processes.len() {
            let Some(process) = &mut self.processes[rank] else { continue };
            if !has_ended(&process.pidfd) {
                continue;
            }
            process.kill();
            let exit = Exit::of(&mut process.child);
            self.processes[rank] = None;
            let state = self.memory.state(rank);
            if !state.is_end() {
                let reason = self.killed[rank].clone().unwrap_or_else(|| match exit {
                    Exit::Code(_) => format!("its process {exit} before its program ended"),
                    _ => format!("its process {exit}"),
                });
                self.memory.set_ended(rank, State::Lost, &reason);
                self.memory.wake_all();
            }
            if !self.memory.all_have_joined() {
                let reason = self.not_started(rank, exit);
                self.stillborn.get_or_insert(reason);
            } else if self.memory.state(rank) != State::Finished {
                self.failed.get_or_insert((Instant::now(), rank));
            }
        }
    }

    /// Why a rank ended before the world was complete.
    fn not_started(&self, rank: Rank, exit: Exit) -> String {
        if let Some(killed) = &self.killed[rank] {
            return format!("rank {rank} had not joined: {killed}");
        }
        if let Ok(Some(Err(Fault::Failed(error)))) = read_outcome(&self.outcomes[rank]) {
            return format!("rank {rank} could not join: {error}");
        }
        match exit {
            Exit::Code(EXIT_NO_INIT) => {
                "a rank made a world instead of joining this one: call `par_process::init()` as the first thing in \
                 `main`, and if the program is a test, set `harness = false`"
                    .to_owned()
            }
            Exit::Code(EXIT_NO_CHANNEL) => {
                format!("rank {rank} could not open the memory of this process through /proc; is it mounted?")
            }
            exit => format!(
                "rank {rank} {exit} before it had joined: does the program call `par_process::init()` first in `main`?"
            ),
        }
    }

    /// Until when all ranks must have joined.
    fn starts_by(&self) -> Option<Instant> {
        if self.memory.all_have_joined() { None } else { self.begun.checked_add(self.config.start_timeout) }
    }

    fn deadline(&self) -> Option<Instant> {
        self.config.deadline.and_then(|deadline| self.begun.checked_add(deadline))
    }

    fn grace_ends(&self) -> Option<Instant> {
        self.failed.and_then(|(at, _)| at.checked_add(self.config.grace))
    }

    fn enforce_limits(&mut self) {
        let now = Instant::now();
        let is_over = |limit: Option<Instant>| limit.is_some_and(|limit| limit <= now);
        if is_over(self.starts_by()) {
            let late: Vec<Rank> =
                (0..self.config.ranks).filter(|rank| self.memory.state(*rank) == State::Absent).collect();
            self.stillborn.get_or_insert(format!(
                "ranks {late:?} had not joined after {:?}: does the program call `par_process::init()` first in \
                 `main`? else raise `start_timeout`",
                self.config.start_timeout
            ));
        } else if is_over(self.deadline()) {
            let deadline = self.config.deadline.unwrap_or_default();
            self.kill_all(&format!("when the deadline of this world, {deadline:?}, had passed"));
        } else if let Some((_, rank)) = self.failed
            && is_over(self.grace_ends())
        {
            self.kill_all(&format!("{:?} after rank {rank} had failed", self.config.grace));
        }
    }

    /// Ends all who still run; the next look finds them dead.
    fn kill_all(&mut self, when: &str) {
        for (process, killed) in self.processes.iter_mut().zip(&mut self.killed) {
            let Some(process) = process else { continue };
            if killed.is_some() {
                continue;
            }
            let was = if process.is_stopped() { "was stopped by a signal" } else { "still ran" };
            *killed = Some(format!("it {was} {when}, and was killed"));
            process.kill();
        }
    }

    /// What each rank yields, or the failures, causes first and in the order of time.
    fn outcomes(&self) -> Result<Vec<Vec<u8>>, SpmdError> {
        let (mut outputs, mut failures) = (Vec::new(), Vec::new());
        for rank in 0..self.config.ranks {
            match self.outcome(rank) {
                Ok(output) => outputs.push(output),
                Err(failure) => failures.push((rank, failure)),
            }
        }
        if failures.is_empty() {
            return Ok(outputs);
        }
        failures.sort_by_key(|(rank, failure)| {
            let by_us = self.killed[*rank].is_some();
            (is_consequence(failure), by_us, self.memory.order(*rank))
        });
        Err(SpmdError::Ranks(failures))
    }

    fn outcome(&self, rank: Rank) -> Result<Vec<u8>, RankFailure> {
        if self.memory.state(rank) == State::Lost {
            return Err(RankFailure::Lost(self.memory.reason(rank).unwrap_or_default()));
        }
        match read_outcome(&self.outcomes[rank]) {
            Ok(Some(Ok(output))) => Ok(output),
            Ok(Some(Err(Fault::Failed(error)))) => Err(RankFailure::Failed(error)),
            Ok(Some(Err(Fault::Panicked(panic)))) => Err(RankFailure::Panicked(panic)),
            Ok(None) => Err(RankFailure::Lost("its outcome is not whole; is memory short?".to_owned())),
            Err(error) => Err(RankFailure::Failed(CommError::Native {
                call: "reading its outcome".to_owned(),
                message: error.to_string(),
            })),
        }
    }
}

fn is_consequence(failure: &RankFailure) -> bool {
    matches!(failure, RankFailure::Failed(error) if error.is_consequence())
}

impl Drop for Launch<'_> {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().flatten() {
            process.kill();
        }
        for process in self.processes.iter_mut().flatten() {
            let _ = process.child.wait();
        }
    }
}

impl Process {
    /// Ends the process and what it has started; before the reaping, while its number cannot be another's.
    fn kill(&mut self) {
        if let Some(group) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        // Its group is made by the child, perhaps not yet.
        let _ = self.child.kill();
    }

    fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        matches!(stat.rsplit(") ").next().and_then(|rest| rest.chars().next()), Some('T' | 't'))
    }
}

fn has_ended(pidfd: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(ready) if ready > 0)
}
