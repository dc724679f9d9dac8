//! Programs that are wrong, and what a checked world says of them.

use serde::{Deserialize, Serialize};

use crate::comm::{Blocks, CommError, Communicator, Source, Spmd, SpmdError, Tag, TagSelector, op, wait_any};

/// A program that would hang, or compute nonsense, in a world that checks nothing.
///
/// [`expected`](Self::expected) is what a checked world of [three ranks](Self::RANKS) says of it.
///
/// # Examples
/// ```
/// use par_core::comm::Checked;
/// use par_core::testing::{ModelWorld, Wrong};
///
/// let outcome = ModelWorld::new(Wrong::RANKS).run_fn(|comm| Checked::run(&Wrong::ReceiveCycle, comm));
/// Wrong::ReceiveCycle.check(&outcome.unwrap_err())?;
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrong {
    /// Two ranks send one another more than any world buffers, and receive afterwards.
    HeadToHeadSends,
    /// The same with sends under way, which both wait for before they receive.
    HeadToHeadRequests,
    /// Three ranks receive from one another before they send.
    ReceiveCycle,
    /// A receive wants a tag that was never sent; others lie there.
    TagNeverSent,
    /// A receive from any rank, while all others wait for this one.
    NobodyLeftToSend,
    /// A receive from a rank that has ended.
    SenderEnded,
    /// A send that nobody receives, to a rank that has ended.
    ReceiverEnded,
    /// A probe for a message that never comes.
    ProbeForNothing,
    /// A receive request that no message comes for.
    RequestNeverDone,
    /// One of two requests is waited for, and nobody sends for either.
    NoneOfTwoRequests,
    /// A send and receive at once, whose message never comes.
    ExchangeWithNobody,
    /// Collectives in different order.
    Order,
    /// Every rank is its own root.
    Root,
    /// Every rank folds by an operation of its own.
    Operation,
    /// Every rank has a buffer of its own length.
    Count,
    /// One rank has elements of another type.
    Type,
    /// One rank skips a barrier, and ends.
    SkippedBarrier,
    /// One rank is in a barrier, and one receives from it.
    BarrierAndReceive,
    /// Two communicators, entered in different order.
    CrossedCommunicators,
    /// A barrier of a part of the ranks, one of which has ended.
    BarrierOfPart,
    /// A root scatters other counts than are expected.
    ScatterCounts,
    /// A root gathers other counts than are given.
    GatherCounts,
    /// Two ranks disagree on what they exchange.
    ExchangeCounts,
    /// A message is longer than the buffer for it.
    TooLong,
    /// A rank panics while others wait for it.
    Panic,
    /// A rank fails while others wait for it.
    Failure,
}

const TAG: Tag = Tag(7);

