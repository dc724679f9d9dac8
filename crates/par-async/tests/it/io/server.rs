//! A server, and clients of all kinds.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use par_async::testing;
use par_async::{
    Connection, ConnectionFailure, Served, Server, ServerHandle, StreamError, TaskGroup, TaskHandle, connect,
    shield, sleep, timeout,
};
use parking_lot::Mutex;

use super::live;

type Failures = Arc<Mutex<Vec<String>>>;

/// Echoes lines; `panic` and `fail` do as they say.
async fn echo(mut client: Connection) -> Result<(), StreamError> {
    while let Some(line) = client.read_line().await? {
        assert_ne!(line, "panic");
        if line == "fail" {
            return Err(std::io::Error::other("as asked").into());
        }
        client.write_all(format!("{line}\n").as_bytes()).await?;
    }
    Ok(())
}

/// Serves `handler` while `clients` runs, then checks that nothing is left.
async fn serving<H, F, C, T>(
    limit: usize,
    handler: H,
    clients: impl FnOnce(ServerHandle) -> C,
) -> (T, Served, Vec<String>)
where
    H: Fn(Connection) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), StreamError>> + Send + 'static,
    C: Future<Output = T>,
{
    let failures = Failures::default();
    let report = Arc::clone(&failures);
    let server = Server::bind("127.0.0.1:0").await.expect("a port");
    let server = server.limit(NonZeroUsize::new(limit).expect("not zero"));
    let server = server
        .on_failure(move |failure: ConnectionFailure<StreamError>| report.lock().push(failure.to_string()));
    let handle = server.handle();
    let (seen, served) = TaskGroup::<StreamError>::scope(|group| async move {
        let served: TaskHandle<Served> =
            group.task("server").spawn(async move { Ok(server.serve(handler).await) });
        let seen = clients(handle.clone()).await;
        handle.close(Duration::from_secs(10)).await;
        assert_eq!(handle.connections(), 0);
        // A program that another test starts at this moment has the socket, too, until its `exec`.
        while connect(handle.local_addr()).await.is_ok() {
            sleep(Duration::from_millis(1)).await;
        }
        Ok((seen, served.await.expect("it ends")))
    })
    .await
    .expect("no failure");
    let failures = failures.lock().clone();
    (seen, served, failures)
}

