//! Ping-pong: what is examined, the LogGP fit on times of a known model, and what must not pass.

use libtest_mimic::Trial;
use par_benches::spmd::{
    LogGp, Overheads, Parameter, PingPong, PingPongPart, SizeTimes, SpmdWorkload, fit_loggp,
};

use super::{outputs, verified};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        two_ranks_play_whatever_the_others_do,
        one_rank_has_nobody_to_play_with,
        the_table_has_every_length,
        wrong_answers_do_not_pass,
        a_known_model_is_found_again,
        noise_widens_the_intervals_around_the_truth,
        what_the_data_do_not_carry_is_said,
    ]
}

fn two_ranks_play_whatever_the_others_do() {
    let pingpong = PingPong::new(4096, 3, 5).unwrap();
    for ranks in [2, 3, 4, 7] {
        let parts = verified(&pingpong, ranks);
        assert!(parts[0].received > 0 && parts[ranks - 1].received > 0);
        assert!(parts[1..ranks - 1].iter().all(|part| part.received == 0));
    }
}

fn one_rank_has_nobody_to_play_with() {
    let error = par_core::testing::ModelWorld::new(1).run(&PingPong::test()).unwrap_err();
    assert!(error.to_string().contains("take two"), "{error}");
}

fn the_table_has_every_length() {
    let outputs = outputs(&PingPong::test(), 2);
    let table = PingPong::test().latency(&outputs).unwrap();
    let lengths: Vec<u64> = table.points.iter().map(|point| point.bytes).collect();
    assert_eq!(lengths, [0, 8, 64, 256, 1024, 4096, 16_384, 65_536]);
    for point in &table.points {
        assert!(point.one_way_ns > 0.0);
        // On a busy machine a length may get too few batches for an interval.
        if let Some([low, high]) = point.ci95_ns {
            assert!(0.0 < low && low <= point.one_way_ns && point.one_way_ns <= high, "{point:?}");
        }
    }
    let loggp = table.loggp.unwrap();
    assert!(loggp.gap_per_byte.estimate().is_none(), "one long length carries no slope");
}

fn wrong_answers_do_not_pass() {
    let pingpong = PingPong::new(1024, 3, 4).unwrap();
    let parts = verified(&pingpong, 2);
    let spoilt = |spoil: &dyn Fn(&mut Vec<PingPongPart>)| {
        let mut parts = parts.clone();
        spoil(&mut parts);
        pingpong.verify(&parts).unwrap_err().to_string()
    };
    let null = PingPongPart { received: 0, wrong: 0, sizes: Vec::new(), overheads: None };
    assert!(spoilt(&|parts| parts.fill(null.clone())).contains("lengths that were timed"), "nothing at all");
    assert!(spoilt(&|parts| parts[1].wrong = 1).contains("wrong messages that rank 1"));
    spoilt(&|parts| parts[1].received -= 1);
    spoilt(&|parts| parts.swap(0, 1));
    spoilt(&|parts| parts[0].sizes.swap(0, 1));
    spoilt(&|parts| parts[0].sizes[1].round_trip_ns.clear());
    spoilt(&|parts| parts[0].sizes[1].round_trip_ns.truncate(1));
    spoilt(&|parts| parts[0].overheads = None);
    spoilt(&|parts| parts[0].sizes[2].round_trip_ns[0] = f64::NAN);
    spoilt(&|parts| parts[0].sizes[2].round_trip_ns[0] = 0.0);
    assert!(pingpong.verify(&[]).is_err());
}

/// L = 400 ns, `o_s` = 50 ns, `o_r` = 70 ns, g = 90 ns, G = 0.25 ns a byte.
fn model(noise: impl Fn(usize) -> f64, batches: usize) -> LogGp {
    let batch = |ns: f64, seed: usize| (0..batches).map(|index| ns * (1.0 + noise(seed + index))).collect();
    let lengths = [0, 8, 64, 1024, 65_536, 131_072, 262_144, 524_288, 1_048_576];
    let sizes: Vec<SizeTimes> = lengths
        .into_iter()
        .enumerate()
        .map(|(seed, bytes)| {
            let one_way = 400.0 + 50.0 + 70.0 + 0.25 * (bytes as f64 - 1.0).max(0.0);
            SizeTimes { bytes, round_trip_ns: batch(2.0 * one_way, 100 * seed) }
        })
        .collect();
    let overheads =
        Overheads { send_ns: batch(50.0, 2000), receive_ns: batch(70.0, 3000), gap_ns: batch(90.0, 4000) };
    fit_loggp(&sizes, &overheads)
}

fn found(loggp: &LogGp) -> [(&Parameter, f64); 5] {
    [
        (&loggp.latency, 400.0),
        (&loggp.send_overhead, 50.0),
        (&loggp.receive_overhead, 70.0),
        (&loggp.gap, 90.0),
        (&loggp.gap_per_byte, 0.25),
    ]
}

fn a_known_model_is_found_again() {
    for (parameter, truth) in found(&model(|_| 0.0, 9)) {
        let estimate = parameter.estimate().unwrap();
        assert!((estimate.value - truth).abs() < 1e-6 * truth, "{estimate:?} for {truth}");
        assert!(estimate.ci95.iter().all(|end| (end - truth).abs() < 1e-6 * truth));
    }
}

fn noise_widens_the_intervals_around_the_truth() {
    // One batch in nine is five times as long, as when the machine was elsewhere; the others are 2 % apart.
    let noise = |index: usize| match index % 9 {
        4 => 4.0,
        step => 0.005 * (step as f64 - 4.0),
    };
    for (parameter, truth) in found(&model(noise, 27)) {
        let estimate = parameter.estimate().unwrap();
        assert!((estimate.value / truth - 1.0).abs() < 0.05, "{estimate:?} for {truth}");
        assert!(estimate.ci95[0] < estimate.ci95[1], "{estimate:?}");
    }
}

fn what_the_data_do_not_carry_is_said() {
    let reason = |parameter: &Parameter| match parameter {
        Parameter::NotIdentifiable { reason } => reason.clone(),
        Parameter::Known(estimate) => panic!("{estimate:?}"),
    };
    let few = model(|_| 0.0, 5);
    assert!(found(&few).iter().all(|(parameter, _)| reason(parameter).contains("six batches")));
    // Overheads as long as the way: shared memory.
    let sizes = [SizeTimes { bytes: 8, round_trip_ns: vec![200.0; 9] }];
    let overheads = Overheads { send_ns: vec![60.0; 9], receive_ns: vec![50.0; 9], gap_ns: vec![-1.0; 9] };
    let loggp = fit_loggp(&sizes, &overheads);
    assert!(reason(&loggp.latency).contains("cover the whole way"));
    assert!(reason(&loggp.gap).contains("95 % interval"));
    assert!(reason(&loggp.gap_per_byte).contains("fewer than 4 lengths"));
    assert_eq!(loggp.send_overhead.estimate().unwrap().value.to_bits(), 60.0_f64.to_bits());
    let empty = fit_loggp(&[], &Overheads::default());
    assert!(reason(&empty.latency).contains("no messages"));
}
