//! What the pool knows of each worker while it works: cheap enough to be kept for every job.
//!
//! Only the worker itself writes its record (and who gives it its slot, before that), and anybody may read it. `mark` is
//! what it does now and since when, in one word; time is added to `times` when that changes, which is when it runs out
//! of jobs and when it finds one again, never once per job. While it changes, `mark` is [`CHANGING`], so a reader that
//! sees the same mark before and after has read times that belong to it.

use std::array;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::thread;

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// It looks for a job, or sleeps.
    Idle,
    /// It runs jobs.
    Running,
    /// Its task waits, and there is nothing to run meanwhile.
    Waiting,
    /// There is no thread.
    Retired,
}

const ALL: [Activity; 4] = [Activity::Idle, Activity::Running, Activity::Waiting, Activity::Retired];
const BITS: u32 = 2;
const CHANGING: u64 = u64::MAX;
/// Before a worker's first task: no name has this number, so it is read as an empty one.
const NO_TASK: usize = usize::MAX;

/// One worker's record; 128 bytes apart, which is what x86-64 fetches at once.
#[repr(align(128))]
pub(super) struct Record {
    mark: AtomicU64,
    /// Nanoseconds of each activity but the last.
    times: [AtomicU64; 3],
    /// The number of the task's name, see [`Names`].
    task: AtomicUsize,
    /// The system's number of the thread, or 0.
    native_id: AtomicU64,
}

/// What a record said at one moment.
pub(super) struct Reading {
    pub(super) activity: Activity,
    pub(super) idle: Duration,
    pub(super) running: Duration,
    pub(super) waiting: Duration,
    pub(super) task: usize,
    pub(super) native_id: Option<u64>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            mark: AtomicU64::new(Activity::Retired as u64),
            times: array::from_fn(|_| AtomicU64::new(0)),
            task: AtomicUsize::new(NO_TASK),
            native_id: AtomicU64::new(0),
        }
    }

    /// From now on the worker does something else; the pool was born at `birth`.
    pub(super) fn switch(&self, to: Activity, birth: Instant) {
        // Whoever reads the clock later than this does sees that the mark changes, so times never go back.
        let mark = self.mark.swap(CHANGING, Ordering::SeqCst);
        let now = nanoseconds(birth.elapsed());
        if let Some(time) = self.times.get(activity(mark) as usize) {
            let known = time.load(Ordering::Relaxed);
            time.store(known + now.saturating_sub(mark >> BITS), Ordering::Release);
        }
        self.mark.store(now << BITS | to as u64, Ordering::Release);
    }

    pub(super) fn read(&self, birth: Instant) -> Reading {
        loop {
            let mark = self.mark.load(Ordering::Acquire);
            let mut times = array::from_fn(|i| self.times[i].load(Ordering::Acquire));
            // In between, so that the worker still did the same then.
            let now = nanoseconds(birth.elapsed());
            if mark == CHANGING || self.mark.load(Ordering::SeqCst) != mark {
                std::hint::spin_loop();
                continue;
            }
            if let Some(time) = times.get_mut(activity(mark) as usize) {
                *time += now.saturating_sub(mark >> BITS);
            }
            let [idle, running, waiting] = times.map(Duration::from_nanos);
            let task = self.task.load(Ordering::Relaxed);
            let native_id = Some(self.native_id.load(Ordering::Relaxed)).filter(|id| *id != 0);
            return Reading { activity: activity(mark), idle, running, waiting, task, native_id };
        }
    }

    /// Says which task the worker runs now; yields the former one.
    #[inline]
    pub(super) fn set_task(&self, number: usize) -> usize {
        let former = self.task.load(Ordering::Relaxed);
        self.task.store(number, Ordering::Relaxed);
        former
    }

    /// Notes which thread this is.
    pub(super) fn set_thread(&self) {
        self.native_id.store(thread::native_id().unwrap_or(0), Ordering::Relaxed);
    }
}

fn activity(mark: u64) -> Activity {
    ALL[(mark & ((1 << BITS) - 1)) as usize]
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Numbers for the names of tasks, because one word can be stored at once, and a name is two.
#[derive(Default)]
pub(super) struct Names {
    known: Mutex<(HashMap<&'static str, usize>, Vec<&'static str>)>,
}

impl Names {
    fn number(&self, name: &'static str) -> usize {
        let (numbers, names) = &mut *self.known.lock();
        *numbers.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() - 1
        })
    }

    pub(super) fn name(&self, number: usize) -> &'static str {
        self.known.lock().1.get(number).copied().unwrap_or("")
    }
}

const CACHED: usize = 8;

/// The names that a worker has seen last: it asks for no lock while its tasks have a handful of names.
#[derive(Default)]
pub(super) struct NameCache([Cell<Option<(&'static str, usize)>>; CACHED]);

impl NameCache {
    #[inline]
    pub(super) fn number(&self, name: &'static str, names: &Names) -> usize {
        // Names are constants of the program, so the address says which; their low bits say little.
        let slot = &self.0[(name.as_ptr().addr() >> 3) % CACHED];
        if let Some((known, number)) = slot.get()
            && std::ptr::eq(known, name)
        {
            return number;
        }
        let number = names.number(name);
        slot.set(Some((name, number)));
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_go_on_while_they_are_read() {
        let birth = Instant::now();
        let record = Record::new();
        let before = record.read(birth);
        assert_eq!((before.activity, before.idle), (Activity::Retired, Duration::ZERO));
        record.switch(Activity::Idle, birth);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(2) {}
        let first = record.read(birth);
        record.switch(Activity::Running, birth);
        let second = record.read(birth);
        assert!(first.idle >= Duration::from_millis(2) && second.idle >= first.idle);
        assert_eq!((second.activity, second.waiting), (Activity::Running, Duration::ZERO));
        record.switch(Activity::Retired, birth);
        let third = record.read(birth);
        assert!(third.idle + third.running <= birth.elapsed());
        assert_eq!(record.read(birth).running, third.running, "who is retired does nothing");
    }

    #[test]
    fn a_reading_is_never_torn() {
        let (birth, record) = (Instant::now(), Record::new());
        record.switch(Activity::Idle, birth);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for _ in 0..100_000 {
                    record.switch(Activity::Running, birth);
                    record.switch(Activity::Idle, birth);
                }
            });
            let mut last = Duration::ZERO;
            while !writer.is_finished() {
                let reading = record.read(birth);
                assert!(reading.idle >= last, "{:?} after {last:?}", reading.idle);
                assert!(reading.idle + reading.running <= birth.elapsed());
                last = reading.idle;
            }
        });
    }

    #[test]
    fn names_keep_their_numbers() {
        let (names, cache) = (Names::default(), NameCache::default());
        let all: Vec<&'static str> = vec!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "", "closure"];
        let numbers: Vec<usize> = all.iter().map(|name| cache.number(name, &names)).collect();
        assert_eq!(numbers, (0..all.len()).collect::<Vec<_>>());
        for (name, number) in all.into_iter().zip(numbers) {
            assert_eq!((cache.number(name, &names), names.name(number)), (number, name));
        }
        let before_the_first = Record::new().read(Instant::now()).task;
        assert_eq!(names.name(before_the_first), "", "nobody has run another worker's task");
    }
}
