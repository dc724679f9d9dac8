//! What a pool does about tasks that panic.

use std::num::NonZeroUsize;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_core::{
    Chunking, ExecutorExt, LocalExecutor, LocalExecutorExt, Options, Priority, Shutdown, SubmitError,
    TaskError, task,
};
use par_threads::{BuildError, Builder, PanicPolicy, ThreadPool};

use super::{LIMIT, both};

/// `resume_unwind` does not print, so the log stays readable.
fn fail(message: &'static str) {
    std::panic::resume_unwind(Box::new(message));
}

#[par_core::task]
fn picky(x: u32) {
    if x.is_multiple_of(3) {
        fail("no multiples of three");
    }
}

fn one() -> Builder {
    ThreadPool::builder().workers(1)
}

#[test]
fn an_observer_is_told_of_every_panic_before_its_handle() {
    type Seen = Arc<Mutex<Vec<(String, usize, String, bool)>>>;
    let seen = Seen::default();
    let builder = || {
        let seen = Arc::clone(&seen);
        one().on_panic(move |event| {
            let (task, message) = (event.task.to_owned(), event.panic.message.clone());
            let located = event.panic.location.is_some();
            seen.lock().expect("not poisoned").push((task, event.worker, message, located));
        })
    };
    for pool in both(builder) {
        let chunks = Chunking::Fixed(NonZeroUsize::new(5).expect("5 is not 0"));
        let results: Vec<_> = pool.map((0..10).map(picky::new)).chunking(chunks).collect();
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 4);
        let expected =
            (<picky as par_core::Task>::NAME.to_owned(), 0, "no multiples of three".to_owned(), false);
        assert_eq!(std::mem::take(&mut *seen.lock().expect("not poisoned")), vec![expected; 4]);
        let located = pool.spawn(|| assert_eq!(1, 2, "a panic that is expected here")).expect("it is open");
        assert!(located.wait().is_err());
        let (task, _, message, has_place) = seen.lock().expect("not poisoned").remove(0);
        assert!(task == "closure" && message.contains("expected here") && has_place);
        assert_eq!(pool.spawn(|| 1).expect("a panic harms nobody else").wait(), Ok(1));
    }
}

#[test]
fn an_observer_that_panics_harms_nothing() {
    for policy in [PanicPolicy::Isolate, PanicPolicy::ShutDown] {
        for pool in both(|| one().panic_policy(policy).on_panic(|_| fail("the observer"))) {
            match pool.spawn(|| fail("the task")).expect("it is open").wait() {
                Err(TaskError::Panicked(panic)) => assert_eq!(panic.message, "the task"),
                other => panic!("{other:?}"),
            }
            assert_eq!(pool.spawn(|| ()).is_err(), policy == PanicPolicy::ShutDown);
        }
    }
}

#[test]
fn the_first_panic_ends_a_pool_that_fails_fast() {
    for pool in both(|| ThreadPool::builder().workers(2).panic_policy(PanicPolicy::ShutDown)) {
        fails_fast(&pool);
    }
}

fn fails_fast(pool: &Arc<dyn LocalExecutor>) {
    let (say, said) = channel();
    let (nested, own) = (Arc::clone(pool), say.clone());
    let attentive = move || {
        own.send(()).expect("the test listens");
        while !task::current().cancelled() {
            thread::yield_now();
        }
        nested.spawn(|| ()).map(drop)
    };
    let running = pool.spawn(attentive).expect("it is open");
    let (release, held) = channel::<()>();
    let failing = move || {
        say.send(()).expect("the test listens");
        held.recv().ok();
        fail("no disk");
    };
    let failing = pool.spawn(failing).expect("it is open");
    for _ in 0..2 {
        said.recv_timeout(LIMIT).expect("both run");
    }
    let low = Options::new().priority(Priority::Low);
    let queued = [Options::new(), low].map(|options| pool.spawn_with(|| 1, options).expect("there is room"));
    drop(release);

    let panic = within(LIMIT, "the panic", || failing.wait()).expect_err("it panicked");
    assert!(panic.to_string().contains("no disk"));
    let is_broken = |refused: Result<(), SubmitError>| match refused {
        Err(SubmitError::Broken { reason, .. }) => reason.contains("`closure`") && reason.contains("no disk"),
        other => panic!("{other:?}"),
    };
    assert!(is_broken(pool.spawn(|| ()).map(drop)), "as soon as the handle tells");
    for queued in queued {
        assert_eq!(within(LIMIT, "what was queued", || queued.wait()), Err(TaskError::Cancelled));
    }
    let refused = within(LIMIT, "what ran was asked to stop", || running.wait()).expect("it returned");
    assert!(is_broken(refused), "its own tasks are refused, too");
    pool.shutdown(Shutdown::drain().within(Duration::from_secs(10))).expect("there is nothing left");
    assert!(is_broken(pool.spawn(|| ()).map(drop)), "a shutdown does not hide why");
}

/// The program that the next tests start: it ends with the panic.
#[test]
fn child_that_aborts() {
    if std::env::var_os("PAR_TEST_ABORT").is_none() {
        return;
    }
    let pool = one().panic_policy(PanicPolicy::Abort).build().expect("threads start");
    pool.spawn(|| panic!("this ends the process")).expect("it is open").wait().expect("not reached");
}

#[test]
fn a_pool_may_abort_the_process() {
    let me = std::env::current_exe().expect("a test has a program");
    let mut child = std::process::Command::new(me);
    child.args(["--exact", "pool::panics::child_that_aborts", "--nocapture"]).env("PAR_TEST_ABORT", "1");
    let output = within(LIMIT, "the child", || child.output()).expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the task `closure` panicked, and its pool's panic policy is to abort"), "{said}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "SIGABRT");
}

#[cfg(unix)]
#[test]
fn it_aborts_also_when_nobody_reads_what_it_says() {
    let me = std::env::current_exe().expect("a test has a program");
    let mut child = std::process::Command::new(me);
    child.args(["--exact", "pool::panics::child_that_aborts", "--nocapture"]).env("PAR_TEST_ABORT", "1");
    child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = child.spawn().expect("it starts");
    drop(child.stderr.take());
    let status = within(LIMIT, "the child", || child.wait()).expect("it ends");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(6), "SIGABRT, not {status}");
}

#[test]
fn an_initializer_may_panic_with_anything() {
    /// A payload that is no text, and whose destructor panics.
    struct Odd;
    impl Drop for Odd {
        fn drop(&mut self) {
            fail("the destructor of a panic");
        }
    }
    for rayon in [false, true] {
        let builder = one().initializer(|_| std::panic::resume_unwind(Box::new(Odd)));
        let builder = builder.start_timeout(LIMIT);
        let refused = if rayon { builder.build_rayon().map(drop) } else { builder.build().map(drop) };
        let Err(BuildError::Initializer { worker: 0, message }) = refused else { panic!("{refused:?}") };
        assert_eq!(message, "a value that is not text");
    }
}
