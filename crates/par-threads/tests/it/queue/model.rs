//! Random calls on one thread, beside a model that is too simple to be wrong.

use par_threads::{DoneTooOften, GetError, LifoQueue, PriorityQueue, PutError, Queue, QueueShutdown};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
enum Call {
    Put(u8),
    Get,
    Done,
    End(QueueShutdown),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let end = prop_oneof![Just(QueueShutdown::Drain), Just(QueueShutdown::Immediate)];
    let call = prop_oneof![
        40 => (0..4_u8).prop_map(Call::Put),
        30 => Just(Call::Get),
        20 => Just(Call::Done),
        1 => end.prop_map(Call::End),
    ];
    vec(call, 0..200)
}

/// What a call answers: refused, or the item.
type Answer = Result<Option<(u8, usize)>, &'static str>;

/// Items in the order in which they were put, and the number of each.
struct Model {
    capacity: usize,
    items: Vec<(u8, usize)>,
    /// Which of them is next.
    next: fn(&[(u8, usize)]) -> Option<usize>,
    owed: usize,
    shut_down: bool,
}

impl Model {
    fn call(&mut self, call: Call, number: usize) -> Answer {
        match call {
            Call::Put(_) if self.shut_down => return Err("shut down"),
            Call::Put(_) if self.items.len() == self.capacity => return Err("full"),
            Call::Put(priority) => self.items.push((priority, number)),
            Call::Get => {
                let empty = if self.shut_down { "shut down" } else { "empty" };
                let item = self.items.remove((self.next)(&self.items).ok_or(empty)?);
                self.owed += 1;
                return Ok(Some(item));
            }
            Call::Done => self.owed = self.owed.checked_sub(1).ok_or("too often")?,
            Call::End(how) => {
                self.shut_down = true;
                if how == QueueShutdown::Immediate {
                    self.items.clear();
                }
            }
        }
        Ok(None)
    }
}

/// The same calls on a queue. The priority is a part of the item where the queue has none.
macro_rules! call {
    ($queue:ident, $call:ident, $number:ident, $put:expr) => {
        match $call {
            Call::Put(priority) => match $put(priority, $number) {
                Ok(()) => Ok(None),
                Err(PutError::Full(item)) => Err(("full", item)),
                Err(PutError::ShutDown(item)) => Err(("shut down", item)),
            }
            .map_err(|(why, item)| {
                assert_eq!(item, (priority, $number), "it comes back");
                why
            }),
            Call::Get => $queue.try_get().map(Some).map_err(|error| match error {
                GetError::Empty => "empty",
                GetError::ShutDown => "shut down",
            }),
            Call::Done => $queue.task_done().map(|()| None).map_err(|DoneTooOften| "too often"),
            Call::End(how) => {
                $queue.shutdown(how);
                Ok(None)
            }
        }
    };
}

/// Runs the calls on both, and compares what they answer and how they look.
macro_rules! compare {
    ($queue:ident, $model:ident, $calls:ident, $put:expr) => {
        for (number, call) in $calls.into_iter().enumerate() {
            prop_assert_eq!(call!($queue, call, number, $put), $model.call(call, number));
            prop_assert_eq!($queue.len(), $model.items.len());
            prop_assert_eq!($queue.unfinished(), $model.items.len() + $model.owed);
            prop_assert_eq!($queue.is_shut_down(), $model.shut_down);
            prop_assert_eq!($queue.join_timeout(std::time::Duration::ZERO).is_ok(), $queue.unfinished() == 0);
        }
    };
}

fn model(capacity: usize, next: fn(&[(u8, usize)]) -> Option<usize>) -> Model {
    Model { capacity, items: Vec::new(), next, owed: 0, shut_down: false }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn queue(calls in calls(), capacity in 1..20_usize) {
        let queue = Queue::bounded(capacity);
        let mut model = model(capacity, |items| (!items.is_empty()).then_some(0));
        compare!(queue, model, calls, |priority, number| queue.try_put((priority, number)));
    }

    #[test]
    fn lifo_queue(calls in calls(), capacity in 1..20_usize) {
        let queue = LifoQueue::bounded(capacity);
        let mut model = model(capacity, |items| items.len().checked_sub(1));
        compare!(queue, model, calls, |priority, number| queue.try_put((priority, number)));
    }

    #[test]
    fn priority_queue(calls in calls(), capacity in 1..20_usize) {
        let queue = PriorityQueue::bounded(capacity);
        // `min_by_key` answers the first of equals.
        let next = |items: &[(u8, usize)]| (0..items.len()).min_by_key(|index| items[*index].0);
        let mut model = model(capacity, next);
        compare!(queue, model, calls, |priority, number| queue.try_put(priority, number));
    }
}