async fn ask(client: &mut par_async::Stream, line: &str) -> Result<Option<String>, StreamError> {
    client.write_all(format!("{line}\n").as_bytes()).await?;
    client.read_line().await
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = timeout(Duration::from_secs(10), async {
        while !holds() {
            sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap_or_else(|late| panic!("{what}: {late}"));
}

#[test]
fn a_broken_client_is_reported_and_hurts_nobody_else() {
    live("broken clients", async {
        let ((), served, mut failures) = serving(64, echo, async |handle| {
            let mut good = connect(handle.local_addr()).await.expect("it listens");
            assert_eq!(ask(&mut good, "one").await.expect("it answers").as_deref(), Some("one"));

            for command in ["panic", "fail"] {
                let mut bad = connect(handle.local_addr()).await.expect("it listens");
                assert!(!matches!(ask(&mut bad, command).await, Ok(Some(_))), "{command} has no answer");
            }
            let mut reset = connect(handle.local_addr()).await.expect("it listens");
            ask(&mut reset, "hello").await.expect("it answers");
            reset.write_all(b"half a li").await.expect("it reads");
            reset.get_ref().set_zero_linger().expect("a socket");
            drop(reset);

            let mut cut = connect(handle.local_addr()).await.expect("it listens");
            cut.write_all(b"half a line").await.expect("it reads");
            cut.finish().await.expect("it reads");
            assert_eq!(cut.read_line().await.expect("it ends"), None);

            let mut long = connect(handle.local_addr()).await.expect("it listens");
            long.write_all(&vec![b'x'; 100_000]).await.ok();
            assert!(!matches!(long.read_line().await, Ok(Some(_))), "no answer");

            until("only one is left", || handle.connections() == 1).await;
            assert_eq!(ask(&mut good, "two").await.expect("it answers").as_deref(), Some("two"));
        })
        .await;
        assert_eq!(served, Served { accepted: 6, failed: 5, ..Served::default() });
        failures.sort();
        let said = [
            "panicked: ",
            "failed: the stream broke: as asked",
            "failed: the stream broke: ",
            "after 11 bytes",
            "longer than 65536",
        ];
        for (number, (failure, said)) in failures.iter().zip(said).enumerate() {
            assert!(failure.starts_with(&format!("connection {} (127.0.0.1:", number + 2)), "{failure}");
            assert!(failure.contains(said), "{failure}");
        }
    });
}

#[test]
fn a_half_open_client_is_answered() {
    live("a half-open client", async {
        let all = async |mut client: Connection| {
            let question = client.read_to_end(1_000).await?;
            client.write_all(&question).await
        };
        let (answer, served, failures) = serving(4, all, async |handle| {
            let (mut from, mut to) = connect(handle.local_addr()).await.expect("it listens").into_halves();
            to.write_all(b"question").await.expect("it reads");
            drop(to);
            from.read_to_end(1_000).await.expect("it answers")
        })
        .await;
        assert_eq!((&answer[..], served.failed, failures.len()), (&b"question"[..], 0, 0));
    });
}

/// More than the buffers of the operating system hold.
const PIECES: usize = 1_000;

#[test]
fn a_slow_reader_holds_only_its_own_handler_up() {
    live("a slow reader", async {
        let written = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&written);
        let flood = move |mut client: Connection| {
            let counted = Arc::clone(&counted);
            async move {
                for _ in 0..PIECES {
                    client.write_all(&vec![7; 64 * 1024]).await?;
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            }
        };
        let (came, ..) = serving(4, flood, async |handle| {
            let mut slow = connect(handle.local_addr()).await.expect("it listens");
            let (mut before, mut same) = (0, 0);
            // Until it stands still.
            while same < 20 {
                sleep(Duration::from_millis(5)).await;
                let now = written.load(Ordering::SeqCst);
                same = if now == before && now > 0 { same + 1 } else { 0 };
                before = now;
            }
            assert!(before < PIECES, "64 MB went to somebody who reads nothing");
            let mut came = 0;
            let mut piece = vec![0; 1 << 20];
            while let read @ 1.. = slow.read(&mut piece).await.expect("no error") {
                came += read;
            }
            came
        })
        .await;
        assert_eq!((came, written.load(Ordering::SeqCst)), (PIECES * 64 * 1024, PIECES));
    });
}

#[test]
fn the_limit_keeps_clients_waiting() {
    live("a limit", async {
        let most = Arc::new(AtomicUsize::new(0));
        let now = Arc::new(AtomicUsize::new(0));
        let (counted, running) = (Arc::clone(&most), Arc::clone(&now));
        let counting = move |client: Connection| {
            let (counted, running) = (Arc::clone(&counted), Arc::clone(&running));
            async move {
                counted.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let echoed = echo(client).await;
                running.fetch_sub(1, Ordering::SeqCst);
                echoed
            }
        };
        let ((), served, _) = serving(3, counting, async |handle| {
            TaskGroup::<StreamError>::scope(|group| async move {
                for number in 0..20 {
                    let at = handle.local_addr();
                    group.spawn(async move {
                        let mut client = connect(at).await?;
                        let said = number.to_string();
                        assert_eq!(ask(&mut client, &said).await?, Some(said));
                        Ok(())
                    });
                }
                Ok(())
            })
            .await
            .expect("all are served in the end");
        })
        .await;
        assert_eq!((served.accepted, served.refused, most.load(Ordering::SeqCst)), (20, 0, 3));
    });
}

#[test]
fn a_refusing_server_turns_clients_away() {
    live("refusals", async {
        let server = Server::bind("127.0.0.1:0").await.expect("a port").limit(NonZeroUsize::MIN).refusing();
        let handle = server.handle();
        TaskGroup::<StreamError>::scope(|group| async move {
            let served = group.spawn(async move { Ok(server.serve(echo).await) });
            let mut first = connect(handle.local_addr()).await?;
            ask(&mut first, "in").await?;
            let mut second = connect(handle.local_addr()).await?;
            assert!(!matches!(ask(&mut second, "out").await, Ok(Some(_))), "it is turned away");
            assert_eq!(ask(&mut first, "still in").await?.as_deref(), Some("still in"));
            drop(first);
            assert_eq!(handle.close(Duration::from_secs(10)).await, 0);
            let served = served.await.expect("it ends");
            assert_eq!((served.accepted, served.refused), (1, 1));
            Ok(())
        })
        .await
        .expect("no failure");
    });
}

#[test]
fn a_graceful_close_lets_handlers_finish() {
    live("a graceful close", async {
        let slow = async |mut client: Connection| {
            let mut closing = client.closing();
            let line = client.read_line().await?.expect("a question");
            closing.wait().await;
            assert!(closing.is_closing());
            sleep(Duration::from_millis(50)).await;
            client.write_all(format!("{line}, late\n").as_bytes()).await
        };
        let ((), served, failures) = serving(8, slow, async |handle| {
            let mut clients = Vec::new();
            for _ in 0..4 {
                let mut client = connect(handle.local_addr()).await.expect("it listens");
                client.write_all(b"answer\n").await.expect("it reads");
                clients.push(client);
            }
            until("all are in", || handle.connections() == 4).await;
            assert_eq!(handle.close(Duration::from_secs(10)).await, 0, "nobody is aborted");
            for mut client in clients {
                assert_eq!(client.read_line().await.expect("whole").as_deref(), Some("answer, late"));
            }
        })
        .await;
        assert_eq!((served.accepted, served.aborted, failures), (4, 0, Vec::new()));
    });
}

#[test]
fn after_the_deadline_connections_are_reset() {
    live("a deadline", async {
        let ((), served, failures) = serving(8, echo, async |handle| {
            let mut clients = Vec::new();
            for _ in 0..4 {
                let mut client = connect(handle.local_addr()).await.expect("it listens");
                ask(&mut client, "hello").await.expect("it answers");
                clients.push(client);
            }
            // The second one brings the deadline forward; the first one, dropped, does not take its own back.
            drop(handle.close(Duration::from_hours(1)));
            let begun = Instant::now();
            assert_eq!(handle.close(Duration::from_millis(50)).await, 4);
            assert!((50..5_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
            for mut client in clients {
                let error = client.read_line().await.expect_err("reset, not ended");
                assert!(
                    matches!(&error, StreamError::Broken(error) if error.kind() == std::io::ErrorKind::ConnectionReset),
                    "{error}"
                );
            }
        })
        .await;
        // They were cancelled, which is no failure.
        assert_eq!((served.aborted, served.failed, failures), (4, 0, Vec::new()));
    });
}

#[test]
fn clients_can_be_closed_and_aborted_while_it_serves() {
    live("closed clients", async {
        let ((), served, failures) = serving(8, echo, async |handle| {
            let mut client = connect(handle.local_addr()).await.expect("it listens");
            ask(&mut client, "hello").await.expect("it answers");
            handle.close_clients();
            assert_eq!(client.read_line().await.expect("an orderly end"), None);
            until("it is gone", || handle.connections() == 0).await;

            let mut client = connect(handle.local_addr()).await.expect("it listens on");
            ask(&mut client, "hello").await.expect("it answers");
            assert_eq!(handle.abort_clients(), 1);
            client.read_line().await.expect_err("a reset");
            until("it is gone", || handle.connections() == 0).await;
            assert_eq!(handle.abort_clients(), 0);

            // The half that reads ends; the half that writes is told by nobody, and writes on.
            let mut client = connect(handle.local_addr()).await.expect("it listens on");
            assert_eq!(ask(&mut client, "again").await.expect("it answers").as_deref(), Some("again"));
        })
        .await;
        assert_eq!((served.accepted, served.aborted, served.failed, failures), (3, 1, 0, Vec::new()));
    });
}

#[test]
fn halves_are_closed_and_aborted_too() {
    live("halves", async {
        let halves = async |client: Connection| {
            let (mut from, mut to) = client.into_halves();
            TaskGroup::<StreamError>::scope(|group| async move {
                group.spawn(async move {
                    while from.read_line().await?.is_some() {}
                    Ok(())
                });
                to.write_all(b"welcome\n").await
            })
            .await
            .map_err(|error| std::io::Error::other(error).into())
        };
        let ((), served, failures) = serving(8, halves, async |handle| {
            for abort in [false, true] {
                let mut client = connect(handle.local_addr()).await.expect("it listens");
                assert_eq!(client.read_line().await.expect("it speaks").as_deref(), Some("welcome"));
                if abort {
                    assert_eq!(handle.abort_clients(), 1);
                } else {
                    handle.close_clients();
                }
                until("it is gone", || handle.connections() == 0).await;
            }
        })
        .await;
        assert_eq!((served.accepted, served.aborted, failures), (2, 1, Vec::new()));
    });
}

#[test]
fn nothing_outlives_a_cancelled_server() {
    live("a cancelled server", async {
        let server = Server::bind("127.0.0.1:0").await.expect("a port");
        let handle = server.handle();
        let finished = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&finished);
        let stubborn = move |mut client: Connection| {
            let counted = Arc::clone(&counted);
            async move {
                client.write_all(b"in\n").await?;
                shield(async {
                    sleep(Duration::from_millis(100)).await;
                    counted.fetch_add(1, Ordering::SeqCst);
                })
                .await;
                client.read_line().await.map(drop)
            }
        };
        let at = handle.local_addr();
        let clients = async {
            let mut clients = Vec::new();
            for _ in 0..3 {
                let mut client = connect(at).await.expect("it listens");
                client.read_line().await.expect("it speaks");
                clients.push(client);
            }
            clients
        };
        let serve = timeout(Duration::from_millis(50), server.serve(stubborn));
        let (clients, served) = futures_util::future::join(clients, serve).await;
        served.expect_err("it serves until it is ended");
        assert_eq!(finished.load(Ordering::SeqCst), 3, "the timeout has waited for what is shielded");
        assert_eq!(handle.connections(), 0);
        assert_eq!(handle.close(Duration::from_secs(10)).await, 0, "it is over already");
        for mut client in clients {
            assert!(!matches!(client.read_line().await, Ok(Some(_))), "the connection is over");
        }
    });
}

#[test]
fn a_server_may_be_cancelled_anywhere() {
    par_core::testing::within(Duration::from_mins(1), "a cancelled server", || {
        let polls = testing::cancel_everywhere(async |cancel| {
            let server = Server::bind("127.0.0.1:0").await.expect("a port");
            let handle = server.handle();
            let at = handle.local_addr();
            let client = tokio::spawn(async move {
                let mut client = connect(at).await?;
                ask(&mut client, "hello").await?;
                handle.close_clients();
                drop(handle.close(Duration::from_hours(1)));
                client.read_line().await.map(|end| assert_eq!(end, None))
            });
            let handle = server.handle();
            // Around it, so that this waits for what is left of it.
            let serve = cancel.run(server.serve(echo));
            let scope = TaskGroup::<StreamError>::scope(|_| async { Ok(serve.await) });
            let served = scope.await.expect("no failure");
            assert_eq!(handle.connections(), 0);
            // Answered, turned away or reset: in no case left hanging.
            drop(client.await.expect("no panic"));
            assert!(served.is_none_or(|served| served.accepted == 1));
        });
        assert!(polls >= 3, "{polls}");
    });
}

#[test]
fn a_server_that_never_serves_can_be_closed() {
    live("no server", async {
        let server = Server::<StreamError>::bind("127.0.0.1:0").await.expect("a port");
        let handle = server.handle();
        let closed = handle.close(Duration::from_hours(1));
        assert_eq!(server.serve(echo).await, Served::default(), "it was closed before");
        assert_eq!(closed.await, 0);
        let server = Server::<StreamError>::bind("127.0.0.1:0").await.expect("a port");
        let handle = server.handle();
        drop(server);
        assert_eq!(handle.close(Duration::from_hours(1)).await, 0);
    });
}

#[test]
fn connections_have_names() {
    live("names", async {
        serving(4, echo, async |handle| {
            let mut client = connect(handle.local_addr()).await.expect("it listens");
            ask(&mut client, "hello").await.expect("it answers");
            let own = client.get_ref().local_addr().expect("connected");
            let name = format!("`connection 1 ({own})`");
            until("it waits", || {
                let tree = par_async::tasks_snapshot().to_string();
                tree.contains(&name) && tree.contains("Server::accept (")
            })
            .await;
        })
        .await;
    });
}

#[test]
fn a_server_out_of_descriptors_goes_on_later() {
    if !super::is_child() {
        return live("descriptors", async {
            let name = "io::server::a_server_out_of_descriptors_goes_on_later";
            let limited = par_async::Command::new("sh")
                .args(["-c", r#"ulimit -n 64 && exec "$0" "$@""#])
                .arg(std::env::current_exe().expect("it runs"))
                .args([name, "--exact", "--nocapture"])
                .env("PAR_ROLE", "child");
            let output = limited.communicate("").await.expect("it passes");
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        });
    }
    live("descriptors", async {
        let (served_later, served, failures) = serving(1_000, echo, async |handle| {
            let mut held = Vec::new();
            while let Ok(file) = std::fs::File::open("/dev/null") {
                held.push(file);
            }
            // One is left: for the client, and none for the server.
            held.pop();
            let mut client = connect(handle.local_addr()).await.expect("one is left");
            let early = timeout(Duration::from_millis(300), ask(&mut client, "hello")).await;
            early.expect_err("it cannot be accepted");
            drop(held);
            client.read_line().await.expect("it answers late")
        })
        .await;
        assert_eq!((served_later.as_deref(), served.accepted, served.failed), (Some("hello"), 1, 0));
        // At 5, 10, 20, … milliseconds: it neither spins nor sleeps for long.
        assert!((3..12).contains(&failures.len()), "{failures:?}");
        assert!(failures[0].starts_with("a client could not be accepted: "), "{failures:?}");
    });
}

#[test]
fn fifty_servers_leave_no_descriptor() {
    if !super::is_child() {
        return live("rounds", async {
            let output = super::again("io::server::fifty_servers_leave_no_descriptor").communicate("").await;
            assert!(String::from_utf8_lossy(&output.expect("it passes").stdout).contains("1 passed"));
        });
    }
    live("rounds", async {
        let descriptors = || std::fs::read_dir("/proc/self/fd").expect("there is /proc").count();
        let round = async |round: usize| {
            let ((), served, _) = serving(4, echo, async |handle| {
                let mut clients = Vec::new();
                for _ in 0..3 {
                    let mut client = connect(handle.local_addr()).await.expect("it listens");
                    ask(&mut client, "hello").await.expect("it answers");
                    clients.push(client);
                }
                match round % 3 {
                    0 => handle.close_clients(),
                    1 => drop(handle.abort_clients()),
                    _ => drop(handle.close(Duration::from_millis(1)).await),
                }
            })
            .await;
            assert_eq!(served.accepted, 3);
        };
        round(0).await;
        let before = descriptors();
        for number in 0..50 {
            round(number).await;
        }
        assert_eq!(descriptors(), before);
        let tree = par_async::tasks_snapshot().to_string();
        assert!(!tree.contains("connection"), "{tree}");
    });
}
