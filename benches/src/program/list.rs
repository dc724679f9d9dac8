//! `list` and `peak`: what there is, and the common peak.

use super::executors::Kind;
use super::lines::Line;
use super::session::{Ended, Found, Session};
use crate::catalogue::Size;
use crate::taskgraph::{Pattern, ns_per_iteration};

/// Calibrations of which the median is the peak; an odd number.
const CALIBRATIONS: usize = 9;

impl Session<'_> {
    pub(super) fn list(&mut self) -> Result<(), Ended> {
        for listed in self.workloads {
            let sizes = Size::ALL.map(|size| (size.name(), listed.case(size).params())).into();
            let workload = listed.name();
            self.print(&Line::Workload { workload, sizes, min_workers: None, max_workers: None }.to_json())?;
        }
        for listed in self.spmd {
            let sizes = Size::ALL.map(|size| (size.name(), listed.program(size).params())).into();
            let (workload, program) = (listed.name(), listed.program(Size::Quick));
            let min_workers = Some(program.ranks_min()).filter(|least| *least > 1);
            let max_workers = program.ranks_max();
            self.print(&Line::Workload { workload, sizes, min_workers, max_workers }.to_json())?;
        }
        for pattern in Pattern::ALL {
            self.print(&Line::Pattern { pattern: pattern.name() }.to_json())?;
        }
        let paradigm = self.paradigm;
        for spec in self.executors {
            let executor = &spec.name;
            let line = match &spec.kind {
                Kind::Absent { reason, remedy } => Line::Absent { paradigm, executor, reason, remedy },
                Kind::BestSerial
                | Kind::Present(_)
                | Kind::Started(..)
                | Kind::Runner(_)
                | Kind::World(_)
                | Kind::Launched(..) => {
                    let all =
                        self.workloads.iter().map(Found::Chunks).chain(self.spmd.iter().map(Found::Spmd));
                    let workloads = all.filter(|found| spec.runs(*found)).map(Found::name).collect();
                    let max_workers = spec.max_workers.map(Into::into);
                    Line::Executor { paradigm, executor, max_workers, workloads }
                }
            };
            self.print(&line.to_json())?;
        }
        Ok(())
    }

    pub(super) fn peak(&mut self) -> Result<(), Ended> {
        self.print(&Line::Peak { ns_per_iteration: peak() }.to_json())
    }
}

/// The median of repeated calibrations, in nanoseconds per iteration.
pub(super) fn peak() -> f64 {
    let mut each: Vec<f64> = (0..CALIBRATIONS).map(|_| ns_per_iteration()).collect();
    each.sort_unstable_by(f64::total_cmp);
    each[CALIBRATIONS / 2]
}
