//! Barriers: TH-18.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::held::{Action, Held, PATIENCE, eventually, hold, on_threads, panics, times_out};
use crate::{BreakCause, BrokenBarrier};

/// A breakable barrier, as the suite sees it.
pub trait Barrier: Send + Sync + 'static {
    /// Waits until all have come, at most so long if a time is given.
    ///
    /// # Errors
    /// Why not all have come.
    fn wait(&self, timeout: Option<Duration>) -> Result<Turn, BrokenBarrier>;
    /// Breaks it.
    fn abort(&self);
    /// Makes it as new.
    fn reset(&self);
    /// Whether it is broken.
    fn is_broken(&self) -> bool;
    /// How many have to come.
    fn parties(&self) -> usize;
    /// How many have come and wait.
    fn waiting(&self) -> usize;
}

/// What a party gets when all have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// From 0, and no two in a phase have the same.
    pub index: usize,
    /// One in a phase is.
    pub leader: bool,
}

/// A party's wait, as a member.
pub type MemberWait<'w> = &'w dyn Fn(Option<Duration>) -> Result<Turn, BrokenBarrier>;

/// A barrier whose parties may be members, so that it knows when one of them fails.
pub trait MemberBarrier: Barrier {
    /// Joins, runs `run`, and leaves; a panic of `run` goes on.
    fn as_member(&self, run: &mut dyn FnMut(MemberWait<'_>));
}

/// Checks everything that a barrier without an action does; `make` makes one for so many parties.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_barrier<B: Barrier>(make: impl Fn(usize) -> B) -> Held {
    hold(
        "barrier",
        &[
            ("a party alone is let through, and leads", &|| alone(&make(1))),
            ("all go on when the last has come, each with its index, and one leads", &|| meets(&make(4))),
            ("phases do not mix, however fast a party comes again", &|| keeps_phases(&make(3))),
            ("it says how many parties there are, and how many wait", &|| counts(&make(3))),
            ("a timeout breaks it for all who wait", &|| times_out_for_all(&make(4))),
            ("who comes last needs no time", &|| needs_no_time(&make(2))),
            ("once broken, every wait fails at once with the first cause, until it is reset", &|| {
                stays_broken(&make(2));
            }),
            ("an abort ends the wait of all", &|| ends_for_all(&make(4), B::abort, BreakCause::Aborted)),
            ("a reset ends the wait of all, and leaves it as new", &|| {
                let barrier = make(4);
                ends_for_all(&barrier, B::reset, BreakCause::Reset);
                assert!(!barrier.is_broken());
                meets(&barrier);
            }),
            ("aborts and resets at any time never leave anybody waiting", &|| survives_anything(&make(2))),
        ],
    )
}

/// Checks what a barrier with an action does; `make` makes one for so many parties, with that action.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_barrier_action<B: Barrier>(make: impl Fn(usize, Action) -> B) -> Held {
    hold(
        "barrier action",
        &[
            ("it runs once per phase, after all have come and before any goes on", &|| acts_once(&make)),
            ("its panic breaks the barrier for the others and goes on in one party", &|| act_panics(&make)),
            ("a reset lets it run again", &|| acts_again(&make)),
        ],
    )
}

/// Checks what a barrier with members does; `make` makes one for so many parties.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_barrier_members<B: MemberBarrier>(make: impl Fn(usize) -> B) -> Held {
    hold(
        "barrier members",
        &[
            ("members meet, and leave one after the other without harm", &|| members_meet(&make(3))),
            ("a member that panics breaks it for those who wait", &|| member_panics(&make(3))),
            ("a member that leaves breaks it for those who wait for it", &|| member_leaves(&make(3))),
        ],
    )
}

const fn broken(cause: BreakCause) -> Result<Turn, BrokenBarrier> {
    Err(BrokenBarrier { cause })
}

fn alone(barrier: &impl Barrier) {
    for _ in 0..3 {
        assert_eq!(barrier.wait(None), Ok(Turn { index: 0, leader: true }));
    }
}

fn meets(barrier: &impl Barrier) {
    let parties = barrier.parties();
    for _ in 0..50 {
        let came = AtomicUsize::new(0);
        let turns = on_threads(parties, |number| {
            came.fetch_add(1, SeqCst);
            let turn = barrier.wait((number % 2 == 0).then_some(PATIENCE)).expect("all come");
            assert_eq!(came.load(SeqCst), parties, "it went on too early");
            turn
        });
        let mut indices: Vec<_> = turns.iter().map(|turn| turn.index).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..parties), "{turns:?}");
        assert_eq!(turns.iter().filter(|turn| turn.leader).count(), 1, "{turns:?}");
    }
    assert_eq!(barrier.waiting(), 0);
}

