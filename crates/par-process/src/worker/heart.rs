//! The thread that says that the worker is alive, and how far its tasks are.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::life::Life;

/// How often the progress of running tasks is looked at.
const PROGRESS: Duration = Duration::from_millis(20);
/// How often the heart beats where the pool asks for no heartbeat.
const IDLE: Duration = Duration::from_millis(500);

/// The heart's thread, and whether it sleeps for longer than a running task should wait for its progress to be seen.
#[derive(Default)]
pub(super) struct Heart {
    thread: OnceLock<Thread>,
    dozes: AtomicBool,
}

impl Heart {
    /// A call begins.
    pub(super) fn quicken(&self) {
        if self.dozes.load(Ordering::Relaxed)
            && self.dozes.swap(false, Ordering::AcqRel)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }
}

/// Beats until the process ends.
pub(super) fn beat(life: &Life) {
    let heart = &life.heart;
    let _ = heart.thread.set(std::thread::current());
    let interval = life.heartbeat.unwrap_or(IDLE);
    let (mut beat_at, mut published) = (Instant::now(), Vec::new());
    loop {
        let now = Instant::now();
        if now >= beat_at {
            life.link.board.heartbeat();
            beat_at = now + interval;
        }
        let busy = publish(life, &mut published);
        if busy {
            std::thread::park_timeout(PROGRESS.min(interval));
        } else {
            heart.dozes.store(true, Ordering::Release);
            std::thread::park_timeout(interval);
            heart.dozes.store(false, Ordering::Release);
        }
    }
}

/// Writes progress to the board, and rings if there is news; tells whether anything runs.
fn publish(life: &Life, published: &mut Vec<(u64, u32)>) -> bool {
    let (busy, progress) = {
        let running = life.running();
        let mut progress = Vec::new();
        for running in running.iter() {
            let now = running.task.progress();
            if now > 0.0 {
                life.link.board.set_progress(running.slot, now);
                progress.push((running.id, now.to_bits()));
            }
        }
        (!running.is_empty(), progress)
    };
    if progress != *published {
        *published = progress;
        life.link.ring();
    }
    busy
}
