//! A finite-state machine of coroutines (the cookbook's recipe on coroutines): each state is an async function that thinks
//! for a second, and returns the next state, by the toss of a coin.
//!
//! The coin is a generator with a seed, and the clock stands still while anybody runs: the path is the same every time.
//!
//! Run it: `cargo run -p par-async --example async_coroutines`
//!
//! Expected output:
//! ```text
//! Start -> Second
//! Second -> First
//! First -> Second
//! Second -> First
//! First -> Second
//! Second -> First
//! First -> Second
//! Second -> First
//! First -> Second
//! Second -> First
//! First -> Third
//! Third -> End
//! 12 transitions in 12 s
//! ```

use std::time::Duration;

use par_async::{EventLoop, sleep};
use par_core::Philox;

/// Where the machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    First,
    Second,
    Third,
    End,
}

/// Tosses, one index after the other.
struct Coin {
    generator: Philox,
    tosses: u64,
}

impl Coin {
    fn toss(&mut self) -> bool {
        self.tosses += 1;
        self.generator.next_u64(self.tosses) % 2 == 1
    }
}

async fn start(coin: &mut Coin) -> State {
    sleep(Duration::from_secs(1)).await;
    if coin.toss() { State::Second } else { State::First }
}

async fn first(coin: &mut Coin) -> State {
    sleep(Duration::from_secs(1)).await;
    if coin.toss() { State::Third } else { State::Second }
}

async fn second(coin: &mut Coin) -> State {
    sleep(Duration::from_secs(1)).await;
    if coin.toss() { State::Third } else { State::First }
}

async fn third(coin: &mut Coin) -> State {
    sleep(Duration::from_secs(1)).await;
    if coin.toss() { State::End } else { State::First }
}

/// Runs the machine to its end; the path that it took.
async fn machine(seed: u64) -> Vec<State> {
    let mut coin = Coin { generator: Philox::new(seed), tosses: 0 };
    let mut path = vec![State::Start];
    loop {
        let next = match path[path.len() - 1] {
            State::Start => start(&mut coin).await,
            State::First => first(&mut coin).await,
            State::Second => second(&mut coin).await,
            State::Third => third(&mut coin).await,
            State::End => return path,
        };
        path.push(next);
    }
}

fn main() -> Result<(), par_async::LoopError> {
    let events = EventLoop::builder().paused_clock().build()?;
    let path = events.run_until_complete(machine(7))?;
    for pair in path.windows(2) {
        println!("{:?} -> {:?}", pair[0], pair[1]);
    }
    println!("{} transitions in {} s", path.len() - 1, events.time().as_secs());
    assert_eq!((path[0], path.len()), (State::Start, 13));
    assert_eq!(path.last(), Some(&State::End));
    assert_eq!(events.time().as_secs(), path.len() as u64 - 1, "each state takes a second");
    assert_eq!(path, events.run_until_complete(machine(7))?, "the seed says it all");
    Ok(())
}
