//! Every workload at its test size, in several parts, as values and through bytes.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use par_benches::catalogue::{Settings, Size, catalogue};
use par_core::{Executor, LoopbackExecutor, SerialExecutor};

use crate::trial;

const PARTS: [usize; 5] = [1, 2, 3, 7, 16];

pub(crate) fn trials() -> Vec<Trial> {
    let names: Vec<&str> =
        catalogue().expect("a catalogue").iter().map(par_benches::catalogue::Listed::name).collect();
    assert!(names.len() >= 9, "{names:?}");
    let runs = |name: &'static str| {
        [
            trial(format!("catalogue::{name}_on_serial"), move || {
                verified(name, &|| Arc::new(SerialExecutor::new()))
            }),
            trial(format!("catalogue::{name}_on_loopback"), move || {
                verified(name, &|| Arc::new(LoopbackExecutor::new()))
            }),
        ]
    };
    names.into_iter().flat_map(runs).collect()
}

fn verified(name: &str, executor: &dyn Fn() -> Arc<dyn Executor>) -> Result<(), Failed> {
    let all = catalogue()?;
    let case = all.iter().find(|listed| listed.name() == name).ok_or("gone")?.case(Size::Quick);
    let executor = executor();
    for parts in PARTS {
        let settings = Settings {
            parts: NonZeroUsize::new(parts).ok_or("zero")?,
            timeout: Some(Duration::from_mins(2)),
            spans: true,
        };
        let report = case.run("test", &executor, &settings)?;
        assert!(report.verified && !report.checked_against.is_empty(), "{parts} parts");
        assert!(report.wall_ns > 0 && report.operations > 0 && report.tasks > 0, "{report:?}");
        assert_eq!(report.workload, name);
    }
    let serial = case.run_serial("test")?;
    assert!(serial.verified && serial.executor == "serial" && serial.wall_ns > 0);
    Ok(())
}
