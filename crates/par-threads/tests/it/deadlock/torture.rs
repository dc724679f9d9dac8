//! Locks at random: without an order every deadlock is explained, so nothing hangs; with an order none is claimed.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use par_core::plumbing::catch_panic;
use par_core::testing::within;
use par_core::{BreakCause, BrokenBarrier};
use par_threads::{
    Barrier, Condvar, Mutex, MutexGuard, Permit, ReentrantMutex, ReentrantMutexGuard, RwLock,
    RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard, Semaphore,
};

use super::{is_alone, panic_of, reports_of};

const THREADS: usize = 6;
const LOCKS_IN_ALL: usize = 8;
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
    Semaphore(Semaphore),
}

#[expect(dead_code, reason = "they are only held")]
enum Guard<'a> {
    Mutex(MutexGuard<'a, u32>),
    Reentrant(ReentrantMutexGuard<'a, ()>),
    Read(RwLockReadGuard<'a, u32>),
    Upgradable(RwLockUpgradableReadGuard<'a, u32>),
    Write(RwLockWriteGuard<'a, u32>),
    Permit(Permit<'a>),
    Nothing,
}

impl Lock {
    fn some() -> Vec<Self> {
        (0..LOCKS_IN_ALL)
            .map(|index| match index % 5 {
                0 => Self::RwLock(RwLock::new(0)),
                1 => Self::Mutex(Mutex::new(0), Condvar::new()),
                2 => Self::Semaphore(Semaphore::new(2)),
                3 => Self::Semaphore(Semaphore::new(1)),
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
            Self::Semaphore(semaphore) => match dice.below(6) {
                0 => semaphore.acquire_timeout(moment).map_or(Guard::Nothing, Guard::Permit),
                1 => semaphore.try_acquire().map_or(Guard::Nothing, Guard::Permit),
                _ => Guard::Permit(semaphore.acquire()),
            },
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

#[test]
fn in_any_order_every_deadlock_is_explained() {
    if !is_alone("torture::in_any_order_every_deadlock_is_explained") {
        return;
    }
    let explained = torture("any order", 60, |locks, dice| {
        let mut guards = Vec::new();
        for _ in 0..4 {
            guards.push(locks[dice.below(LOCKS_IN_ALL)].take(dice));
            thread::yield_now();
        }
    });
    assert!(explained > 0, "four locks at random, each maybe twice: some of that is a deadlock");
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

#[test]
fn joins_with_locks_in_hand_all_end() {
    static LOCKS: LazyLock<Vec<Lock>> = LazyLock::new(Lock::some);
    if !is_alone("torture::joins_with_locks_in_hand_all_end") {
        return;
    }
    let explained = torture("joins", 100, |_, dice| {
        let _mine = LOCKS[dice.below(LOCKS_IN_ALL)].take(dice);
        let mut its = Dice(dice.0 ^ 0x5DEE_CE66);
        let joined = par_threads::thread::Builder::new().name("joined").spawn(move || {
            let _first = LOCKS[its.below(LOCKS_IN_ALL)].take(&mut its);
            thread::yield_now();
            let _second = LOCKS[its.below(LOCKS_IN_ALL)].take(&mut its);
        });
        thread::yield_now();
        let _other = LOCKS[dice.below(LOCKS_IN_ALL)].take(dice);
        // Its panic is the end of a circle, too.
        joined.expect("threads start").join().ok();
    });
    assert!(explained > 0, "locks at random, and a join of a thread that wants them");
}

#[test]
fn barriers_with_locks_in_hand_all_end() {
    if !is_alone("torture::barriers_with_locks_in_hand_all_end") {
        return;
    }
    let (hopeless, well) = (AtomicUsize::new(0), AtomicUsize::new(0));
    within(LIMIT, "barriers with locks in hand", || {
        for trial in 0..300 {
            let (locks, barrier) = (Lock::some(), Barrier::new(3));
            let members = [(); 3].map(|()| barrier.join());
            thread::scope(|scope| {
                for (index, member) in members.into_iter().enumerate() {
                    let (locks, hopeless, well) = (&locks, &hopeless, &well);
                    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (trial * 3 + index as u64 + 1));
                    let run = move || {
                        // Nobody knows the parties before all have come once.
                        member.wait()?;
                        for _ in 0..3 {
                            let _guard = locks[dice.below(LOCKS_IN_ALL)].take(&mut dice);
                            member.wait()?;
                            drop(locks[dice.below(LOCKS_IN_ALL)].take(&mut dice));
                        }
                        Ok(())
                    };
                    scope.spawn(move || match catch_panic(run) {
                        Ok(Ok(())) => well.fetch_add(1, Ordering::Relaxed),
                        Ok(Err(BrokenBarrier { cause: BreakCause::WouldDeadlock })) => {
                            hopeless.fetch_add(1, Ordering::Relaxed)
                        }
                        // A party panicked, and the others left.
                        Ok(Err(_)) | Err(_) => 0,
                    });
                }
            });
        }
    });
    assert!(hopeless.into_inner() > 0 && well.into_inner() > 0);
}
