//! Signals that this process sends itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use par_async::{Command, Signal, SignalError, Signals, TaskGroup, on_signal, signals, sleep, timeout};

use super::live;

/// Sends this process a signal from outside, and waits until that is done.
async fn send(name: &str) {
    let kill = format!("kill -{name} {}", std::process::id());
    Command::new("sh").args(["-c", &kill]).communicate("").await.expect("there is a shell");
}

async fn next(signals: &mut Signals) -> Signal {
    timeout(Duration::from_secs(10), signals.next()).await.expect("it comes")
}

#[test]
fn signals_come_to_everybody_who_listens() {
    live("signals", async {
        let both = [Signal::HANGUP, Signal::WINDOW_CHANGE];
        let (mut one, mut other) = (signals(&both).expect("allowed"), signals(&both[..1]).expect("allowed"));
        send("HUP").await;
        assert_eq!((next(&mut one).await, next(&mut other).await), (Signal::HANGUP, Signal::HANGUP));
        timeout(Duration::from_millis(1), other.next()).await.expect_err("a dropped wait takes nothing");
        send("WINCH").await;
        send("HUP").await;
        let mut seen = [next(&mut one).await, next(&mut one).await];
        seen.sort_by_key(|signal| signal.as_raw());
        assert_eq!(seen, both);
        assert_eq!(next(&mut other).await, Signal::HANGUP);
    });
}

#[test]
fn a_callback_is_a_task_of_its_group() {
    live("a callback", async {
        let calls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        TaskGroup::<SignalError>::scope(|group| async move {
            let task = on_signal(&group, Signal::USER_2, move |signal| {
                assert_eq!(signal.to_string(), "SIGUSR2");
                counted.fetch_add(1, Ordering::SeqCst);
            })?;
            for call in 1..=3 {
                send("USR2").await;
                while calls.load(Ordering::SeqCst) < call {
                    sleep(Duration::from_millis(1)).await;
                }
            }
            task.cancel("enough");
            Ok(())
        })
        .await
        .expect("no failure");

        let error = TaskGroup::<SignalError>::scope(|group| async move {
            on_signal(&group, Signal::USER_2, |_| panic!("in a callback"))?;
            send("USR2").await;
            Ok(())
        })
        .await
        .expect_err("a panic is a failure");
        assert!(error.to_string().contains("in a callback"), "{error}");
    });
}

#[test]
fn what_cannot_be_handled_is_refused() {
    live("refusals", async {
        for signal in [Signal::KILL, Signal::from_raw(-1)] {
            let error = signals(&[signal]).expect_err("it cannot be handled");
            assert!(error.to_string().contains("cannot be handled"), "{error}");
        }
        assert_eq!(Signal::KILL.to_string(), "SIGKILL");
    });
}