fn keeps_phases(barrier: &impl Barrier) {
    const PHASES: usize = 500;
    let parties = barrier.parties();
    let came: Vec<_> = (0..PHASES).map(|_| AtomicUsize::new(0)).collect();
    let indices: Vec<_> = (0..PHASES).map(|_| AtomicUsize::new(0)).collect();
    on_threads(parties, |_| {
        for phase in 0..PHASES {
            came[phase].fetch_add(1, SeqCst);
            let turn = barrier.wait(Some(PATIENCE)).expect("all come");
            assert_eq!(came[phase].load(SeqCst), parties, "it went on before all had come to phase {phase}");
            indices[phase].fetch_add(1 << turn.index, SeqCst);
        }
    });
    for (phase, indices) in indices.iter().enumerate() {
        assert_eq!(indices.load(SeqCst), (1 << parties) - 1, "each index once in phase {phase}");
    }
}

/// Lets `parties - 1` threads wait, does something, and yields what became of them.
fn all_but_one<B: Barrier>(barrier: &B, act: impl Fn(&B) + Sync) -> Vec<Result<Turn, BrokenBarrier>> {
    let missing = barrier.parties() - 1;
    let mut ended = on_threads(missing + 1, |number| {
        if number < missing {
            return barrier.wait(Some(2 * PATIENCE));
        }
        eventually("all but one wait", || barrier.waiting() == missing);
        act(barrier);
        broken(BreakCause::Aborted)
    });
    ended.pop();
    ended
}

fn counts(barrier: &impl Barrier) {
    assert_eq!((barrier.parties(), barrier.waiting(), barrier.is_broken()), (3, 0, false));
    let ended = all_but_one(barrier, |barrier| {
        assert_eq!(barrier.waiting(), 2);
        assert!(!barrier.is_broken());
        assert!(barrier.wait(None).is_ok());
    });
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    assert_eq!(barrier.waiting(), 0);
}

fn times_out_for_all(barrier: &impl Barrier) {
    let begun = Instant::now();
    let parties = barrier.parties();
    let ended = on_threads(parties - 1, |number| {
        if number > 0 {
            return barrier.wait(None);
        }
        eventually("the others wait", || barrier.waiting() == parties - 2);
        times_out(|brief| barrier.wait(Some(brief)))
    });
    assert_eq!(ended, vec![broken(BreakCause::TimedOut); parties - 1]);
    assert!(begun.elapsed() < PATIENCE);
    assert!(barrier.is_broken());
    assert_eq!(barrier.waiting(), 0, "those who were told wait no more");
    barrier.reset();
    meets(barrier);
}

fn needs_no_time(barrier: &impl Barrier) {
    let ended = all_but_one(barrier, |barrier| {
        assert!(barrier.wait(Some(Duration::ZERO)).is_ok(), "all have come");
    });
    assert!(ended[0].is_ok());
    assert_eq!(barrier.wait(Some(Duration::ZERO)), broken(BreakCause::TimedOut));
}

fn stays_broken(barrier: &impl Barrier) {
    assert_eq!(times_out(|brief| barrier.wait(Some(brief))), broken(BreakCause::TimedOut));
    barrier.abort();
    for _ in 0..3 {
        assert!(barrier.is_broken());
        assert_eq!(barrier.wait(None), broken(BreakCause::TimedOut), "the first cause stays");
    }
    barrier.reset();
    assert!(!barrier.is_broken());
    barrier.abort();
    assert_eq!(
        barrier.wait(Some(PATIENCE)),
        broken(BreakCause::Aborted),
        "nobody needs to wait for an abort"
    );
    barrier.reset();
    meets(barrier);
}

fn ends_for_all<B: Barrier>(barrier: &B, end: fn(&B), cause: BreakCause) {
    for _ in 0..20 {
        let ended = all_but_one(barrier, end);
        assert_eq!(ended, vec![broken(cause); barrier.parties() - 1]);
        barrier.reset();
    }
}

fn survives_anything(barrier: &impl Barrier) {
    let waiting = AtomicUsize::new(2);
    let met = on_threads(3, |number| {
        if number == 2 {
            // It goes on until the others have ended: a barrier that nobody resets would keep them.
            while waiting.load(SeqCst) > 0 {
                barrier.abort();
                barrier.reset();
                std::thread::yield_now();
            }
            return 0;
        }
        let met = (0..500).filter(|_| match barrier.wait(Some(PATIENCE)) {
            Ok(_) => true,
            Err(BrokenBarrier { cause }) => {
                assert!(matches!(cause, BreakCause::Aborted | BreakCause::Reset), "{cause:?}");
                false
            }
        });
        let met = met.count();
        waiting.fetch_sub(1, SeqCst);
        met
    });
    assert_eq!(met[0], met[1], "who meets, meets somebody");
}