impl Wrong {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::HeadToHeadSends,
        Self::HeadToHeadRequests,
        Self::ReceiveCycle,
        Self::TagNeverSent,
        Self::NobodyLeftToSend,
        Self::SenderEnded,
        Self::ReceiverEnded,
        Self::ProbeForNothing,
        Self::RequestNeverDone,
        Self::NoneOfTwoRequests,
        Self::ExchangeWithNobody,
        Self::Order,
        Self::Root,
        Self::Operation,
        Self::Count,
        Self::Type,
        Self::SkippedBarrier,
        Self::BarrierAndReceive,
        Self::CrossedCommunicators,
        Self::BarrierOfPart,
        Self::ScatterCounts,
        Self::GatherCounts,
        Self::ExchangeCounts,
        Self::TooLong,
        Self::Panic,
        Self::Failure,
    ];

    /// How many ranks it takes.
    pub const RANKS: usize = 3;

    /// What the report must say; each line of it once.
    #[expect(clippy::too_many_lines, reason = "a table, one entry per program")]
    pub const fn expected(self) -> &'static [&'static str] {
        match self {
            Self::HeadToHeadSends => &[
                "deadlock: ",
                "rank 0 waits in send of 1048576 × f64 (8 MiB) to rank 1, tag 7, at ",
                "rank 1 waits in send of 1048576 × f64 (8 MiB) to rank 0, tag 7, at ",
            ],
            Self::HeadToHeadRequests => &[
                "deadlock: ",
                "rank 0 waits in wait for its isend of 1048576 × f64 (8 MiB) to rank 1, tag 7, begun at ",
                "rank 1 waits in wait for its isend of 1048576 × f64 (8 MiB) to rank 0, tag 7, begun at ",
            ],
            Self::ReceiveCycle => &[
                "deadlock: ",
                "rank 0 waits in recv of f64 from rank 1, tag 7, at ",
                "rank 1 waits in recv of f64 from rank 2, tag 7, at ",
                "rank 2 waits in recv of f64 from rank 0, tag 7, at ",
            ],
            Self::TagNeverSent => &[
                "deadlock: rank 0 has finished; rank 1 waits in recv of at most 4 × f64 from rank 0, tag 7, at ",
                "(2 messages of other tags or communicators lie there); there is one with tag 3, of 16 bytes",
            ],
            Self::NobodyLeftToSend => &[
                "deadlock: ",
                "rank 0 waits in recv of f64 from any rank, any tag, at ",
                "rank 1 waits in recv of f64 from rank 0, tag 7, at ",
                "rank 2 has finished",
            ],
            Self::SenderEnded => {
                &["deadlock: rank 0 has finished; rank 1 waits in recv_value of u8 from rank 0, tag 7, at "]
            }
            Self::ReceiverEnded => &[
                "deadlock: rank 0 waits in send of 1048576 × f64 (8 MiB) to rank 1, tag 7, at ",
                "rank 1 has finished",
            ],
            Self::ProbeForNothing => {
                &["deadlock: rank 0 has finished; rank 1 waits in probe from rank 0, any tag, at "]
            }
            Self::RequestNeverDone => &["deadlock: rank 0 has finished; \
                 rank 1 waits in wait for its irecv of at most 4 × f64 from rank 0, tag 7, begun at "],
            Self::NoneOfTwoRequests => &[
                "deadlock: rank 0 has finished; rank 1 waits in wait_any for one of 2 requests, at ",
                "rank 2 has finished",
            ],
            Self::ExchangeWithNobody => &["deadlock: rank 0 has finished; \
                 rank 1 waits in the receive of its send_recv of at most 1 × f64 from rank 0, tag 7, at "],
            Self::Order => &[
                "collectives do not match: ",
                "rank 0 calls barrier() at ",
                "ranks 1, 2 call broadcast(root 0, 1 × u64) at ",
            ],
            Self::Root => &[
                "collectives do not match: ",
                "rank 0 calls broadcast(root 0, 10 × f64) at ",
                "rank 1 calls broadcast(root 1, 10 × f64) at ",
                "rank 2 calls broadcast(root 2, 10 × f64) at ",
            ],
            Self::Operation => &[
                "collectives do not match: ",
                "rank 0 calls all_reduce_in_place(2 × u64, Sum) at ",
                "ranks 1, 2 call all_reduce_in_place(2 × u64, Max) at ",
            ],
            Self::Count => &[
                "collectives do not match: ",
                "rank 0 calls scan(10 × i32, Sum) at ",
                "rank 1 calls scan(11 × i32, Sum) at ",
                "rank 2 calls scan(12 × i32, Sum) at ",
            ],
            Self::Type => &[
                "collectives do not match: ",
                "rank 0 calls broadcast(root 0, 4 × f64) at ",
                "ranks 1, 2 call broadcast(root 0, 4 × u64) at ",
            ],
            Self::SkippedBarrier => &[
                "deadlock: rank 0 waits in barrier(), at ",
                ", for rank 2; rank 1 waits in barrier(), at ",
                ", for rank 2; rank 2 has finished",
            ],
            Self::BarrierAndReceive => &[
                "deadlock: rank 0 waits in barrier(), at ",
                ", for rank 1; rank 1 waits in recv of f64 from rank 0, tag 7, at ",
            ],
            Self::CrossedCommunicators => &[
                "deadlock: rank 0 waits in barrier() among ranks 0, 1, at ",
                ", for rank 1; rank 1 waits in barrier(), at ",
                ", for rank 0",
            ],
            Self::BarrierOfPart => &[
                "deadlock: rank 0 waits in barrier() among ranks 0, 1, at ",
                ", for rank 1; rank 1 has finished",
            ],
            Self::ScatterCounts => &[
                "collectives do not match: ",
                "rank 2 calls scatter_v(root 0, f64) at ",
                " and expects 3 elements of the 2 that rank 0 gives",
            ],
            Self::GatherCounts => &[
                "collectives do not match: ",
                "rank 0 calls gather_v(root 0, f64) at ",
                " and expects 1 elements of rank 2, which gives 2",
            ],
            Self::ExchangeCounts => &[
                "collectives do not match: ",
                "rank 2 calls all_to_all_v(f64) at ",
                " and expects 2 elements of rank 1, which gives 1",
            ],
            Self::TooLong => &["the message from rank 0 with tag 7 has 80 bytes and the buffer 32"],
            Self::Panic => &["rank 0: panicked: the cat walked over the keyboard"],
            Self::Failure => &["rank 0: the input is missing"],
        }
    }

    /// Whether the error of a world says what is expected, and nothing else: a rank that fails is no deadlock.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(self, error: &SpmdError) -> Result<(), String> {
        self.check_text(&error.to_string())
    }

    /// As [`check`](Self::check), for a report that has been printed.
    ///
    /// # Errors
    /// What is missing.
    pub fn check_text(self, text: &str) -> Result<(), String> {
        for expected in self.expected() {
            if !text.contains(expected) {
                return Err(format!("{self:?}: `{expected}` is missing in\n{text}"));
            }
        }
        let says_deadlock = text.contains("deadlock: ");
        let is_deadlock = self.expected()[0].starts_with("deadlock: ");
        if says_deadlock && !is_deadlock {
            return Err(format!("{self:?} is no deadlock:\n{text}"));
        }
        if is_deadlock && !text.contains("wrong.rs:") {
            return Err(format!("{self:?}: no line of the program is named in\n{text}"));
        }
        Ok(())
    }
}

