//! The price of a callback and of a timer, beside tokio's and Python's: `cargo bench -p par-async --bench event_loop`.
//!
//! The contenders take turns, so the ratios hold on a busy machine; every callback is counted. Python is `$PAR_PYTHON`, or
//! `python3`; uvloop is measured where it can be imported.

use std::cell::Cell;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use par_async::{EventLoop, LoopError};
use par_core::testing::{Contender, Paired};

/// Schedules all at once, and runs them in one turn.
fn batch(events: &EventLoop, calls: u64) {
    let count = Rc::new(Cell::new(0));
    for _ in 0..calls {
        let count = Rc::clone(&count);
        events.call_soon(move |_| count.set(count.get() + 1)).expect("it is open");
    }
    events.call_soon(EventLoop::stop).expect("it is open");
    events.run_forever().expect("it runs");
    assert_eq!(count.get(), calls);
}

/// Each schedules the next one: a turn each.
fn chain(events: &EventLoop, calls: u64) {
    fn next(events: &EventLoop, left: Rc<Cell<u64>>) -> Result<(), LoopError> {
        left.set(left.get() - 1);
        if left.get() == 0 {
            events.stop();
            return Ok(());
        }
        events.call_soon(move |events| next(events, left)).map(drop)
    }
    let left = Rc::new(Cell::new(calls));
    let first = Rc::clone(&left);
    events.call_soon(move |events| next(events, first)).expect("it is open");
    events.run_forever().expect("it runs");
    assert_eq!(left.get(), 0);
}

/// Timers within the next 50 ms, in no order.
fn delay(number: u64) -> Duration {
    Duration::from_micros((number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 50_000)
}

fn timers(events: &EventLoop, count: u64) {
    let left = Rc::new(Cell::new(count));
    for number in 0..count {
        let left = Rc::clone(&left);
        let fired = move |events: &EventLoop| {
            left.set(left.get() - 1);
            if left.get() == 0 {
                events.stop();
            }
        };
        events.call_later(delay(number), fired).expect("it is open");
    }
    events.run_forever().expect("it runs");
    assert_eq!(left.get(), 0);
}

fn tokio_timers(runtime: &tokio::runtime::Runtime, count: u64) {
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..count {
            tasks.spawn(tokio::time::sleep(delay(number)));
        }
        assert_eq!(tasks.join_all().await.len() as u64, count);
    });
}

/// The same in Python; prints seconds and, for timers, processor seconds.
const SCRIPT: &str = r"
import asyncio, sys, time
what, n, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if kind == 'uvloop':
    import uvloop
    loop = uvloop.new_event_loop()
else:
    loop = asyncio.new_event_loop()
count = 0
def one():
    global count
    count += 1
def chained():
    global count
    count += 1
    if count == n: loop.stop()
    else: loop.call_soon(chained)
def fired():
    global count
    count += 1
    if count == n: loop.stop()
begun, cpu = time.perf_counter(), time.process_time()
if what == 'batch':
    for _ in range(n): loop.call_soon(one)
    loop.call_soon(loop.stop)
elif what == 'chain':
    loop.call_soon(chained)
else:
    for i in range(n):
        loop.call_later((((i * 0x9E3779B97F4A7C15) & (2**64 - 1)) >> 32) % 50000 / 1e6, fired)
loop.run_forever()
assert count == n
print(time.perf_counter() - begun, time.process_time() - cpu)
";

/// Seconds and processor seconds, the least of three runs; `None`: Python or the loop is missing.
fn python(what: &str, count: u64, kind: &str) -> Option<(f64, f64)> {
    let program = std::env::var("PAR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..3 {
        let arguments = ["-c", SCRIPT, what, &count.to_string(), kind];
        let output = Command::new(&program).args(arguments).stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (wall, cpu) = text.trim().split_once(' ')?;
        let run: (f64, f64) = (wall.parse().ok()?, cpu.parse().ok()?);
        best = Some(best.map_or(run, |best| (best.0.min(run.0), best.1.min(run.1))));
    }
    best
}

fn rates(what: &str, count: u64, ours: Duration) {
    let ours = count as f64 / ours.as_secs_f64();
    for kind in ["asyncio", "uvloop"] {
        match python(what, count, kind) {
            Some((wall, _)) => {
                let theirs = count as f64 / wall;
                let times = ours / theirs;
                println!(
                    "  EventLoop {ours:10.0} calls/s   {kind} {theirs:9.0} calls/s   {times:5.1} × as many"
                );
            }
            None => println!("  {kind} is missing: set PAR_PYTHON to a Python that has it"),
        }
    }
}

/// The processor time of this process so far, where the system tells it.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    stat.split(' ').next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, calls, count) = if quick { (1, 1_000, 100) } else { (11, 1_000_000, 100_000) };
    let events = EventLoop::new().expect("a loop");
    println!("{calls} callbacks");
    let contenders: Vec<Contender<'_>> = vec![
        ("all in one turn", Box::new(|| batch(&events, calls))),
        ("each schedules the next", Box::new(|| chain(&events, calls))),
    ];
    let paired = Paired::measure(rounds, contenders);
    println!("{paired}");
    if !quick {
        println!("all in one turn");
        rates("batch", calls, paired.median(0));
        println!("each schedules the next");
        rates("chain", calls, paired.median(1));
    }
    println!("{count} timers within 50 ms");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let contenders: Vec<Contender<'_>> = vec![
        ("tokio::time::sleep, spawned", Box::new(|| tokio_timers(&runtime, count))),
        ("EventLoop::call_later", Box::new(|| timers(&events, count))),
    ];
    let paired = Paired::measure(rounds, contenders);
    println!("{paired}");
    println!("  EventLoop takes {:.2} × tokio's time", paired.ratio(1, 0));
    if quick {
        return;
    }
    let begun = (Instant::now(), processor_time());
    timers(&events, count);
    let (wall, cpu) =
        (begun.0.elapsed().as_secs_f64(), processor_time().zip(begun.1).map(|(now, then)| now - then));
    println!("  EventLoop  {wall:.3} s, {:.3} s of a processor", cpu.unwrap_or(f64::NAN));
    for kind in ["asyncio", "uvloop"] {
        match python("timers", count, kind) {
            Some((wall, theirs)) => println!(
                "  {kind:9}  {wall:.3} s, {theirs:.3} s of a processor, {:.1} × ours",
                theirs / cpu.unwrap_or(f64::NAN)
            ),
            None => println!("  {kind} is missing: set PAR_PYTHON to a Python that has it"),
        }
    }
}
