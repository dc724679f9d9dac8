//! Whole workloads.

use std::num::NonZeroUsize;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::testing::conformance::Behaviour;
use crate::{Cost, Executor, Mismatch, Philox, Plan, RunError, Runner, TaskError, Workload, split};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::always("a workload's answer does not depend on the executor", same_answer),
    Behaviour::always("partials merge in chunk order", in_order),
    Behaviour::always("a run that fails names the chunk", names_the_chunk),
    Behaviour::always("spans tell when and where each chunk ran", spans),
];

/// Random digits, one after the other: a merge that does not commute, and inputs made from their index.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Digits {
    length: u64,
    /// The index of a digit that cannot be computed.
    hole: Option<u64>,
}

impl Digits {
    fn digit(&self, index: u64) -> char {
        assert!(self.hole != Some(index), "digit {index} is a hole");
        char::from(b'0' + (Philox::new(7).next_u64(index) % 10) as u8)
    }
}

#[crate::workload]
impl Workload for Digits {
    const NAME: &'static str = "par-core-testing-digits";
    type Chunk = Range<u64>;
    type Partial = String;
    type Output = String;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.length, parts)
    }
    fn compute(&self, chunk: Range<u64>) -> String {
        chunk.map(|index| self.digit(index)).collect()
    }
    fn identity(&self) -> String {
        String::new()
    }
    fn merge(&self, left: String, right: String) -> String {
        left + &right
    }
    fn finish(&self, total: String) -> String {
        total
    }
    fn serial(&self) -> String {
        let generator = Philox::new(7);
        (0..self.length).map(|index| (generator.next_u64(index) % 10).to_string()).collect()
    }
    fn verify(&self, output: &String, reference: &String) -> Result<(), Mismatch> {
        Mismatch::unless_equal("digits", output, reference)
    }
    fn cost(&self) -> Cost {
        Cost::operations(self.length)
    }
}

fn run(executor: &dyn Executor, digits: &Digits, parts: usize) -> Result<crate::Outcome<String>, RunError> {
    executor.run(digits, Plan::parts(parts).expect("parts is not 0").spans())
}

fn same_answer(executor: &dyn Executor) {
    let digits = Digits { length: 1000, hole: None };
    for parts in [1, 2, 3, 7, 16, 2000] {
        let outcome = run(executor, &digits, parts).expect("it runs");
        digits.verify(&outcome.output, &digits.serial()).expect("the answer is right");
        assert_eq!(outcome.tasks, parts.min(1000));
    }
}

fn in_order(executor: &dyn Executor) {
    let digits = Digits { length: 10, hole: None };
    assert_eq!(run(executor, &digits, 10).expect("it runs").output, digits.serial());
    let none = Digits { length: 0, hole: None };
    assert_eq!(run(executor, &none, 10).expect("it runs").output, "");
}

fn names_the_chunk(executor: &dyn Executor) {
    let digits = Digits { length: 100, hole: Some(57) };
    match run(executor, &digits, 10) {
        Err(RunError::Chunk { chunk: 5, source: TaskError::Panicked(panic), .. }) => {
            assert_eq!(panic.message, "digit 57 is a hole");
        }
        other => panic!("{other:?}"),
    }
}

fn spans(executor: &dyn Executor) {
    let outcome = run(executor, &Digits { length: 100, hole: None }, 5).expect("it runs");
    assert_eq!(outcome.spans.iter().map(|span| span.chunk).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    for span in &outcome.spans {
        assert!(
            span.start_ns <= span.end_ns && u128::from(span.end_ns) <= outcome.wall.as_nanos(),
            "{span:?}"
        );
        assert!(span.worker < executor.workers().get(), "{span:?}");
    }
}
