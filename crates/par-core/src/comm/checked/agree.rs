//! What the members of a communicator agree on before a collective begins.
//!
//! They first fold a digest of what each has called, over the messages that collectives are made of; these are the same
//! messages whatever was called. Only when the digests differ do they tell one another what they have called. So the
//! collective itself begins when all have called it, and the same.

use super::Checked;
use super::members::named;
use super::op::{Call, Op, line};
use crate::comm::{Blocks, CommError, Communicator, Rank, collectives, op};

/// The bytes of what a rank tells about its call.
const TOLD: usize = 256;

/// Counts that must fit in pairs, which a digest cannot say.
pub(super) enum Fit<'a> {
    /// Nothing of the kind.
    Nothing,
    /// The root gives blocks, and every rank expects so many elements.
    Scatter { root: Rank, blocks: &'a Blocks, expected: usize },
    /// Every rank gives so many elements, and the root expects blocks.
    Gather { root: Rank, blocks: &'a Blocks, given: usize },
    /// Everybody gives everybody a block, and expects one.
    All { given: &'a Blocks, expected: &'a Blocks },
}

impl<C: Communicator> Checked<C> {
    /// Runs a collective of the communicator below once all members have called it.
    pub(super) fn collective<R>(
        &self,
        call: Call,
        fit: &Fit<'_>,
        run: impl FnOnce(&C) -> Result<R, CommError>,
    ) -> Result<R, CommError> {
        self.agree(call, fit)?;
        run(&self.inner)
    }

    fn agree(&self, call: Call, fit: &Fit<'_>) -> Result<(), CommError> {
        let number = self.members.begun.get() + 1;
        self.members.begun.set(number);
        let _within = self.world.enter(Op::Collective { call, number })?;
        let agreed = self.same(call).and_then(|()| self.fits(call, fit));
        agreed.map_err(|error| match error {
            CommError::CollectiveMismatch(_) => self.world.end_with(error),
            error => self.world.explain(error, &self.members),
        })
    }

    /// Whether all have called the same.
    fn same(&self, call: Call) -> Result<(), CommError> {
        let digest = call.digest();
        let mut both = [digest, !digest];
        collectives::all_reduce(self.inner.link(), &mut both, &op::Max)?;
        if both[0] == !both[1] { Ok(()) } else { Err(self.mismatch(call, None)?) }
    }

    /// Whether what is given fits what is expected, everywhere.
    fn fits(&self, call: Call, fit: &Fit<'_>) -> Result<(), CommError> {
        let complaint = match *fit {
            Fit::Nothing => return Ok(()),
            Fit::Scatter { root, blocks, expected } => self.scatter_fits(root, blocks, expected)?,
            Fit::Gather { root, blocks, given } => self.gather_fits(root, blocks, given)?,
            Fit::All { given, expected } => self.all_fit(given, expected)?,
        };
        let mut complains = [u8::from(complaint.is_some())];
        collectives::all_reduce(self.inner.link(), &mut complains, &op::Max)?;
        if complains[0] == 0 { Ok(()) } else { Err(self.mismatch(call, complaint)?) }
    }

    fn scatter_fits(
        &self,
        root: Rank,
        blocks: &Blocks,
        expected: usize,
    ) -> Result<Option<String>, CommError> {
        let counts = numbers(if self.rank() == root { blocks.counts() } else { &[] });
        let mut given = [0_u64];
        collectives::scatter(self.inner.link(), &counts, &self.one_each(), &mut given, root)?;
        let gives = self.members.ranks[root];
        Ok((given[0] != expected as u64)
            .then(|| format!("and expects {expected} elements of the {} that rank {gives} gives", given[0])))
    }

    fn gather_fits(&self, root: Rank, blocks: &Blocks, given: usize) -> Result<Option<String>, CommError> {
        let mut counts = vec![0_u64; if self.rank() == root { self.size() } else { 0 }];
        collectives::gather(self.inner.link(), &[given as u64], &mut counts, &self.one_each(), root)?;
        if self.rank() != root {
            return Ok(None);
        }
        Ok(self.complaint(&counts, blocks))
    }

    fn all_fit(&self, given: &Blocks, expected: &Blocks) -> Result<Option<String>, CommError> {
        let mut counts = vec![0_u64; self.size()];
        let one = self.one_each();
        collectives::all_to_all(self.inner.link(), &numbers(given.counts()), &one, &mut counts, &one)?;
        Ok(self.complaint(&counts, expected))
    }

    /// The first rank that gives another count than is expected of it.
    fn complaint(&self, given: &[u64], expected: &Blocks) -> Option<String> {
        let pairs = given.iter().zip(expected.counts()).enumerate();
        pairs.into_iter().find(|(_, (given, expected))| **given != **expected as u64).map(
            |(rank, (given, expected))| {
                let gives = self.members.ranks[rank];
                format!("and expects {expected} elements of rank {gives}, which gives {given}")
            },
        )
    }

    fn one_each(&self) -> Blocks {
        Blocks::packed(&vec![1; self.size()])
    }

    /// Everybody tells what it has called, and where: the error of all.
    fn mismatch(&self, call: Call, complaint: Option<String>) -> Result<CommError, CommError> {
        let mut told = format!("{call} at {}", line(call.at));
        if let Some(complaint) = complaint {
            told = format!("{told} {complaint}");
        }
        let mut all = vec![[0_u8; TOLD]; self.size()];
        // What is too long loses its end, which is no character of several bytes cut in two: the reader is lenient.
        let kept = told.len().min(TOLD);
        all[self.rank()][..kept].copy_from_slice(&told.as_bytes()[..kept]);
        collectives::all_gather(self.inner.link(), &mut all, &self.one_each())?;

        let mut calls: Vec<(String, Vec<Rank>)> = Vec::new();
        for (told, rank) in all.iter().zip(&self.members.ranks) {
            let told = String::from_utf8_lossy(told).trim_end_matches('\0').to_owned();
            match calls.iter_mut().find(|(known, _)| *known == told) {
                Some((_, ranks)) => ranks.push(*rank),
                None => calls.push((told, vec![*rank])),
            }
        }
        let lines = calls.iter().map(|(told, ranks)| {
            let call = if ranks.len() == 1 { "calls" } else { "call" };
            format!("{} {call} {told}", named(ranks))
        });
        Ok(CommError::CollectiveMismatch(lines.collect()))
    }
}

fn numbers(counts: &[usize]) -> Vec<u64> {
    counts.iter().map(|count| *count as u64).collect()
}
