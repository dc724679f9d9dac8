//! The peers: the same problems, written the straightforward way or given to a library.

use std::collections::HashMap;

use par_benches::workloads::{
    EpTotals, IsRanking, Lcg, MandelbrotPicture, MandelbrotRow, StreamTotals, Uts, UtsShape, UtsTally,
    WordCount, WordCounts, WordTable,
};
use par_core::Workload;
use sha1::{Digest, Sha1};

/// EP class S as NPB describes it: numbers in batches of 2^17, then logarithms and roots for accepted pairs.
pub(crate) fn ep_class_s() -> EpTotals {
    let mut generator = Randlc { x: 271_828_183.0 };
    let mut numbers = vec![0.0; 1 << 17];
    let mut totals = EpTotals { sum_x: 0.0, sum_y: 0.0, pairs: 0, counts: [0; 10] };
    for _ in 0..1 << (24 - 16) {
        numbers.fill_with(|| generator.draw());
        for pair in numbers.as_chunks::<2>().0 {
            let [x, y] = pair.map(|number| 2.0 * number - 1.0);
            let t = x * x + y * y;
            if t <= 1.0 {
                let factor = (-2.0 * t.ln() / t).sqrt();
                let (x, y) = (x * factor, y * factor);
                totals.counts[x.abs().max(y.abs()) as usize] += 1;
                totals.pairs += 1;
                totals.sum_x += x;
                totals.sum_y += y;
            }
        }
    }
    totals
}

/// The NAS generator in doubles, with both factors in halves of 23 bits (RNR-94-007, §2.3).
struct Randlc {
    x: f64,
}

impl Randlc {
    fn draw(&mut self) -> f64 {
        const TWO_23: f64 = 8_388_608.0;
        const A: f64 = 1_220_703_125.0;
        let high = |value: f64| f64::from((value / TWO_23) as i32);
        let (a1, x1) = (high(A), high(self.x));
        let (a2, x2) = (A - TWO_23 * a1, self.x - TWO_23 * x1);
        let cross = a1 * x2 + a2 * x1;
        let low = TWO_23 * (cross - TWO_23 * high(cross)) + a2 * x2;
        self.x = low - TWO_23 * TWO_23 * f64::from((low / (TWO_23 * TWO_23)) as i32);
        self.x / (TWO_23 * TWO_23)
    }
}

