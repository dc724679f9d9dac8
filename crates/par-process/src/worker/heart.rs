//! The thread that says that the worker is alive, and how far its tasks are.

use std::time::{Duration, Instant};

use super::life::Life;

/// How often the progress of running tasks is published.
const PROGRESS: Duration = Duration::from_millis(50);
/// How often the heart beats where the pool asks for no heartbeat.
const IDLE: Duration = Duration::from_millis(500);

/// Beats until the process ends.
pub(super) fn beat(life: &Life) {
    let interval = life.heartbeat.unwrap_or(IDLE);
    let mut beat_at = Instant::now();
    loop {
        let now = Instant::now();
        if now >= beat_at {
            life.link.board.heartbeat();
            beat_at = now + interval;
        }
        let busy = {
            let running = life.running();
            for running in running.iter() {
                life.link.board.set_progress(running.slot, running.task.progress());
            }
            !running.is_empty()
        };
        std::thread::sleep(if busy { PROGRESS.min(interval) } else { interval });
    }
}
