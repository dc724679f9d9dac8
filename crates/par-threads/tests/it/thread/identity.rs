//! TH-04: who runs here, who else there is, and what the operating system calls them.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::mpsc::{Sender, channel};

use par_core::testing::within;
use par_core::{LocalExecutor, LocalExecutorExt};
use par_threads::ThreadPool;
use par_threads::thread::{self, Builder, Thread};

use super::{LIMIT, foreign, held, is_listed};

#[test]
fn a_thread_knows_itself_as_others_know_it() {
    let handle = Builder::new().name("known").spawn(thread::current).expect("it starts");
    let outside = handle.thread().clone();
    let inside = handle.join().expect("it does not panic");
    assert_eq!(inside, outside);
    assert_eq!((inside.name(), inside.is_main(), inside.is_foreign()), ("known", false, false));
    assert_eq!(inside.native_id(), outside.native_id(), "also after its end");
    assert!(format!("{inside:?}").contains("known"));
}

#[test]
fn the_main_thread_is_always_there() {
    let main = thread::main_thread();
    assert_eq!((main.name(), main.id().get(), main.is_alive()), ("main", 1, true));
    assert!(main.is_main() && !main.is_daemon() && !main.is_foreign());
    assert_eq!(thread::enumerate().first(), Some(&main));
    assert_ne!(thread::current(), main, "tests run elsewhere");
    #[cfg(target_os = "linux")]
    assert_eq!(main.native_id(), Some(u64::from(std::process::id())));
}

#[test]
fn a_listed_thread_leaves_the_list_with_its_end() {
    let (handle, release) = held(Builder::new().name("on the list"));
    assert!(is_listed("on the list") && thread::active_count() >= 2);
    drop(release);
    within(LIMIT, "join", || handle.join()).expect("it does not panic");
    assert!(!is_listed("on the list"));
}

#[test]
fn a_foreign_thread_is_known_while_it_lives() {
    let (thread, release, os) = foreign("from std");
    assert_eq!(thread.name(), "from std");
    assert!(thread.is_alive() && thread.is_daemon() && thread.is_foreign() && !thread.is_main());
    assert!(thread::enumerate().contains(&thread));
    drop(release);
    within(LIMIT, "the foreign thread", || os.join()).expect("it does not panic");
    assert!(!thread.is_alive() && !thread::enumerate().contains(&thread));
}

#[test]
fn a_foreign_thread_without_a_name_gets_one() {
    let name = std::thread::spawn(|| thread::current().name().to_owned()).join().expect("it does not panic");
    assert!(name.starts_with("foreign-"), "{name}");
}

#[test]
fn a_thread_that_nobody_asked_about_is_not_listed() {
    let (release, released) = channel::<()>();
    let os = std::thread::Builder::new().name("silent".to_owned()).spawn(move || _ = released.recv());
    assert!(!is_listed("silent"));
    drop(release);
    os.expect("it starts").join().expect("it does not panic");
}

#[test]
fn the_destructor_of_a_thread_local_may_ask() {
    struct Asks(Sender<Thread>);
    impl Drop for Asks {
        fn drop(&mut self) {
            self.0.send(thread::current()).ok();
        }
    }
    thread_local! { static KEPT: RefCell<Option<Asks>> = const { RefCell::new(None) } }

    for early in [true, false] {
        let (told, tell) = channel();
        let asks = Asks(told);
        let os = std::thread::Builder::new().name("foreign asks".to_owned()).spawn(move || {
            if early {
                thread::current();
            }
            KEPT.set(Some(asks));
        });
        os.expect("it starts").join().expect("it does not panic");
        assert_eq!(tell.recv().as_ref().map(Thread::name), Ok("foreign asks"));
        assert!(!is_listed("foreign asks"), "nothing is left on the list");
    }

    let (told, tell) = channel();
    let handle =
        Builder::new().name("ours asks").spawn(move || KEPT.set(Some(Asks(told)))).expect("it starts");
    handle.join().expect("it does not panic");
    assert_eq!(tell.recv().as_ref().map(Thread::name), Ok("ours asks"));
    assert!(!is_listed("ours asks"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_operating_system_knows_the_name_and_the_number() {
    let comm = |thread: &Thread| {
        let tid = thread.native_id().expect("Linux numbers its threads");
        std::fs::read_to_string(format!("/proc/self/task/{tid}/comm")).expect("the thread lives")
    };
    for (name, shown) in [("short", "short\n"), ("a name of more than fifteen bytes", "a name of more \n")] {
        let (handle, release) = held(Builder::new().name(name));
        assert_eq!(comm(handle.thread()), shown);
        drop(release);
        handle.join().expect("it does not panic");
    }
    let (thread, release, os) = foreign("from std");
    assert_eq!(comm(&thread), "from std\n");
    drop(release);
    os.join().expect("it does not panic");
}

#[cfg(target_os = "linux")]
#[test]
fn native_ids_of_living_threads_differ() {
    let held: Vec<_> = (0..16).map(|_| held(Builder::new())).collect();
    let ids: HashSet<_> = held.iter().map(|(handle, _)| handle.thread().native_id()).collect();
    assert_eq!(ids.len(), 16);
    assert!(!ids.contains(&None));
    for (handle, release) in held {
        drop(release);
        handle.join().expect("it does not panic");
    }
}

#[test]
fn identifiers_are_ordered_as_the_threads_were_started() {
    let ids: Vec<_> = (0..10).map(|_| thread::spawn(|| ()).thread().id()).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 10);
    assert_eq!(ids[0].to_string(), ids[0].get().to_string());
}

#[test]
fn workers_of_pools_are_listed_while_they_work() {
    for rayon in [false, true] {
        let builder = ThreadPool::builder().workers(2).name("listed");
        let pool: Box<dyn LocalExecutor> = if rayon {
            Box::new(builder.build_rayon().expect("threads start"))
        } else {
            Box::new(builder.build().expect("threads start"))
        };
        let workers = || -> Vec<_> {
            thread::enumerate().into_iter().filter(|one| one.name().starts_with("listed-")).collect()
        };
        let found = workers();
        assert_eq!(found.len(), 2, "{found:?}");
        let itself = pool.spawn(thread::current).expect("it is open").wait().expect("it ran");
        assert!(found.contains(&itself) && itself.is_daemon() && !itself.is_foreign());
        drop(pool);
        within(LIMIT, "the workers end", || {
            while found.iter().any(thread::Thread::is_alive) {
                std::thread::yield_now();
            }
        });
        assert!(workers().is_empty());
    }
}