/// IS class A as NPB does by default: keys go to 2^10 buckets first, so that counting stays in a cache.
pub(crate) fn is_class_a() -> IsRanking {
    const LOG2_LIMIT: u32 = 19;
    const SHIFT: u32 = LOG2_LIMIT - 10;
    let mut generator = Lcg::new(314_159_265);
    let mut key = || {
        let sum: f64 = (0..4).map(|_| generator.next_unit()).sum();
        (f64::from(1_u32 << (LOG2_LIMIT - 2)) * sum) as u32
    };
    let mut keys: Vec<u32> = (0..1 << 23).map(|_| key()).collect();
    let mut scattered = vec![0; keys.len()];
    let mut ranks = [[0; 5]; 10];
    let mut table = vec![0_u32; 1 << LOG2_LIMIT];
    for iteration in 1..=10 {
        keys[iteration] = iteration as u32;
        keys[iteration + 10] = (table.len() - iteration) as u32;
        let mut ends = [0_u32; 1 << 10];
        for key in &keys {
            ends[(key >> SHIFT) as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        for &key in &keys {
            let end = &mut ends[(key >> SHIFT) as usize];
            scattered[*end as usize] = key;
            *end += 1;
        }
        table.fill(0);
        for &key in &scattered {
            table[key as usize] += 1;
        }
        let mut total = 0;
        for entry in &mut table {
            total += *entry;
            *entry = total;
        }
        ranks[iteration - 1] = [2_112_377, 662_041, 5_336_171, 3_642_833, 4_250_760]
            .map(|probe: usize| u64::from(table[keys[probe] as usize - 1]));
    }
    let mut start = 0;
    for (key, &end) in table.iter().enumerate() {
        scattered[start..end as usize].fill(key as u32);
        start = end as usize;
    }
    IsRanking { ranks, sorted: scattered }
}

/// Triads with the arrays taking turns, as one writes them.
pub(crate) fn triad(elements: usize, iterations: usize) -> StreamTotals {
    let [mut a, mut b, mut c] =
        [0.1, 0.2, 0.0].map(|value| std::iter::repeat_n(value, elements).collect::<Vec<f64>>());
    for _ in 0..iterations {
        for ((a, b), c) in a.iter_mut().zip(&b).zip(&c) {
            *a = b + 0.4 * c;
        }
        (a, b, c) = (b, c, a);
    }
    for _ in 0..(3 - iterations % 3) % 3 {
        (a, b, c) = (b, c, a);
    }
    let sum = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let worst = [a, b, c].map(|array| array.iter().map(|value| (value - array[0]).abs()).fold(0.0, f64::max));
    StreamTotals { elements: elements as u64, worst, sum }
}

/// Every point by itself, as one writes it.
pub(crate) fn mandelbrot(side: u32, bound: u32) -> MandelbrotPicture {
    const ONE: i64 = 1 << 28;
    let part = |index: u32| (2 * i64::from(index) + 1 - i64::from(side)) * (5 * ONE / 4) / i64::from(side);
    let mut histogram = vec![0; bound as usize + 1];
    let row = |row| {
        let mut sums = MandelbrotRow::default();
        for column in 0..side {
            let (real, imaginary) = (part(column) - 3 * ONE / 4, part(row));
            let (mut x, mut y, mut count) = (0_i64, 0_i64, 0);
            while count < bound {
                (x, y) = (((x * x) >> 28) - ((y * y) >> 28) + real, x * y / (ONE / 2) + imaginary);
                if ((x * x) >> 28) + ((y * y) >> 28) > 4 * ONE {
                    break;
                }
                count += 1;
            }
            sums.iterations += u64::from(count);
            sums.moment += u64::from(column + 1) * u64::from(count);
            histogram[count as usize] += 1;
        }
        sums
    };
    let rows = (0..side).map(row).collect();
    MandelbrotPicture { histogram, rows }
}

/// Words split off by the standard library, counted in a `HashMap`.
pub(crate) fn wordcount(workload: &WordCount) -> WordCounts {
    let mut text = Vec::new();
    for chunk in workload.chunks(std::num::NonZeroUsize::MIN) {
        workload.write_text(chunk, &mut text);
    }
    let text = String::from_utf8(text).expect("generated text is ASCII").to_ascii_lowercase();
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for word in text.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
        *counts.entry(word).or_default() += 1;
    }
    let words: Vec<_> = counts.into_iter().map(|(word, count)| (word.to_owned(), count)).collect();
    workload.finish(WordTable::try_from(words).expect("words of letters"))
}

/// A stack of nodes, each hashed with the `sha1` crate, and the formulas of the paper.
pub(crate) fn uts(tree: &Uts) -> UtsTally {
    let value =
        |state: &[u8; 20]| u32::from_be_bytes([state[16], state[17], state[18], state[19]]) & 0x7fff_ffff;
    let children = |state: &[u8; 20], depth: u32| {
        let u = f64::from(value(state)) / 2_147_483_648.0;
        match tree.shape() {
            UtsShape::Binomial { .. } if depth == 0 => tree.branching() as u32,
            UtsShape::Binomial { probability, children } if u < probability => children,
            UtsShape::Linear { depth: last } if depth < last => {
                let branching = tree.branching() * (1.0 - f64::from(depth) / f64::from(last));
                let p = 1.0 / (1.0 + branching);
                (((1.0 - u).ln() / (1.0 - p).ln()).floor() as u32).min(100)
            }
            _ => 0,
        }
    };
    let mut tally = UtsTally::default();
    let root = Sha1::new().chain_update([0; 16]).chain_update(tree.seed().to_be_bytes()).finalize();
    let mut stack = vec![(<[u8; 20]>::from(root), 0)];
    while let Some((state, depth)) = stack.pop() {
        let count = children(&state, depth);
        tally.nodes += 1;
        tally.leaves += u64::from(count == 0);
        tally.depth = tally.depth.max(depth);
        tally.checksum = tally.checksum.wrapping_add(u64::from(value(&state)));
        for number in 0..count {
            let child = Sha1::new().chain_update(state).chain_update(number.to_be_bytes()).finalize();
            stack.push((child.into(), depth + 1));
        }
    }
    tally
}

/// The textbook's recursion over three bit masks, all columns of the first row.
pub(crate) fn nqueens(n: u32) -> u64 {
    fn place(free: u32, left: u32, right: u32) -> u64 {
        if free == 0 {
            return 1;
        }
        let mut open = free & !(left | right);
        let mut solutions = 0;
        while open != 0 {
            let queen = open & open.wrapping_neg();
            open ^= queen;
            solutions += place(free ^ queen, (left | queen) << 1, (right | queen) >> 1);
        }
        solutions
    }
    place((1 << n) - 1, 0, 0)
}
