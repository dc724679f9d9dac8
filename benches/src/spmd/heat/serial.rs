//! The serial reference: the whole plate in one array with a cold edge, two steps in one pass over the memory.
//!
//! Behind the row that makes its first step follows, one row later, the row that makes its second, while both are in
//! the cache; so memory is read and written half as often as by step after step.

use std::f64::consts::PI;

use multiversion::multiversion;

use super::{Heat, MESH_RATIO, MODES};

/// The plate after all steps, with the edge around it, row by row.
pub(super) fn solve(heat: &Heat) -> Vec<f64> {
    let n = heat.side();
    let stride = n + 2;
    let h = heat.spacing();
    let wave = |mode: f64| -> Vec<f64> { (1..=n).map(|i| (mode * PI * i as f64 * h).sin()).collect() };
    let (along, across) = (wave(MODES[0]), wave(MODES[1]));
    let mut plate = vec![0.0; stride * stride];
    for (row, down) in along.iter().enumerate() {
        let cells = &mut plate[(row + 1) * stride + 1..][..n];
        for (cell, right) in cells.iter_mut().zip(&across) {
            *cell = down * right;
        }
    }
    let mut passes = Passes { stride, old: [vec![0.0; stride], vec![0.0; stride]], spare: vec![0.0; stride] };
    for _ in 0..heat.steps / 2 {
        passes.two_steps(&mut plate);
    }
    if heat.steps % 2 == 1 {
        passes.one_step(&mut plate);
    }
    plate
}

/// Rows as they were before the step that has passed over them: one for each of the two steps of a pass.
struct Passes {
    stride: usize,
    old: [Vec<f64>; 2],
    spare: Vec<f64>,
}

impl Passes {
    fn one_step(&mut self, plate: &mut [f64]) {
        self.old[0].fill(0.0);
        for row in 1..self.stride - 1 {
            self.advance(plate, row, 0);
        }
    }

    fn two_steps(&mut self, plate: &mut [f64]) {
        let rows = self.stride - 1;
        self.old.iter_mut().for_each(|row| row.fill(0.0));
        for row in 1..rows {
            self.advance(plate, row, 0);
            // The row above has both its neighbours one step further now.
            if row > 1 {
                self.advance(plate, row - 1, 1);
            }
        }
        self.advance(plate, rows - 1, 1);
    }

    /// One step of one row; `old[step]` has the row above as it was before this step, and then this row.
    fn advance(&mut self, plate: &mut [f64], row: usize, step: usize) {
        let stride = self.stride;
        let (head, below) = plate.split_at_mut((row + 1) * stride);
        let here = &mut head[row * stride..];
        self.spare.copy_from_slice(here);
        relax(here, &self.old[step], &self.spare, &below[..stride]);
        std::mem::swap(&mut self.old[step], &mut self.spare);
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn relax(out: &mut [f64], north: &[f64], here: &[f64], south: &[f64]) {
    let n = out.len();
    assert!(north.len() == n && here.len() == n && south.len() == n, "four rows of one length");
    for j in 1..n - 1 {
        let neighbours = north[j] + south[j] + here[j - 1] + here[j + 1];
        out[j] = (1.0 - 4.0 * MESH_RATIO) * here[j] + MESH_RATIO * neighbours;
    }
}
