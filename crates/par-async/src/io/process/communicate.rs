//! A conversation of one question and one answer.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select, try_join3};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use super::{Command, Output};
use crate::io::{ProcessError, Stream, StreamError};

/// Reads to the ends of both pipes, and only then waits: as long as nobody has waited for it, its number is its own, and
/// whatever still holds the pipes can be ended with it.
pub(super) async fn communicate(command: &Command, input: &[u8]) -> Result<Output, ProcessError> {
    let deadline = command.timeout.and_then(|after| Some((Instant::now().checked_add(after)?, after)));
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let pipes = try_join3(
        feed(command, stdin, input),
        collect(command, stdout, "stdout"),
        collect(command, stderr, "stderr"),
    );
    let mut pipes = pin!(pipes.fuse());
    let talk = async {
        let ((), stdout, stderr) = pipes.as_mut().await?;
        Ok(Output { exit: child.wait().await?, stdout, stderr })
    };
    let talked = match deadline {
        None => Ok(talk.await),
        Some((deadline, after)) => timeout_at(deadline, talk).await.map_err(|_| after),
    };
    let after = match talked {
        Ok(Ok(output)) => return Ok(output),
        Ok(Err(error)) => {
            child.kill()?;
            child.wait().await?;
            return Err(error);
        }
        Err(after) => after,
    };
    // Its pipes are read on: its last words must not end it before it has put its affairs in order.
    let ended = match select(pin!(child.stop()), pipes).await {
        Either::Left((ended, _)) => ended?,
        Either::Right((_, stop)) => stop.await?,
    };
    Err(ProcessError::TimedOut { program: command.name(), after, ended })
}

/// Writes all of `input`, and closes the pipe.
async fn feed<T: AsyncWrite + Unpin>(
    command: &Command,
    stdin: Option<Stream<T>>,
    input: &[u8],
) -> Result<(), ProcessError> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    match stdin.write_all(input).await {
        // It has seen enough.
        Err(StreamError::Broken(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| broken(command, error)),
    }
}

async fn collect<T: AsyncRead + Unpin>(
    command: &Command,
    from: Option<Stream<T>>,
    pipe: &'static str,
) -> Result<Vec<u8>, ProcessError> {
    let Some(mut from) = from else { return Ok(Vec::new()) };
    match from.read_to_end(command.limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(StreamError::TooLong { limit }) => {
            Err(ProcessError::TooMuchOutput { program: command.name(), limit, pipe })
        }
        Err(error) => Err(broken(command, error)),
    }
}

fn broken(command: &Command, error: StreamError) -> ProcessError {
    let source = match error {
        StreamError::Broken(error) => error,
        other => std::io::Error::other(other),
    };
    ProcessError::Broken { program: command.name(), source }
}
