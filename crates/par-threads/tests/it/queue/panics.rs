//! Comparisons of the user that panic, use a queue, or contradict themselves.

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

use par_core::testing::within;
use par_threads::{PriorityQueue, QueueShutdown};

use super::LIMIT;

/// A number whose comparisons do something else before.
#[derive(Debug)]
struct Odd(u32, fn());

impl Ord for Odd {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.1)();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Odd {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Odd {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Odd {}

static ARMED: AtomicBool = AtomicBool::new(false);

fn panics() {
    assert!(!ARMED.load(std::sync::atomic::Ordering::Relaxed), "no comparisons today");
}

#[test]
fn a_panicking_comparison_changes_nothing() {
    let arm = |armed| ARMED.store(armed, std::sync::atomic::Ordering::Relaxed);
    let queue = PriorityQueue::bounded(8);
    for priority in [3, 1, 2, 1] {
        queue.put(Odd(priority, panics), queue.len()).expect("there is room");
    }
    arm(true);
    catch_unwind(AssertUnwindSafe(|| queue.put(Odd(0, panics), 9).is_ok())).expect_err("the put panics");
    catch_unwind(AssertUnwindSafe(|| queue.get().is_ok())).expect_err("the get panics");
    catch_unwind(AssertUnwindSafe(|| queue.take().is_ok())).expect_err("the take panics");
    arm(false);
    assert_eq!((queue.len(), queue.unfinished()), (4, 4));
    let order: Vec<_> = queue.try_iter().map(|(priority, item)| (priority.0, item)).collect();
    assert_eq!(order, [(1, 1), (1, 3), (2, 2), (3, 0)]);
}

/// Panics in a thread of the name "victim".
fn panics_for_some() {
    assert!(thread::current().name() != Some("victim"), "it is unlucky");
}

#[test]
fn who_panics_passes_its_notification_on() {
    within(LIMIT, "a putter behind one that panics", || {
        for _ in 0..20 {
            let queue = PriorityQueue::bounded(2);
            let put = |item| queue.put(Odd(item, panics_for_some), item);
            assert!(put(1).is_ok() && put(2).is_ok());
            // They look, and then they sleep: only sleepers are notified, and mostly in the order in which they came.
            let settle = || (0..200).for_each(|_| thread::yield_now());
            thread::scope(|scope| {
                let victim = thread::Builder::new().name(String::from("victim"));
                let victim = victim.spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(|| put(0).is_ok())));
                settle();
                let other = scope.spawn(|| put(3).is_ok());
                settle();
                assert_eq!(queue.get().map(|(_, item)| item), Ok(1));
                assert!(other.join().expect("it is no victim"), "there was room for it");
                queue.shutdown(QueueShutdown::Drain);
                // It panicked, or still waited for room.
                let victim = victim.expect("threads start").join().expect("it catches");
                assert!(!victim.unwrap_or(false), "it never puts");
            });
        }
    });
}

static OWN: LazyLock<PriorityQueue<Odd, ()>> = LazyLock::new(|| PriorityQueue::bounded(8));

#[test]
fn a_comparison_that_uses_a_priority_queue_panics_instead_of_deadlocking() {
    let uses_it = || drop(OWN.try_get());
    within(LIMIT, "a comparison that uses its queue", || {
        OWN.put(Odd(1, uses_it), ()).expect("there is room, and nothing to compare with");
        let panic = catch_unwind(|| OWN.put(Odd(0, uses_it), ()).is_ok()).expect_err("it would deadlock");
        let text = panic.downcast_ref::<&str>().expect("it has a message");
        assert!(text.contains("would deadlock"), "{text}");
        // What a comparison may ask, because it takes no lock:
        let asks = || assert!(OWN.len() < 8 && !OWN.is_shut_down() && OWN.unfinished() > 0);
        OWN.put(Odd(0, asks), ()).expect("there is room");
        assert_eq!(OWN.len(), 2);
    });
}

#[test]
fn a_comparison_that_contradicts_itself_loses_nothing() {
    #[derive(Debug)]
    struct Whim(u32);
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    impl Ord for Whim {
        fn cmp(&self, _: &Self) -> Ordering {
            let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            [Ordering::Less, Ordering::Greater, Ordering::Less, Ordering::Equal][(count * 7 + count / 3) % 4]
        }
    }
    impl PartialOrd for Whim {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }
    impl PartialEq for Whim {
        fn eq(&self, _: &Self) -> bool {
            false
        }
    }
    impl Eq for Whim {}
    let queue = PriorityQueue::bounded(1000);
    (0..1000).for_each(|item| queue.put(Whim(item), item).expect("there is room"));
    let mut items: Vec<_> = queue.try_iter().map(|(priority, item)| (priority.0, item)).collect();
    items.sort_unstable();
    assert!(items.into_iter().eq((0..1000).map(|item| (item, item))));
}
