//! How a loop goes round.
//!
//! A turn takes what other threads sent and the timers that are due into the ready queue, and then runs what was in the
//! queue at that moment: what that schedules waits for the next turn. Between turns the loop hands the thread to its
//! poller, a tokio runtime: at once when nothing is ready, else every [`TURNS`] turns, as tokio itself does.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use par_core::plumbing::catch_panic;
use tokio::task::coop::has_budget_remaining;

use super::EventLoop;
use super::core::{MAIN, Ready};
use super::tasks::TaskWaker;
use crate::watch::{Report, Stint, Work};

/// After so many turns the poller has its turn.
const TURNS: usize = 61;

/// And after so many callbacks, which may be all of one turn.
const CALLBACKS: usize = 4096;

/// The future that the loop runs until it is complete.
struct Main<'a, F: Future> {
    future: Pin<&'a mut F>,
    output: Option<F::Output>,
    flag: Arc<TaskWaker>,
    waker: Waker,
}

impl<F: Future> Main<'_, F> {
    /// Polls it once; whether it is complete.
    fn step(&mut self) -> bool {
        if self.output.is_none() {
            self.flag.queued.store(false, Ordering::Release);
            if let Poll::Ready(output) = self.future.as_mut().poll(&mut Context::from_waker(&self.waker)) {
                self.output = Some(output);
            }
        }
        self.output.is_some()
    }
}

impl EventLoop {
    /// Goes round until `main` is complete, or the loop is stopped.
    pub(super) async fn turns<F: Future>(&self, main: Pin<&mut F>) -> Option<F::Output> {
        let shared = Arc::clone(&self.core.shared);
        let flag = Arc::new(TaskWaker { seat: MAIN, queued: AtomicBool::new(true), shared });
        let waker = Waker::from(Arc::clone(&flag));
        let mut main = Main { future: main, output: None, flag, waker };
        self.core.push(Ready::Task(MAIN));
        let (mut batch, mut turns, mut ran) = (Vec::new(), 0, 0);
        loop {
            self.collect();
            if self.core.ready.borrow().is_empty() && !self.core.stopping.get() {
                self.idle().await;
                continue;
            }
            std::mem::swap(&mut batch, &mut *self.core.ready.borrow_mut());
            ran += batch.len();
            for ready in batch.drain(..) {
                match ready {
                    Ready::Callback(entry) => self.call(entry.at(), || entry.run(self)),
                    Ready::Call(call) => self.call(call.at, || (call.callback)(self)),
                    Ready::Task(seat) => {
                        if seat != MAIN {
                            self.core.step(seat);
                        } else if main.step() {
                            self.core.stopping.set(true);
                        }
                        // Without it every task behind this one would be told to come again.
                        if !has_budget_remaining() {
                            self.pause().await;
                        }
                    }
                }
            }
            if self.core.stopping.get() {
                return main.output;
            }
            turns += 1;
            if turns >= TURNS || ran >= CALLBACKS {
                (turns, ran) = (0, 0);
                self.pause().await;
            }
        }
    }

    /// What became ready elsewhere comes behind what is ready here; then what is due.
    fn collect(&self) {
        let core = &self.core;
        let (calls, woken) = {
            let mut inbox = core.shared.inbox.lock();
            if std::mem::take(&mut inbox.stop) {
                core.stopping.set(true);
            }
            (std::mem::take(&mut inbox.calls), std::mem::take(&mut inbox.woken))
        };
        let mut ready = core.ready.borrow_mut();
        ready.extend(calls.into_iter().map(Ready::Call));
        ready.extend(woken.into_iter().map(Ready::Task));
        if !core.timers.is_empty() {
            let now = self.time();
            while let Some(entry) = core.timers.due(now) {
                ready.push(Ready::Callback(entry));
            }
        }
    }

    /// Runs a callback; what goes wrong is the exception handler's.
    fn call(&self, at: &'static std::panic::Location<'static>, callback: impl FnOnce() -> Option<String>) {
        let stint = Stint::of_callback(at);
        let failure = catch_panic(callback);
        drop(stint);
        let work = || Work { what: "callback", task: None, name: None, at };
        match failure {
            Ok(None) => {}
            Ok(Some(failure)) => self.core.report(&Report::Failed { work: work(), failure }),
            Err(panic) => self.core.report(&Report::Panicked { work: work(), panic }),
        }
    }

    /// Lets the poller look, without waiting.
    async fn pause(&self) {
        self.core.polling.set(true);
        tokio::task::yield_now().await;
        self.core.polling.set(false);
    }

    /// Lets the poller wait until something is ready, or due.
    async fn idle(&self) {
        let next = self.core.timers.next();
        let until = next.and_then(|when| self.core.start.checked_add(when));
        let mut sleep = pin!(until.map(tokio::time::sleep_until));
        self.core.polling.set(true);
        std::future::poll_fn(|cx| {
            self.core.shared.register(cx.waker());
            // What the poller runs may stop the loop, schedule something, or set a timer before the next one.
            if self.core.stopping.get()
                || !self.core.ready.borrow().is_empty()
                || !self.core.shared.inbox.lock().is_empty()
                || self.core.timers.next() != next
            {
                return Poll::Ready(());
            }
            sleep.as_mut().as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(cx))
        })
        .await;
        self.core.polling.set(false);
    }
}
