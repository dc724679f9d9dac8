//! Locks at random: without an order every deadlock is explained, so nothing hangs; with an order none is claimed.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_threads::{
    Condvar, Mutex, MutexGuard, ReentrantMutex, ReentrantMutexGuard, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};

use super::{panic_of, reports_of};

const THREADS: usize = 6;
const LOCKS: usize = 5;
const LIMIT: Duration = Duration::from_mins(2);

/// Numbers without a pattern that matters here.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

enum Lock {
    Mutex(Mutex<u32>, Condvar),
    Reentrant(ReentrantMutex<()>),
    RwLock(RwLock<u32>),
}

#[expect(dead_code, reason = "they are only held")]
enum Guard<'a> {
    Mutex(MutexGuard<'a, u32>),
    Reentrant(ReentrantMutexGuard<'a, ()>),
    Read(RwLockReadGuard<'a, u32>),
    Upgradable(RwLockUpgradableReadGuard<'a, u32>),
    Write(RwLockWriteGuard<'a, u32>),
    Nothing,
}

impl Lock {
    fn some() -> Vec<Self> {
        (0..LOCKS)
            .map(|index| match index % 3 {
                0 => Self::RwLock(RwLock::new(0)),
                1 => Self::Mutex(Mutex::new(0), Condvar::new()),
                _ => Self::Reentrant(ReentrantMutex::new(())),
            })
            .collect()
    }

    fn take(&self, dice: &mut Dice) -> Guard<'_> {
        let moment = Duration::from_micros(dice.below(2_000) as u64);
        match self {
            Self::Mutex(mutex, changed) => match dice.below(8) {
                0 => mutex.try_lock_for(moment).map_or(Guard::Nothing, Guard::Mutex),
                1 => {
                    let mut guard = mutex.lock();
                    changed.wait_for(&mut guard, moment);
                    Guard::Mutex(guard)
                }
                _ => {
                    changed.notify_one();
                    Guard::Mutex(mutex.lock())
                }
            },
            Self::Reentrant(mutex) => Guard::Reentrant(mutex.lock()),
            Self::RwLock(lock) => match dice.below(9) {
                0 => lock.try_write_for(moment).map_or(Guard::Nothing, Guard::Write),
                1 => lock.try_read_for(moment).map_or(Guard::Nothing, Guard::Read),
                2 => Guard::Upgradable(lock.upgradable_read()),
                3 => Guard::Write(RwLockUpgradableReadGuard::upgrade(lock.upgradable_read())),
                4 => {
                    let upgraded = RwLockUpgradableReadGuard::try_upgrade_for(lock.upgradable_read(), moment);
                    upgraded.map_or_else(Guard::Upgradable, Guard::Write)
                }
                5 => Guard::Read(RwLockWriteGuard::downgrade(lock.write())),
                6 => Guard::Write(lock.write()),
                _ => Guard::Read(lock.read()),
            },
        }
    }
}

/// Lets several threads named so do something with the locks; how often it ended in an explained deadlock.
fn torture(name: &str, rounds: usize, round: impl Fn(&[Lock], &mut Dice) + Sync) -> usize {
    let (locks, explained) = (Lock::some(), AtomicUsize::new(0));
    within(LIMIT, name, || {
        thread::scope(|scope| {
            for index in 0..THREADS {
                let (locks, explained, round) = (&locks, &explained, &round);
                let run = move || {
                    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (index as u64 + 1));
                    for _ in 0..rounds {
                        if panic_of(|| round(locks, &mut dice)).is_some() {
                            explained.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                };
                thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, run).expect("threads start");
            }
        });
    });
    explained.into_inner()
}

/// Its many reports would push those of other tests out of the latest ones.
const ALONE: &str = "PAR_TORTURE_ALONE";

#[test]
fn in_any_order_every_deadlock_is_explained() {
    if std::env::var_os(ALONE).is_none() {
        let mut again = Command::new(std::env::current_exe().expect("tests are a file"));
        again.args(["--exact", "deadlock::torture::in_any_order_every_deadlock_is_explained"]);
        let ended = again.env(ALONE, "1").output().expect("a process starts");
        let output = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && output.contains("1 passed"), "{output}");
        return;
    }
    let explained = torture("any order", 60, |locks, dice| {
        let mut guards = Vec::new();
        for _ in 0..3 {
            guards.push(locks[dice.below(LOCKS)].take(dice));
            thread::yield_now();
        }
    });
    assert!(explained > 0, "three locks at random, each maybe twice: some of that is a deadlock");
}

#[test]
fn in_order_there_is_no_deadlock_to_claim() {
    let explained = torture("in order", 150, |locks, dice| {
        let mut guards = Vec::new();
        for lock in locks {
            if dice.below(2) == 0 {
                guards.push(lock.take(dice));
                thread::yield_now();
            }
        }
    });
    assert_eq!(explained, 0);
    assert_eq!(reports_of("in order"), []);
}
