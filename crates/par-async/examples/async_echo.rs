//! An echo server and its clients (the cookbook's recipe on asynchronous I/O), with an orderly end.
//!
//! Every connection is a task of its own, which ends before the server does. One client is cut off in the middle of a line:
//! its handler fails, is reported, and hurts nobody else. Then the server closes: it accepts nobody any more, lets who is
//! at work finish, and resets the one client that does nothing.
//!
//! Run it: `cargo run -p par-async --example async_echo`
//!
//! Expected output:
//! ```text
//! 20 clients, 100 lines each, 2000 echoes
//! reported: connection 21 failed: the stream ended after 7 bytes of a line or message
//! closing: the slow one still got `slow answer`; 1 idle connection was reset
//! served: 23 accepted, 0 refused, 1 failed, 1 aborted
//! ```

use std::time::Duration;

use par_async::{Connection, ConnectionFailure, Server, ServerHandle, StreamError, TaskGroup, connect, run};
use tokio::sync::mpsc;

/// Echoes lines until the client ends; it has bounds on the length of a line, so no client can fill up the memory.
async fn echo(mut client: Connection) -> Result<(), StreamError> {
    while let Some(line) = client.read_line().await? {
        if line == "slow answer" {
            // At work until after the server has begun to close.
            client.closing().wait().await;
            client.write_all(format!("{line}\n").as_bytes()).await?;
            return Ok(());
        }
        client.write_all(format!("{line}\n").as_bytes()).await?;
    }
    Ok(())
}

async fn ask_lines(server: &ServerHandle, client: usize) -> Result<usize, StreamError> {
    let mut stream = connect(server.local_addr()).await?;
    for number in 0..100 {
        let line = format!("client {client}, line {number}");
        stream.write_all(format!("{line}\n").as_bytes()).await?;
        assert_eq!(stream.read_line().await?, Some(line));
    }
    Ok(100)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (reports, mut reported) = mpsc::channel(8);
    run(async move {
        let server = Server::bind("127.0.0.1:0").await?.on_failure(move |failure| {
            if let ConnectionFailure::Failed { number, error, .. } = failure {
                reports.try_send((number, error)).ok();
            }
        });
        let handle = server.handle();
        TaskGroup::<StreamError>::scope(|group| async move {
            let served = group.task("server").spawn(async move { Ok(server.serve(echo).await) });

            let asked: Vec<_> = (0..20)
                .map(|client| {
                    let handle = handle.clone();
                    group.spawn(async move { ask_lines(&handle, client).await })
                })
                .collect();
            let mut echoes = 0;
            for asked in asked {
                echoes += asked.await.unwrap_or(0);
            }
            println!("20 clients, 100 lines each, {echoes} echoes");
            assert_eq!(echoes, 2_000);

            let mut cut = connect(handle.local_addr()).await?;
            cut.write_all(b"half a ").await?;
            drop(cut);
            let (number, error) = reported.recv().await.expect("the server reports it");
            let text = error.to_string();
            println!("reported: connection {number} failed: {}", text.split(';').next().unwrap_or_default());
            assert!(matches!(error, StreamError::Truncated { came: 7, .. }) && number == 21);

            let mut slow = connect(handle.local_addr()).await?;
            let mut idle = connect(handle.local_addr()).await?;
            for client in [&mut slow, &mut idle] {
                client.write_all(b"hello\n").await?;
                assert_eq!(client.read_line().await?.as_deref(), Some("hello"));
            }
            slow.write_all(b"slow answer\n").await?;
            let reset = handle.close(Duration::from_millis(500)).await;
            let answer = slow.read_line().await?.unwrap_or_default();
            println!("closing: the slow one still got `{answer}`; {reset} idle connection was reset");
            assert_eq!((&*answer, reset), ("slow answer", 1));
            assert!(idle.read_line().await.is_err());

            let served = served.await.expect("it ends");
            println!(
                "served: {} accepted, {} refused, {} failed, {} aborted",
                served.accepted, served.refused, served.failed, served.aborted
            );
            assert_eq!((served.accepted, served.refused, served.failed, served.aborted), (23, 0, 1, 1));
            Ok(())
        })
        .await?;
        Ok(())
    })?
}
