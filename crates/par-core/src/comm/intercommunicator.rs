//! Two groups that talk to one another.

use super::{Blocks, CommError, Communicator, Datum, Rank, Source, Status, Tag, TagSelector};

/// Two groups of ranks: messages and collectives go from one to the other.
///
/// Ranks of messages are those of the other group. All ranks of both groups are in one communicator, the bridge, from
/// which it is made; that is more than MPI's `Intercomm_create` asks for, which needs only the two leaders to know one
/// another.
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, Intercommunicator, Tag};
/// use par_core::testing::ModelWorld;
///
/// ModelWorld::new(5).run_fn(|world| {
///     // Ranks 0 and 1 ask, the other three answer.
///     let asks = world.rank() < 2;
///     let across = Intercommunicator::join(world, Some(u32::from(!asks)))?.expect("every rank is on a side");
///     assert_eq!(across.remote_size(), if asks { 3 } else { 2 });
///     let mut sizes = vec![0_u64; across.remote_size()];
///     across.all_gather(&[across.local().size() as u64], &mut sizes)?;
///     assert!(sizes.iter().all(|size| *size == across.remote_size() as u64));
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Intercommunicator<C> {
    local: C,
    /// All ranks, those of side 0 first.
    both: C,
    side: u32,
}

impl<C: Communicator> Intercommunicator<C> {
    /// Joins the ranks of `bridge` on side 0 with those on side 1, each in the order of their ranks in it; who is on no
    /// side gets none.
    ///
    /// A collective of `bridge`.
    ///
    /// # Errors
    /// [`CommError::Invalid`] for another side than 0 and 1, and, at every rank, when a side has no rank.
    ///
    /// # Panics
    /// Never: a rank with a color is in a communicator.
    ///
    /// # Blocking
    /// Until every rank of `bridge` has called it.
    #[track_caller]
    pub fn join(bridge: &C, side: Option<u32>) -> Result<Option<Self>, CommError> {
        let mut counts = [0_u64; 3];
        counts[side.map_or(2, |side| side.min(2)) as usize] = 1;
        if side.is_some_and(|side| side > 1) {
            return Err(CommError::Invalid(format!(
                "an intercommunicator has the sides 0 and 1, and no side {}",
                side.unwrap_or(0)
            )));
        }
        bridge.all_reduce_in_place(&mut counts, &super::op::Sum)?;
        if counts[0] == 0 || counts[1] == 0 {
            return Err(CommError::Invalid(
                "one of the two sides of an intercommunicator has no rank".to_owned(),
            ));
        }
        let both = bridge.split(side.map(|_| 0), i64::from(side.unwrap_or(0)))?;
        let local = bridge.split(side, 0)?;
        Ok(side.map(|side| Self {
            local: local.expect("a rank with a color is in a communicator"),
            both: both.expect("a rank with a color is in a communicator"),
            side,
        }))
    }

    /// This rank's own group.
    pub const fn local(&self) -> &C {
        &self.local
    }

    /// How many ranks the other group has.
    pub fn remote_size(&self) -> usize {
        self.both.size() - self.local.size()
    }

    /// Sends to a rank of the other group.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], and as [`Communicator::send`].
    ///
    /// # Blocking
    /// As [`Communicator::send`].
    #[track_caller]
    pub fn send<T: Datum>(&self, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        self.both.send(data, self.across(to)?, tag)
    }

    /// Receives from a rank of the other group, or from any of them; the status has its rank there.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], and as [`Communicator::recv`].
    ///
    /// # Blocking
    /// Until a message has come that fits.
    #[track_caller]
    pub fn recv<T: Datum>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<(Vec<T>, Status), CommError> {
        let from = match from.into() {
            // Nobody of one's own group sends on it.
            Source::Any => Source::Any,
            Source::Rank(rank) => Source::Rank(self.across(rank)?),
        };
        let (data, status) = self.both.recv(from, tag)?;
        Ok((data, Status { source: status.source - self.first_across(), ..status }))
    }

    /// Returns when every rank of both groups has called it.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    ///
    /// # Blocking
    /// Until every rank of both groups has called it.
    #[track_caller]
    pub fn barrier(&self) -> Result<(), CommError> {
        self.both.barrier()
    }

    /// Every rank of the other group gets the `buf` of a rank of side `side`, its `root` there.
    ///
    /// Called by all ranks of both groups; the buffers of the others on the root's side stay as they are.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Invalid`] for another side than 0 and 1.
    ///
    /// # Blocking
    /// Until the root has called it.
    #[track_caller]
    pub fn broadcast<T: Datum>(&self, buf: &mut [T], side: u32, root: Rank) -> Result<(), CommError> {
        if side > 1 {
            return Err(CommError::Invalid(format!("there are the sides 0 and 1, and no side {side}")));
        }
        let here = side == self.side;
        CommError::unless_rank(root, if here { self.local.size() } else { self.remote_size() })?;
        self.both.begin_collective("broadcast across", None)?;
        if here {
            let link = self.both.link();
            return if self.local.rank() == root {
                link.send(bytemuck::cast_slice(buf), self.first_across())
            } else {
                Ok(())
            };
        }
        if self.local.rank() == 0 {
            self.both.link().recv(bytemuck::cast_slice_mut(buf), self.across(root)?)?;
        }
        self.local.broadcast(buf, 0)
    }

    /// Every rank gets the `data` of every rank of the other group, in rank order; all of a group give one length.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `into` does not divide by the number of ranks of the other group,
    /// [`CommError::CollectiveMismatch`] when they give another length.
    ///
    /// # Blocking
    /// Until every rank of both groups has called it.
    #[track_caller]
    pub fn all_gather<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let count = into.len() / self.remote_size();
        CommError::unless_length("the receive buffer", into.len(), count * self.remote_size())?;
        self.both.begin_collective("all_gather across", None)?;
        let is_first = self.local.rank() == 0;
        let mut ours = vec![T::zeroed(); if is_first { data.len() * self.local.size() } else { 0 }];
        self.local.gather_v(
            data,
            &mut ours,
            &Blocks::packed(&vec![data.len(); if is_first { self.local.size() } else { 0 }]),
            0,
        )?;
        if is_first {
            let other = self.first_across();
            let (given, taken) = (bytemuck::cast_slice(&ours), bytemuck::cast_slice_mut(into));
            self.both.link().send_recv(given, other, taken, other)?;
        }
        self.local.broadcast(into, 0)
    }

    /// One communicator of both groups: those that say `high` come after the others; where both say the same, side 0
    /// is first. All of one side say the same.
    ///
    /// A collective of both groups.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    ///
    /// # Panics
    /// Never: a rank with a color is in a communicator.
    ///
    /// # Blocking
    /// Until every rank of both groups has called it.
    #[track_caller]
    pub fn merge(&self, high: bool) -> Result<C, CommError> {
        let merged = self.both.split(Some(0), i64::from(high))?;
        Ok(merged.expect("a rank with a color is in a communicator"))
    }

    /// The rank among both of a rank of the other group.
    fn across(&self, rank: Rank) -> Result<Rank, CommError> {
        CommError::unless_rank(rank, self.remote_size())?;
        Ok(self.first_across() + rank)
    }

    fn first_across(&self) -> Rank {
        if self.side == 0 { self.local.size() } else { 0 }
    }
}
