//! How to call a function later, and how to change one's mind: timers, whose `cancel` says whether it came in time.
//!
//! Run it: `cargo run --release -p par-threads --example threads_timer`
//!
//! Expected output:
//! ```text
//! the tea is ready
//! the alarm was switched off before it rang
//! too late to cancel the tea: it was drunk
//! one token took back 3 reminders
//! ```

use std::time::{Duration, Instant};

use par_core::Cancellation;
use par_threads::Timer;
use par_threads::thread::Builder;

const HOUR: Duration = Duration::from_hours(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (begun, brewing) = (Instant::now(), Duration::from_millis(100));
    let tea = Timer::after(brewing, || "the tea is ready")?;
    let alarm = Timer::after(HOUR, || "the alarm rang")?;

    while !tea.is_finished() {
        std::thread::yield_now();
    }
    assert!(begun.elapsed() >= brewing);
    let drunk = !tea.cancel();
    let said = tea.join()?.ok_or("nobody cancelled it in time")?;
    println!("{said}");

    assert!(alarm.cancel());
    assert_eq!(alarm.join()?, None, "it will never ring");
    println!("the alarm was switched off before it rang");

    assert!(drunk);
    println!("too late to cancel the tea: it was drunk");

    let plans = Cancellation::new();
    let settings = Builder::new().name("reminder").daemon(true).cancellation(&plans);
    let remind = |_| Timer::after_on(settings.clone(), HOUR, || "do it now");
    let reminders = (0..3).map(remind).collect::<Result<Vec<_>, _>>()?;
    plans.cancel();
    let mut taken_back = 0;
    for reminder in reminders {
        taken_back += usize::from(reminder.join()?.is_none());
    }
    assert_eq!(taken_back, 3);
    println!("one token took back {taken_back} reminders");
    Ok(())
}
