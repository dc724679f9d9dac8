//! Every program on every world of this machine: the same answer, bit by bit.

use libtest_mimic::{Failed, Trial};
use par_benches::catalogue::Size;
use par_benches::spmd::{Heat, Measured, Program, Stencil, World, spmd_catalogue};
use par_core::testing::within;
use par_process::ProcessWorld;
use par_threads::ThreadWorld;

use super::{LIMIT, Model, RANKS, verified};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = trials![the_same_bits_on_every_world];
    for name in ["heat", "stencil", "transpose", "ring", "pingpong"] {
        trials.push(trial(format!("spmd::worlds::{name}_on_threads"), move || {
            on(name, |ranks| Ok(ThreadWorld::builder().ranks(ranks).build()?))
        }));
        trials.push(trial(format!("spmd::worlds::{name}_on_processes"), move || {
            on(name, |ranks| Ok(ProcessWorld::builder().ranks(ranks).build()?))
        }));
        trials.push(trial(format!("spmd::worlds::{name}_on_the_model"), move || {
            on(name, |ranks| Ok(Model(ranks.try_into()?)))
        }));
    }
    trials
}

fn on<W: World>(name: &str, world: impl Fn(usize) -> Result<W, Failed>) -> Result<(), Failed> {
    let listed = spmd_catalogue().into_iter().find(|listed| listed.name() == name).ok_or("gone")?;
    let program = listed.program(Size::Test);
    for ranks in RANKS {
        let Ok(()) = program.unless_ranks(ranks.try_into()?) else { continue };
        let world = world(ranks)?;
        let measured = within(LIMIT, name, || program.run(&world, "test", "world"))?.ok_or("no answer")?;
        judge(program, ranks, &measured);
    }
    Ok(())
}

fn judge(program: &Program, ranks: usize, Measured { report, traffic, latency, .. }: &Measured) {
    assert!(report.verified && report.wall_ns > 0 && report.workers == ranks, "{report:?}");
    assert_eq!((report.workload.as_str(), &report.params), (program.name(), &program.params()));
    assert_eq!((traffic.messages.len(), traffic.bytes.len()), (ranks, ranks));
    assert!(ranks == 1 || traffic.total_messages() > 0);
    assert!(!cfg!(target_os = "linux") || (report.cpu_ns > 0 && report.peak_rss_bytes > 0), "{report:?}");
    assert_eq!(latency.is_some(), !program.has_serial());
}

fn the_same_bits_on_every_world() {
    fn sum(digests: impl Iterator<Item = u64>) -> u64 {
        digests.fold(0, u64::wrapping_add)
    }
    let heat = sum(verified(&Heat::test(), 1).iter().map(|part| part.digest));
    let stencil = sum(verified(&Stencil::test(), 1).iter().map(|part| part.digest));
    for ranks in [2, 3, 7] {
        let threads = ThreadWorld::new(ranks);
        let processes = ProcessWorld::new(ranks).unwrap();
        let parts = within(LIMIT, "heat", || (threads.run(&Heat::test()), processes.run(&Heat::test())));
        for outputs in [parts.0.unwrap(), parts.1.unwrap()] {
            assert_eq!(sum(outputs.iter().map(|output| output.part.digest)), heat, "{ranks} ranks");
        }
        let parts =
            within(LIMIT, "stencil", || (threads.run(&Stencil::test()), processes.run(&Stencil::test())));
        for outputs in [parts.0.unwrap(), parts.1.unwrap()] {
            assert_eq!(sum(outputs.iter().map(|output| output.part.digest)), stencil, "{ranks} ranks");
        }
    }
}