fn acts_once<B: Barrier>(make: impl Fn(usize, Action) -> B) {
    const PHASES: usize = 200;
    let (came, acted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (all, acts) = (Arc::clone(&came), Arc::clone(&acted));
    let act = move || {
        let phase = acts.fetch_add(1, SeqCst);
        assert_eq!(all.load(SeqCst), 3 * (phase + 1), "all have come, and nobody comes again yet");
        std::thread::yield_now();
    };
    let barrier = make(3, Arc::new(act));
    on_threads(3, |_| {
        for phase in 1..=PHASES {
            came.fetch_add(1, SeqCst);
            barrier.wait(Some(PATIENCE)).expect("all come");
            assert!(acted.load(SeqCst) >= phase, "it went on before the action had run");
        }
    });
    assert_eq!(acted.load(SeqCst), PHASES);
}

fn act_panics<B: Barrier>(make: impl Fn(usize, Action) -> B) {
    let barrier = make(3, Arc::new(|| std::panic::resume_unwind(Box::new("the action"))));
    let ended = on_threads(3, |_| {
        let mut result = None;
        let panicked = panics(|| result = Some(barrier.wait(Some(PATIENCE))));
        (panicked, result)
    });
    assert_eq!(ended.iter().filter(|(panicked, _)| *panicked).count(), 1, "{ended:?}");
    let told = ended.into_iter().filter_map(|(_, result)| result).collect::<Vec<_>>();
    assert_eq!(told, [broken(BreakCause::ActionPanicked); 2]);
    assert_eq!(barrier.wait(None), broken(BreakCause::ActionPanicked));
    assert_eq!(barrier.waiting(), 0);
}

fn acts_again<B: Barrier>(make: impl Fn(usize, Action) -> B) {
    let times = Arc::new(AtomicUsize::new(0));
    let acts = Arc::clone(&times);
    let act = move || {
        if acts.fetch_add(1, SeqCst) == 0 {
            std::panic::resume_unwind(Box::new("the first time"));
        }
    };
    let barrier = make(1, Arc::new(act));
    assert!(panics(|| assert!(barrier.wait(None).is_err())));
    assert!(barrier.is_broken());
    barrier.reset();
    assert!(barrier.wait(None).is_ok());
    assert_eq!(times.load(SeqCst), 2);
}

/// Runs `run` as every member, with its number, after all have joined.
fn members<B: MemberBarrier, R: Send>(
    barrier: &B,
    run: impl Fn(usize, MemberWait<'_>) -> R + Sync,
) -> Vec<Result<R, ()>> {
    let (parties, joined) = (barrier.parties(), AtomicUsize::new(0));
    on_threads(parties, |number| {
        let mut result = None;
        let panicked = panics(|| {
            barrier.as_member(&mut |wait| {
                joined.fetch_add(1, SeqCst);
                eventually("all have joined", || joined.load(SeqCst) == parties);
                result = Some(run(number, wait));
            });
        });
        if panicked { Err(()) } else { Ok(result.expect("it has run")) }
    })
}

fn members_meet(barrier: &impl MemberBarrier) {
    for _ in 0..50 {
        let met = members(barrier, |_, wait| (0..3).all(|_| wait(Some(PATIENCE)).is_ok()));
        assert_eq!(met, [Ok(true); 3]);
        assert!(!barrier.is_broken(), "everybody was through");
    }
}

fn member_panics(barrier: &impl MemberBarrier) {
    let ended = members(barrier, |number, wait| {
        if number == 1 {
            eventually("the others wait", || barrier.waiting() == 2);
            std::panic::resume_unwind(Box::new("on its way"));
        }
        wait(Some(PATIENCE))
    });
    let told = Ok(broken(BreakCause::PartyPanicked));
    assert_eq!(ended, [told, Err(()), told]);
    assert!(barrier.is_broken());
    barrier.reset();
    members_meet(barrier);
}

fn member_leaves(barrier: &impl MemberBarrier) {
    for waits_first in [true, false] {
        let ended = members(barrier, |number, wait| {
            if number == 1 {
                let others = if waits_first { 2 } else { 0 };
                eventually("the others wait", || barrier.waiting() >= others);
                return broken(BreakCause::PartyLeft);
            }
            wait(Some(PATIENCE))
        });
        assert_eq!(ended, [Ok(broken(BreakCause::PartyLeft)); 3]);
        barrier.reset();
    }
    members_meet(barrier);
}
