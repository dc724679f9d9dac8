//! The token ring: who holds what, and what must not pass.

use libtest_mimic::Trial;
use par_benches::spmd::{Ring, RingPart, SpmdWorkload};

use super::{RANKS, outputs, verified};

pub(crate) fn trials() -> Vec<Trial> {
    trials![the_token_is_the_hops, every_hop_is_a_message, wrong_answers_do_not_pass]
}

fn the_token_is_the_hops() {
    for ranks in RANKS {
        for hops in [1, 2, 6, 7, 8, 100] {
            let parts = verified(&Ring::new(hops).unwrap(), ranks);
            assert_eq!(parts[hops as usize % ranks].last, Some(hops), "{hops} hops, {ranks} ranks");
            assert_eq!(parts.iter().map(|part| part.received).sum::<u64>(), u64::from(hops));
        }
    }
    assert!(Ring::test().run_serial().is_none());
}

fn every_hop_is_a_message() {
    for ranks in RANKS {
        let outputs = outputs(&Ring::new(100).unwrap(), ranks);
        let sent = outputs.iter().flat_map(|output| &output.cost.sent);
        let (messages, bytes) = sent.fold((0, 0), |sum, sent| (sum.0 + sent.messages, sum.1 + sent.bytes));
        assert_eq!((messages, bytes), (100, 6400), "{ranks} ranks");
    }
}

fn wrong_answers_do_not_pass() {
    let ring = Ring::new(10).unwrap();
    let parts = verified(&ring, 3);
    let spoilt = |spoil: &dyn Fn(&mut Vec<RingPart>)| {
        let mut parts = parts.clone();
        spoil(&mut parts);
        ring.verify(&parts).unwrap_err().to_string()
    };
    let told =
        spoilt(&|parts| parts.iter_mut().for_each(|part| *part = RingPart { received: 0, last: None }));
    assert!(told.contains("number of hops"), "nothing at all: {told}");
    spoilt(&|parts| parts[1].received += 1);
    spoilt(&|parts| parts.swap(0, 1));
    assert!(spoilt(&|parts| parts[1].last = Some(7)).contains("last holder"), "stale");
    spoilt(&|parts| {
        parts[0].received -= 1;
        parts[2].received += 1;
    });
}
