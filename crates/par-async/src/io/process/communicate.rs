//! A conversation of one question and one answer.

use std::time::Duration;

use futures_util::future::try_join3;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Child, Command, Output};
use crate::io::{ProcessError, Stream, StreamError};

pub(super) async fn communicate(command: &Command, input: &[u8]) -> Result<Output, ProcessError> {
    let mut child = command.spawn()?;
    let Some(after) = command.timeout else {
        return talk(&mut child, input, command.limit).await;
    };
    match within(after, talk(&mut child, input, command.limit)).await {
        Some(output) => output,
        None => {
            let ended = child.stop().await?;
            Err(ProcessError::TimedOut { program: command.name(), after, ended })
        }
    }
}

async fn within<F: Future>(after: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(after, future).await.ok()
}

/// Reads to the ends of both pipes, and only then waits: as long as nobody has waited for it, its number is its own, and
/// whatever still holds the pipes can be ended with it.
async fn talk(child: &mut Child, input: &[u8], limit: usize) -> Result<Output, ProcessError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let said = try_join3(
        feed(child, stdin, input),
        collect(child, stdout, limit, "stdout"),
        collect(child, stderr, limit, "stderr"),
    );
    let ((), stdout, stderr) = said.await?;
    Ok(Output { exit: child.wait().await?, stdout, stderr })
}

/// Writes all of `input`, and closes the pipe.
async fn feed<T: AsyncWrite + Unpin>(
    child: &Child,
    stdin: Option<Stream<T>>,
    input: &[u8],
) -> Result<(), ProcessError> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    match stdin.write_all(input).await {
        // It has seen enough.
        Err(StreamError::Broken(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| broken(child, error)),
    }
}

async fn collect<T: AsyncRead + Unpin>(
    child: &Child,
    from: Option<Stream<T>>,
    limit: usize,
    pipe: &'static str,
) -> Result<Vec<u8>, ProcessError> {
    let Some(mut from) = from else { return Ok(Vec::new()) };
    match from.read_to_end(limit).await {
        Ok(bytes) => Ok(bytes.into()),
        // The caller drops the child, which kills it.
        Err(StreamError::TooLong { limit }) => {
            Err(ProcessError::TooMuchOutput { program: child.program().to_owned(), limit, pipe })
        }
        Err(error) => Err(broken(child, error)),
    }
}

fn broken(child: &Child, error: StreamError) -> ProcessError {
    child.broken(match error {
        StreamError::Broken(error) => error,
        other => std::io::Error::other(other),
    })
}