impl Spmd for Wrong {
    const NAME: &'static str = "wrong";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        match self {
            Self::HeadToHeadSends
            | Self::HeadToHeadRequests
            | Self::ReceiveCycle
            | Self::TagNeverSent
            | Self::NobodyLeftToSend
            | Self::SenderEnded
            | Self::ReceiverEnded
            | Self::ProbeForNothing
            | Self::ExchangeWithNobody
            | Self::TooLong => self.messages(world),
            Self::RequestNeverDone | Self::NoneOfTwoRequests => self.requests(world),
            Self::Panic => {
                assert!(world.rank() != 0, "the cat walked over the keyboard");
                world.recv::<f64>(0, TAG).map(|_| ())
            }
            Self::Failure if world.rank() == 0 => Err(CommError::program("the input is missing")),
            Self::Failure => world.barrier(),
            _ => self.collectives(world),
        }
    }
}

impl Wrong {
    fn messages<C: Communicator>(self, world: &C) -> Result<(), CommError> {
        let large = || vec![1.0_f64; 1 << 20];
        match (self, world.rank()) {
            (Self::HeadToHeadSends, here @ (0 | 1)) => {
                world.send(&large(), 1 - here, TAG)?;
                world.recv::<f64>(1 - here, TAG)?;
            }
            (Self::HeadToHeadRequests, here @ (0 | 1)) => {
                world.isend(large(), 1 - here, TAG)?.wait()?;
                world.recv::<f64>(1 - here, TAG)?;
            }
            (Self::ReceiveCycle, here) => {
                world.recv::<f64>((here + 1) % Self::RANKS, TAG)?;
                world.send(&[1.0], (here + 2) % Self::RANKS, TAG)?;
            }
            (Self::TagNeverSent, 0) => {
                world.send(&[1.0, 2.0], 1, Tag(3))?;
                world.send(&[3.0], 1, Tag(3))?;
            }
            (Self::TagNeverSent | Self::TooLong, 1) => {
                world.recv_into(&mut [0.0; 4], 0, TAG)?;
            }
            (Self::NobodyLeftToSend, 0) => {
                world.recv::<f64>(Source::Any, TagSelector::Any)?;
            }
            (Self::NobodyLeftToSend, 1) => {
                world.recv::<f64>(0, TAG)?;
            }
            (Self::SenderEnded, 1) => {
                world.recv_value::<u8>(0, TAG)?;
            }
            (Self::ReceiverEnded, 0) => world.send(&large(), 1, TAG)?,
            (Self::ProbeForNothing, 1) => {
                world.probe(0, TagSelector::Any)?;
            }
            (Self::ExchangeWithNobody, 1) => {
                world.send_recv(&[1.0], 0, TAG, &mut [0.0], 0, TAG)?;
            }
            (Self::TooLong, 0) => world.send(&[1.0; 10], 1, TAG)?,
            _ => {}
        }
        Ok(())
    }

