//! Right programs are let alone, however slow their ranks are.

use std::time::{Duration, Instant};

use par_core::comm::{Checks, CommError, Communicator, SendMode, Source, Tag, op, wait_all};
use par_core::testing::{ModelWorld, within};
use proptest::prelude::*;

/// What happens next in a program. All ranks go through the same list, so nobody waits for what comes later.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A message; who sends computes before.
    Message {
        from: usize,
        to: usize,
        bytes: usize,
        mode: SendMode,
        any: bool,
    },
    /// A message with both sides under way until the end.
    Requests {
        from: usize,
        to: usize,
        bytes: usize,
    },
    /// All ranks send to their right.
    Ring {
        bytes: usize,
    },
    Barrier,
    Broadcast {
        root: usize,
    },
    AllReduce,
    /// A barrier of the ranks of one parity.
    Part,
    /// A rank computes.
    Compute {
        rank: usize,
        micros: u64,
    },
}

fn step(ranks: usize) -> impl Strategy<Value = Step> {
    let rank = 0..ranks;
    let bytes = prop_oneof![Just(8_usize), Just(1024), Just(100_000)];
    let mode = prop_oneof![Just(SendMode::Standard), Just(SendMode::Synchronous)];
    let pair = (0..ranks, 1..ranks).prop_map(move |(from, by)| (from, (from + by) % ranks));
    prop_oneof![
        4 => (pair.clone(), bytes.clone(), mode, any::<bool>())
            .prop_map(|((from, to), bytes, mode, any)| Step::Message { from, to, bytes, mode, any }),
        2 => (pair, bytes.clone()).prop_map(|((from, to), bytes)| Step::Requests { from, to, bytes }),
        1 => bytes.prop_map(|bytes| Step::Ring { bytes }),
        1 => Just(Step::Barrier),
        1 => rank.clone().prop_map(|root| Step::Broadcast { root }),
        1 => Just(Step::AllReduce),
        1 => Just(Step::Part),
        3 => (rank, 0_u64..20_000).prop_map(|(rank, micros)| Step::Compute { rank, micros }),
    ]
}

fn compute(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

fn run<C: Communicator>(world: &C, steps: &[Step]) -> Result<(), CommError> {
    let (here, size) = (world.rank(), world.size());
    let part = world.split(Some(here as u32 % 2), 0)?;
    let mut requests = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let tag = Tag(number as u16);
        match *step {
            Step::Message { from, bytes, to, mode, .. } if here == from => {
                world.send_with(mode, &vec![number as u8; bytes], to, tag)?;
            }
            Step::Message { from, to, bytes, any, .. } if here == to => {
                let source = if any { Source::Any } else { Source::Rank(from) };
                let (data, status) = world.recv::<u8>(source, tag)?;
                assert_eq!((status.source, data), (from, vec![number as u8; bytes]));
            }
            Step::Requests { from, to, bytes } if here == from => {
                requests.push(world.isend(vec![number as u8; bytes], to, tag)?);
            }
            Step::Requests { from, to, bytes } if here == to => {
                requests.push(world.irecv(vec![0; bytes], from, tag)?);
            }
            Step::Ring { bytes } => {
                let (right, left) = ((here + 1) % size, (here + size - 1) % size);
                world.send_recv(&vec![1_u8; bytes], right, tag, &mut vec![0_u8; bytes], left, tag)?;
            }
            Step::Barrier => world.barrier()?,
            Step::Broadcast { root } => world.broadcast(&mut [here as u64; 16], root)?,
            Step::AllReduce => {
                let mut sum = [1_u64];
                world.all_reduce_in_place(&mut sum, &op::Sum)?;
                assert_eq!(sum[0], size as u64);
            }
            Step::Part => part.iter().try_for_each(Communicator::barrier)?,
            Step::Compute { rank, micros } if here == rank => compute(Duration::from_micros(micros)),
            _ => {}
        }
    }
    wait_all(requests).map(drop)
}

/// So short that a report is made as soon as one could be.
fn hasty() -> Checks {
    let short = Duration::from_millis(2);
    Checks::default().patience(short).confirm(short).likely(Duration::from_millis(10))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_right_program_is_let_alone(
        ranks in 2_usize..8,
        steps in (2_usize..8).prop_flat_map(|ranks| prop::collection::vec(step(ranks), 1..40)),
        strict in any::<bool>(),
    ) {
        // Steps that name ranks which are not there are left out.
        let steps: Vec<Step> = steps.into_iter().filter(|step| fits(step, ranks)).collect();
        let checks = if strict { hasty().strict() } else { hasty() };
        let outcome = within(Duration::from_secs(60), "a right program", || {
            ModelWorld::new(ranks).run_fn(|comm| checks.run_fn(comm, |world| run(world, &steps)))
        });
        prop_assert!(outcome.is_ok(), "{}", outcome.expect_err("it is not well"));
    }
}

fn fits(step: &Step, ranks: usize) -> bool {
    match *step {
        Step::Message { from, to, .. } | Step::Requests { from, to, .. } => from < ranks && to < ranks,
        Step::Broadcast { root: rank } | Step::Compute { rank, .. } => rank < ranks,
        _ => true,
    }
}

#[test]
fn seven_ranks_wait_for_a_slow_one() {
    let slow = Step::Compute { rank: 3, micros: 1_500_000 };
    let large = 100_000;
    let (from, to, mode) = (3, 4, SendMode::Synchronous);
    let steps = [
        slow,
        Step::Ring { bytes: large },
        slow,
        Step::Barrier,
        slow,
        Step::Message { from, to, bytes: large, mode, any: true },
        Step::AllReduce,
    ];
    let outcome = within(Duration::from_secs(60), "a slow rank", || {
        ModelWorld::new(7).run_fn(|comm| Checks::default().run_fn(comm, |world| run(world, &steps)))
    });
    outcome.expect("a slow rank is no deadlock");
}
