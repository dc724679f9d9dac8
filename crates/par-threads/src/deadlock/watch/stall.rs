//! Waits that may end, while others wait for what the waiting thread holds.

use std::time::{Duration, Instant};

use super::thread;
use super::waits::{WAITS, Wait};
use crate::deadlock::{Report, ReportKind};

/// How long a thread that holds something sleeps before it looks who waits for that.
const SLICE: Duration = Duration::from_millis(500);

/// How long this thread may sleep before it asks [`stalled`]; `None`: for as long as it takes.
///
/// The latest wait that it has written down is the one that it is about to sleep for.
pub(crate) fn slice() -> Option<Duration> {
    let thread = thread::here().filter(|thread| !thread.holds_nothing())?;
    let waits = WAITS.lock();
    let wait = waits.threads.get(&thread.id)?.last()?;
    (!wait.told && wait.target.may_be_anybodys()).then_some(SLICE)
}

/// A report, if this thread has waited for a slice for something that anybody or nobody may bring about, and others for
/// as long for what it holds; once per wait.
pub(crate) fn stalled() -> Option<Report> {
    let thread = thread::here().filter(|_| !thread::is_unwatched())?;
    let now = Instant::now();
    let long = |wait: &Wait| now.duration_since(wait.since) >= SLICE;
    let mut waits = WAITS.lock();
    let wait = waits.threads.get(&thread.id)?.last()?;
    if wait.told || !long(wait) || !wait.target.is_anybodys(&thread) {
        return None;
    }
    let mut participants = vec![wait.participant()];
    let others = waits.threads.values().flatten().filter(|other| other.thread.id != thread.id && long(other));
    participants.extend(others.filter(|other| other.target.is_held_by(&thread)).map(Wait::participant));
    if participants.len() == 1 {
        return None;
    }
    waits.threads.get_mut(&thread.id)?.last_mut()?.told = true;
    Some(Report { kind: ReportKind::Stall, participants })
}