    fn requests<C: Communicator>(self, world: &C) -> Result<(), CommError> {
        if world.rank() == 1 {
            let first = world.irecv(vec![0.0; 4], 0, TAG)?;
            if self == Self::RequestNeverDone {
                first.wait()?;
            } else {
                let mut requests = vec![first, world.irecv(vec![0.0; 4], 2, TAG)?];
                wait_any(&mut requests)?;
            }
        }
        Ok(())
    }

    fn collectives<C: Communicator>(self, world: &C) -> Result<(), CommError> {
        let here = world.rank();
        match self {
            Self::Order if here == 0 => {
                world.barrier()?;
                world.broadcast(&mut [0_u64], 0)
            }
            Self::Order => {
                world.broadcast(&mut [0_u64], 0)?;
                world.barrier()
            }
            Self::Root => world.broadcast(&mut [0.0; 10], here),
            Self::Operation if here == 0 => world.all_reduce_in_place(&mut [1_u64, 2], &op::Sum),
            Self::Operation => world.all_reduce_in_place(&mut [1_u64, 2], &op::Max),
            Self::Count => world.scan(&mut vec![1_i32; 10 + here], &op::Sum),
            Self::Type if here == 0 => world.broadcast(&mut [0.0_f64; 4], 0),
            Self::Type => world.broadcast(&mut [0_u64; 4], 0),
            Self::SkippedBarrier if here == 2 => Ok(()),
            Self::BarrierAndReceive if here == 1 => world.recv::<f64>(0, TAG).map(|_| ()),
            Self::SkippedBarrier | Self::BarrierAndReceive => world.barrier(),
            Self::CrossedCommunicators | Self::BarrierOfPart => self.parts(world),
            Self::ScatterCounts => {
                let blocks = Blocks::packed(&vec![2; world.size()]);
                let expected = if here == 2 { 3 } else { 2 };
                world.scatter_v(&vec![0.0; blocks.extent()], &blocks, &mut vec![0.0; expected], 0)
            }
            Self::GatherCounts => {
                let blocks = Blocks::packed(&vec![1; world.size()]);
                let given = if here == 2 { 2 } else { 1 };
                world.gather_v(&vec![0.0; given], &mut vec![0.0; blocks.extent()], &blocks, 0)
            }
            _ => {
                let sent = Blocks::packed(&vec![1; world.size()]);
                let mut counts = vec![1; world.size()];
                if here == 2 {
                    counts[1] = 2;
                }
                let expected = Blocks::packed(&counts);
                let mut into = vec![0.0; expected.extent()];
                world.all_to_all_v(&vec![0.0; sent.extent()], &sent, &mut into, &expected)
            }
        }
    }

    fn parts<C: Communicator>(self, world: &C) -> Result<(), CommError> {
        let here = world.rank();
        let Some(part) = world.split((here < 2).then_some(0), 0)? else {
            return if self == Self::CrossedCommunicators { world.barrier() } else { Ok(()) };
        };
        match (self, here) {
            (Self::CrossedCommunicators, 0) => {
                part.barrier()?;
                world.barrier()
            }
            (Self::CrossedCommunicators, _) => {
                world.barrier()?;
                part.barrier()
            }
            (_, 0) => part.barrier(),
            _ => Ok(()),
        }
    }
}
