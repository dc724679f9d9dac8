//! `run` of a workload that needs messages: on the ranks of a world, or its best serial code.

use std::num::NonZeroUsize;

use super::executors::ExecutorSpec;
use super::lines::{Failed, Line, SampleLine};
use super::run::{Guard, nanoseconds};
use super::session::{Ended, Session, Started};
use super::usage::RunArgs;
use crate::spmd::{Measured, Program, SpmdListed};

impl Session<'_> {
    /// Starts the world, warms up, takes the samples; then tells of the traffic.
    ///
    /// What a world takes around each run, to start its ranks and to collect what they found, is told with each sample;
    /// what it took to make the world is added to the first. On a rank that only takes part, as all but rank 0 of an
    /// MPI job do, nothing is told but failures.
    pub(super) fn run_ranks(
        &mut self,
        arguments: &RunArgs,
        spec: &ExecutorSpec,
        workers: NonZeroUsize,
        listed: &SpmdListed,
    ) -> Result<(), Ended> {
        let program = listed.program(arguments.size);
        if arguments.corpus.is_some() {
            let line = format!("the workload `{}` reads no text; leave --corpus away", listed.name());
            return Err(Ended::BadUsage(line));
        }
        program.unless_ranks(workers).map_err(Ended::BadUsage)?;
        let guard = Guard {
            failed: Failed {
                workload: program.name(),
                pattern: None,
                paradigm: self.paradigm,
                executor: &spec.name,
                workers: workers.get(),
                reason: "",
            },
            timeout: arguments.timeout,
            patience: self.patience,
        };
        let (started, start) = guard.watched(|| spec.start(workers));
        let world = match started {
            Ok(Started::World(world)) => world,
            Ok(_) => return self.serial_samples(arguments, program, &guard),
            Err(reason) => return Err(self.failed(&guard, "the world did not start: ", &reason)),
        };
        let mut last = None;
        for index in 0..arguments.warmups + arguments.samples.get() {
            let (measured, _) = guard.watched(|| world.measure(program, self.paradigm, &spec.name));
            let measured = measured.map_err(|reason| self.failed(&guard, "", &reason))?;
            if let Some(mut measured) = measured.filter(|_| index >= arguments.warmups) {
                if index == arguments.warmups {
                    measured.around += start;
                }
                self.tell(&mut measured)?;
                last = Some(measured);
            }
        }
        last.map_or(Ok(()), |measured| {
            let Measured { report, traffic, .. } = &measured;
            let line = Line::Traffic {
                workload: &report.workload,
                paradigm: &report.paradigm,
                executor: &report.executor,
                workers: report.workers,
                traffic,
            };
            self.print(&line.to_json())
        })
    }

    /// A `sample` line, and a `latency` line where the workload is about that.
    fn tell(&mut self, measured: &mut Measured) -> Result<(), Ended> {
        let Measured { report, around, traffic, latency } = measured;
        report.phases_ns.insert("start", nanoseconds(*around));
        let sample = SampleLine { report, ranks: "max", messages: traffic.total_messages() };
        self.print(&sample.to_json())?;
        let Some(table) = latency else { return Ok(()) };
        let line = Line::Latency {
            workload: &report.workload,
            paradigm: &report.paradigm,
            executor: &report.executor,
            workers: report.workers,
            table,
            // The sample was, of which these are the parts.
            verified: report.verified,
        };
        self.print(&line.to_json())
    }

    fn serial_samples(
        &mut self,
        arguments: &RunArgs,
        program: &Program,
        guard: &Guard<'_>,
    ) -> Result<(), Ended> {
        for index in 0..arguments.warmups + arguments.samples.get() {
            let (report, _) = guard.watched(|| program.run_serial(self.paradigm));
            match report {
                Ok(Some(report)) if index >= arguments.warmups => self.print(&report.to_json_line())?,
                Ok(Some(_)) => {}
                Ok(None) => return Err(self.failed(guard, "", "there is no serial code")),
                Err(reason) => return Err(self.failed(guard, "", &reason)),
            }
        }
        Ok(())
    }
}
