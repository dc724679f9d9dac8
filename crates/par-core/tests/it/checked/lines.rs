//! Reports name the line of the program, whichever method is called.

use std::time::Duration;

use par_core::comm::{
    Blocks, Checked, Checks, CommError, Communicator, Counted, SendMode, Tag, op, wait_all, wait_any,
};
use par_core::testing::{ModelComm, ModelWorld, within};

const TAG: Tag = Tag(7);

/// Counting in between hides no line either.
type World = Counted<Checked<ModelComm>>;
/// Something that waits for rank 1, and its line.
type Call = (u32, fn(&World) -> Result<(), CommError>);

/// A call on one line of this file.
macro_rules! call {
    (|$world:ident| $call:expr) => {
        (line!(), |$world| $call.map(drop))
    };
}

fn ones() -> Blocks {
    Blocks::packed(&[1, 1])
}

#[rustfmt::skip]
const CALLS: [Call; 45] = [
    call!(|world| world.recv_into(&mut [0_u8], 1, TAG)),
    call!(|world| world.recv::<u8>(1, TAG)),
    call!(|world| world.recv_value::<u8>(1, TAG)),
    call!(|world| world.send_recv(&[0_u8], 1, TAG, &mut [0_u8], 1, TAG)),
    call!(|world| world.send_recv_replace(&mut [0_u8], 1, TAG, 1, TAG)),
    call!(|world| world.matched_probe(1, TAG)),
    call!(|world| world.probe(1, TAG)),
    call!(|world| world.irecv(vec![0_u8], 1, TAG)?.wait()),
    call!(|world| wait_all([world.irecv(vec![0_u8], 1, TAG)?])),
    call!(|world| wait_any(&mut vec![world.irecv(vec![0_u8], 1, TAG)?])),
    call!(|world| wait_any(&mut vec![world.irecv(vec![0_u8], 1, TAG)?, world.irecv(vec![0], 1, Tag(1))?])),
    call!(|world| world.send(&[0_u8], 1, TAG)),
    call!(|world| world.send_with(SendMode::Synchronous, &[0_u8], 1, TAG)),
    call!(|world| world.send_value(&0_u8, 1, TAG)),
    call!(|world| world.isend(vec![0_u8], 1, TAG)?.wait()),
    call!(|world| world.isend_with(SendMode::Standard, vec![0_u8], 1, TAG)?.wait()),
    call!(|world| wait_all([world.isend(vec![0_u8], 1, TAG)?])),
    call!(|world| world.barrier()),
    call!(|world| world.broadcast(&mut [0_u8], 1)),
    call!(|world| world.scatter(&[0_u8; 2], &mut [0], 0)),
    call!(|world| world.scatter_v(&[0_u8; 2], &ones(), &mut [0], 0)),
    call!(|world| world.gather(&[0_u8], &mut [0; 2], 0)),
    call!(|world| world.gather_v(&[0_u8], &mut [0; 2], &ones(), 0)),
    call!(|world| world.all_gather(&[0_u8], &mut [0; 2])),
    call!(|world| world.all_gather_v(&[0_u8], &mut [0; 2], &ones())),
    call!(|world| world.all_gather_in_place(&mut [0_u8; 2], &ones())),
    call!(|world| world.all_to_all(&[0_u8; 2], &mut [0; 2])),
    call!(|world| world.all_to_all_v(&[0_u8; 2], &ones(), &mut [0; 2], &ones())),
    call!(|world| world.all_to_all_in_place(&mut [0_u8; 2])),
    call!(|world| world.reduce(&[0_u8], &mut [0], &op::Sum, 0)),
    call!(|world| world.reduce_in_place(&mut [0_u8], &op::Sum, 0)),
    call!(|world| world.all_reduce(&[0_u8], &mut [0], &op::Sum)),
    call!(|world| world.all_reduce_in_place(&mut [0_u8], &op::Sum)),
    call!(|world| world.reduce_scatter(&[0_u8; 2], &ones(), &mut [0], &op::Sum)),
    call!(|world| world.scan(&mut [0_u8], &op::Sum)),
    call!(|world| world.exscan(&mut [0_u8], &op::Sum)),
    call!(|world| world.broadcast_value(Some(0_u8), 0)),
    call!(|world| world.scatter_values(Some(vec![0_u8; 2]), 0)),
    call!(|world| world.gather_values(&0_u8, 0)),
    call!(|world| world.all_gather_values(&0_u8)),
    call!(|world| world.all_to_all_values(&[0_u8; 2])),
    call!(|world| world.split(None, 0)),
    call!(|world| world.duplicate()),
    call!(|world| world.split_shared()),
    call!(|world| world.cartesian(&[2], &[true], false)),
];

#[test]
fn every_method_that_waits_tells_the_line_of_its_caller() {
    let checks = Checks::default()
        .strict()
        .patience(Duration::from_millis(10))
        .confirm(Duration::from_millis(20))
        .likely(Duration::from_millis(50));
    for (line, call) in CALLS {
        within(Duration::from_secs(10), &format!("the call of line {line}"), || {
            let outcome = ModelWorld::new(2).run_fn(|comm| {
                if comm.rank() == 1 {
                    return checks.run_fn(comm, |_| Ok(()));
                }
                let checked = Counted::new(checks.wrap(comm.duplicate()?)?);
                call(&checked)
            });
            let report = outcome.expect_err("rank 1 has finished").to_string();
            let place = format!(", at {}:{line}", file!());
            assert!(report.contains("deadlock: rank 0 waits in "), "line {line}: {report}");
            assert!(report.contains(&place), "not `{place}`: {report}");
        });
    }
}
