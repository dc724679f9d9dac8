//! Random calls and cancellations on one thread, beside a model that is too simple to be wrong.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use par_async::Queue;
use par_core::{GetError, PutError, QueueShutdown};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Debug, Clone)]
enum Call {
    Put,
    Get,
    TryPut,
    TryGet,
    /// Polls all who wait, beginning with this one.
    Poll(Index),
    /// Drops one who waits.
    Cancel(Index),
    End(QueueShutdown),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        20 => Just(Call::Put),
        20 => Just(Call::Get),
        10 => Just(Call::TryPut),
        10 => Just(Call::TryGet),
        20 => any::<Index>().prop_map(Call::Poll),
        20 => any::<Index>().prop_map(Call::Cancel),
        1 => prop_oneof![Just(QueueShutdown::Drain), Just(QueueShutdown::Immediate)].prop_map(Call::End),
    ];
    vec(call, 0..120)
}

enum Wait<'q> {
    Put(usize, Pin<Box<dyn Future<Output = Result<(), PutError<usize>>> + 'q>>),
    Get(Pin<Box<dyn Future<Output = Result<usize, GetError>> + 'q>>),
}

/// What went in, in order, and what came out.
#[derive(Default)]
struct Seen {
    inside: VecDeque<usize>,
    dropped: usize,
    taken: usize,
    end: Option<QueueShutdown>,
}

impl Seen {
    fn got(&mut self, item: usize) {
        assert_eq!(self.inside.pop_front(), Some(item), "first in, first out, whoever was cancelled");
        self.taken += 1;
    }

    /// Polls a wait; whether it goes on.
    fn waits(&mut self, wait: &mut Wait<'_>) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        match wait {
            Wait::Put(item, future) => match future.as_mut().poll(&mut cx) {
                Poll::Pending => return true,
                Poll::Ready(Ok(())) => self.inside.push_back(*item),
                Poll::Ready(Err(error)) => {
                    assert_eq!((error, self.end.is_some()), (PutError::ShutDown(*item), true));
                }
            },
            Wait::Get(future) => match future.as_mut().poll(&mut cx) {
                Poll::Pending => return true,
                Poll::Ready(Ok(item)) => self.got(item),
                Poll::Ready(Err(error)) => {
                    assert_eq!(error, GetError::ShutDown);
                    assert!(self.end.is_some() && self.inside.is_empty());
                }
            },
        }
        false
    }

    fn waits_all(&mut self, waits: &mut Vec<Wait<'_>>, first: usize) {
        if !waits.is_empty() {
            let first = first % waits.len();
            waits.rotate_left(first);
        }
        waits.retain_mut(|wait| self.waits(wait));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_is_lost_whoever_is_cancelled(calls in calls(), capacity in 1..4_usize) {
        let queue = Queue::bounded(capacity);
        let (mut seen, mut waits) = (Seen::default(), Vec::new());
        for (number, call) in calls.into_iter().enumerate() {
            match call {
                Call::Put | Call::Get => {
                    let mut wait = if matches!(call, Call::Put) {
                        Wait::Put(number, Box::pin(queue.put(number)))
                    } else {
                        Wait::Get(Box::pin(queue.get()))
                    };
                    if seen.waits(&mut wait) {
                        waits.push(wait);
                    }
                }
                Call::TryPut => if queue.try_put(number).is_ok() {
                    seen.inside.push_back(number);
                },
                Call::TryGet => if let Ok(item) = queue.try_get() {
                    seen.got(item);
                },
                Call::Poll(index) => seen.waits_all(&mut waits, index.index(usize::MAX)),
                Call::Cancel(index) => if !waits.is_empty() {
                    drop(waits.swap_remove(index.index(waits.len())));
                },
                Call::End(how) => {
                    queue.shutdown(how);
                    seen.end = Some(how);
                    if how == QueueShutdown::Immediate {
                        seen.dropped += seen.inside.len();
                        seen.inside.clear();
                    }
                }
            }
            prop_assert_eq!(queue.len(), seen.inside.len());
            prop_assert_eq!(queue.unfinished(), seen.inside.len() + seen.taken);
        }
        // Everybody who can go on does, and nobody waits beside an item or room.
        for _ in 0..200 {
            seen.waits_all(&mut waits, 0);
        }
        let [mut getters, mut putters] = [0, 0];
        for wait in &waits {
            match wait {
                Wait::Get(_) => getters += 1,
                Wait::Put(..) => putters += 1,
            }
        }
        prop_assert!(getters == 0 || queue.is_empty(), "{} wait beside an item", getters);
        prop_assert!(putters == 0 || queue.is_full(), "{} wait beside room", putters);
        prop_assert!(waits.is_empty() || seen.end.is_none() || (putters == 0 && !queue.is_empty()));
        drop(waits);
        while let Ok(item) = queue.try_get() {
            seen.got(item);
        }
        prop_assert!(seen.inside.is_empty());
        if seen.end.is_none() {
            for item in 0..capacity {
                prop_assert_eq!(queue.try_put(item), Ok(()), "no room was lost");
            }
        }
    }
}
