//! One task of a graph, as it travels to a worker.

use par_core::Mismatch;
use serde::{Deserialize, Serialize};

use super::{Graph, Stamp, kernel};

/// What a task hands to those that depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Token {
    /// Who made it.
    pub stamp: Stamp,
    /// A hash of the maker, of what its kernel computed, and of the tokens that it got, in order: so of everything
    /// that it depends on.
    pub checksum: u64,
}

/// What a task answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    /// For those that depend on it.
    pub token: Token,
    /// How many tokens it got and checked.
    pub inputs: u32,
}

/// A task got other tokens than those of its dependences, and did not compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct WrongInputs {
    /// Which ones, and which were right.
    pub message: String,
}

impl From<Mismatch> for WrongInputs {
    fn from(mismatch: Mismatch) -> Self {
        Self { message: mismatch.to_string() }
    }
}

/// Checks its inputs, computes, and answers with its own token; the task `taskgraph-node`.
///
/// # Errors
/// [`WrongInputs`], unless the inputs are exactly those of the task's dependences, in ascending order of points.
#[par_core::task(name = "taskgraph-node")]
#[expect(clippy::needless_pass_by_value, reason = "the arguments of a task are owned")]
pub fn taskgraph_node(
    graph: Graph,
    step: u32,
    point: u32,
    iterations: u64,
    inputs: Inputs,
) -> Result<Produced, WrongInputs> {
    run_node(&graph, Stamp { step, point }, iterations, inputs.as_slice())
}

/// The body of [`taskgraph_node`], for those who call it in a plain loop.
pub(super) fn run_node(
    graph: &Graph,
    stamp: Stamp,
    iterations: u64,
    inputs: &[Token],
) -> Result<Produced, WrongInputs> {
    check(graph, stamp, inputs)?;
    let computed = kernel(iterations);
    Ok(Produced { token: token(stamp, computed, inputs), inputs: inputs.len() as u32 })
}

/// The token of a task whose kernel computed `computed`.
pub(super) fn token(stamp: Stamp, computed: f64, inputs: &[Token]) -> Token {
    let own = mix(pack(stamp) ^ computed.to_bits().rotate_left(17));
    let checksum =
        inputs.iter().fold(own, |hash, input| mix(hash ^ input.checksum).wrapping_add(pack(input.stamp)));
    Token { stamp, checksum }
}

fn check(graph: &Graph, stamp: Stamp, inputs: &[Token]) -> Result<(), Mismatch> {
    let before = stamp.step.wrapping_sub(1);
    let right = graph.dependencies(stamp.step, stamp.point).map(|point| Stamp { step: before, point });
    if right.eq(inputs.iter().map(|input| input.stamp)) {
        return Ok(());
    }
    // Once more, for the message.
    let stamps: Vec<Stamp> = inputs.iter().map(|input| input.stamp).collect();
    graph.check_inputs(stamp.step, stamp.point, &stamps)
}

/// A stamp as one number.
pub(super) const fn pack(stamp: Stamp) -> u64 {
    (stamp.step as u64) << 32 | stamp.point as u64
}

/// The stamp of a number.
pub(super) const fn unpack(packed: u64) -> Stamp {
    Stamp { step: (packed >> 32) as u32, point: packed as u32 }
}

/// The finaliser of `SplitMix64`: every bit of the input changes half of the output's.
///
/// Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The tokens that a task gets; few of them need no allocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Token>", into = "Vec<Token>")]
pub struct Inputs {
    few: [Token; Self::FEW],
    length: usize,
    /// All of them, when they are more.
    many: Vec<Token>,
}

impl Inputs {
    /// As many as the stencils, trees and butterflies have.
    const FEW: usize = 3;

    /// These tokens.
    pub fn new(tokens: impl ExactSizeIterator<Item = Token>) -> Self {
        let mut inputs = Self { few: [Token::default(); Self::FEW], length: tokens.len(), many: Vec::new() };
        if inputs.length > Self::FEW {
            inputs.many = tokens.collect();
        } else {
            inputs.few.iter_mut().zip(tokens).for_each(|(slot, token)| *slot = token);
        }
        inputs
    }

    /// The tokens in order.
    pub fn as_slice(&self) -> &[Token] {
        if self.many.is_empty() { &self.few[..self.length] } else { &self.many }
    }
}

impl From<Vec<Token>> for Inputs {
    fn from(tokens: Vec<Token>) -> Self {
        Self::new(tokens.into_iter())
    }
}

impl From<Inputs> for Vec<Token> {
    fn from(inputs: Inputs) -> Self {
        inputs.as_slice().to_vec()
    }
}
