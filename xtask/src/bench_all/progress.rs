//! How far a run is: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plan::Config;
use super::row::{Row, RunRow};
use super::units;

/// Where the run is, on stderr.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    plain: bool,
    done: usize,
    total: usize,
}

impl Progress {
    /// For a run of `total` parts: the workloads, and METG.
    pub(super) fn new(total: usize) -> Self {
        let plain = !stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if !plain {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if let Ok(style) = ProgressStyle::with_template("{prefix:>24} {bar:24} {pos:>4}/{len:<4} {wide_msg}")
        {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar, plain, done: 0, total }
    }

    /// A part of `steps` calls begins.
    pub(super) fn begin(&mut self, part: &str, steps: usize) {
        self.done += 1;
        self.bar.set_prefix(format!("[{}/{}] {part}", self.done, self.total));
        self.bar.set_length(steps as u64);
        self.bar.set_position(0);
    }

    /// The part turns out to be longer.
    pub(super) fn extend(&mut self, steps: usize) {
        self.bar.inc_length(steps as u64);
    }

    /// A call begins.
    pub(super) fn step(&mut self, config: &Config) {
        self.say(&format!("{}, {}", config.executor.name, units::count(config.workers, "worker")));
    }

    /// Something begins that has no configuration.
    pub(super) fn say(&mut self, what: &str) {
        self.bar.inc(1);
        self.bar.set_message(what.to_owned());
    }

    /// Rows are there.
    pub(super) fn done(&mut self, rows: &[Row]) {
        for row in rows {
            match row {
                Row::Run(run) if self.plain => eprintln!("{}", line(run)),
                Row::Failed(failed) => {
                    let text = format!(
                        "failed: {} {} {}: {}",
                        failed.what, failed.paradigm, failed.executor, failed.reason
                    );
                    self.bar.suspend(|| eprintln!("{text}"));
                }
                _ => {}
            }
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(run: &RunRow) -> String {
    format!(
        "{} {}, {}: {}, {} ({})",
        run.workload,
        run.executor,
        units::count(run.workers, "worker"),
        units::time(run.median_ns),
        run.verdict_text(),
        units::count(run.samples_ns.len(), "sample"),
    )
}
