//! Splitting and merging, for any sizes.

use std::num::NonZeroUsize;

use par_core::split;
use proptest::prelude::*;

proptest! {
    #[test]
    fn split_covers_in_order_and_evenly(start in 0_u64..1 << 40, length in 0_u64..10_000, parts in 1_usize..300) {
        let chunks = split(start..start + length, NonZeroUsize::new(parts).expect("not 0"));
        prop_assert_eq!(chunks.len() as u64, length.min(parts as u64));
        let mut next = start;
        for chunk in &chunks {
            prop_assert_eq!(chunk.start, next);
            prop_assert!(chunk.end > chunk.start);
            next = chunk.end;
        }
        prop_assert!(chunks.is_empty() || next == start + length);
        let lengths: Vec<_> = chunks.iter().map(|chunk| chunk.end - chunk.start).collect();
        if let (Some(most), Some(least)) = (lengths.iter().max(), lengths.iter().min()) {
            prop_assert!(most - least <= 1);
        }
    }
}
