//! The serial reference: the whole plate in one array with a cold edge, two steps in one pass over the memory.
//!
//! Rows of the first step go into a ring of three, from which the second step makes the plate's row, one row behind: no
//! row is needed again as it was before. So memory is read and written half as often as by step after step, and nothing
//! is copied.

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
    let mut ring = [(); 3].map(|()| vec![0.0; stride]);
    for _ in 0..heat.steps / 2 {
        two_steps(&mut plate, stride, &mut ring);
    }
    if heat.steps % 2 == 1 {
        one_step(&mut plate, stride, &mut ring);
    }
    plate
}

/// The row of a plate, with its edge.
fn row(plate: &[f64], stride: usize, index: usize) -> &[f64] {
    &plate[index * stride..(index + 1) * stride]
}

fn two_steps(plate: &mut [f64], stride: usize, ring: &mut [Vec<f64>; 3]) {
    let last = stride - 2;
    // The edge above the first row is cold in every step.
    ring[0].fill(0.0);
    for index in 1..=last {
        let [above, here, below] = [index - 1, index, index + 1].map(|index| row(plate, stride, index));
        relax(&mut ring[index % 3], above, here, below);
        if index > 1 {
            let target = &mut plate[(index - 1) * stride..index * stride];
            relax(target, &ring[(index - 2) % 3], &ring[(index - 1) % 3], &ring[index % 3]);
        }
    }
    ring[(last + 1) % 3].fill(0.0);
    let target = &mut plate[last * stride..(last + 1) * stride];
    relax(target, &ring[(last - 1) % 3], &ring[last % 3], &ring[(last + 1) % 3]);
}

fn one_step(plate: &mut [f64], stride: usize, ring: &mut [Vec<f64>; 3]) {
    let last = stride - 2;
    for index in 1..=last {
        let [above, here, below] = [index - 1, index, index + 1].map(|index| row(plate, stride, index));
        relax(&mut ring[index % 3], above, here, below);
        if index > 1 {
            plate[(index - 1) * stride..index * stride].copy_from_slice(&ring[(index - 1) % 3]);
        }
    }
    plate[last * stride..(last + 1) * stride].copy_from_slice(&ring[last % 3]);
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn relax(out: &mut [f64], north: &[f64], here: &[f64], south: &[f64]) {
    let n = out.len();
    assert!(north.len() == n && here.len() == n && south.len() == n, "four rows of one length");
    (out[0], out[n - 1]) = (0.0, 0.0);
    for j in 1..n - 1 {
        let neighbours = north[j] + south[j] + here[j - 1] + here[j + 1];
        out[j] = (1.0 - 4.0 * MESH_RATIO) * here[j] + MESH_RATIO * neighbours;
    }
}
