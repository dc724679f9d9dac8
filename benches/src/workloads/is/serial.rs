//! The serial reference, as NPB has it: a table of counts becomes a table of ranks in place.

use par_core::{Phase, task};

use super::{ITERATIONS, Is, IsRanking, PROBES, SEED};
use crate::workloads::Lcg;

/// Ranks all keys ten times, and sorts them by the last ranking.
pub(super) fn solve(is: &Is) -> IsRanking {
    let mut keys = task::current().phase(Phase::Setup, || sequence(is.keys() as usize, is.log2_limit));
    let mut table = vec![0_u32; is.limit()];
    let mut ranks = [[0; PROBES]; ITERATIONS];
    for (index, ranks) in ranks.iter_mut().enumerate() {
        let iteration = index + 1;
        keys[iteration] = iteration as u32;
        keys[iteration + ITERATIONS] = (is.limit() - iteration) as u32;
        table.fill(0);
        for &key in &keys {
            table[key as usize] += 1;
        }
        // From now on: how many keys are at most this one.
        let mut total = 0;
        for entry in &mut table {
            total += *entry;
            *entry = total;
        }
        for (rank, probe) in ranks.iter_mut().zip(is.probes()) {
            *rank = match keys[probe as usize] {
                0 => 0,
                key => u64::from(table[key as usize - 1]),
            };
        }
    }
    let mut sorted = keys;
    let mut start = 0;
    for (key, &end) in table.iter().enumerate() {
        sorted[start..end as usize].fill(key as u32);
        start = end as usize;
    }
    IsRanking { ranks, sorted }
}

/// All keys: each is the sum of four numbers of the generator, scaled; one chain of dependent multiplications, since
/// four numbers follow from the same one.
fn sequence(length: usize, log2_limit: u32) -> Vec<u32> {
    let [second, third, fourth] = [Lcg::power(2), Lcg::power(3), Lcg::power(4)];
    let mut state = SEED;
    let mut key = || {
        let step = |multiplier: u64| state.wrapping_mul(multiplier) & Lcg::MASK;
        let sum = step(Lcg::MULTIPLIER) + step(second) + step(third) + step(fourth);
        state = step(fourth);
        (sum >> (48 - log2_limit)) as u32
    };
    (0..length).map(|_| key()).collect()
}
