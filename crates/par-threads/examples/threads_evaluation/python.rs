//! The same recipe in python3.

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::recipe::{FIBONACCI, HEADER, Measured};

const LIMIT: Duration = Duration::from_mins(3);
/// It is slower, and its medians need not be as good.
const ROUNDS: usize = 3;
const PROGRAM: &str = include_str!("recipe.py");

/// The table of python3; `None`: there is no python3.
pub(crate) fn run(
    file: &Path,
    address: SocketAddr,
    counts: &[usize],
) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let mut command = Command::new("python3");
    command.args(["-c", PROGRAM]).arg(file).arg(format!("http://{address}/"));
    command.args([FIBONACCI.0.to_string(), FIBONACCI.1.to_string(), ROUNDS.to_string()]);
    command.args(counts.iter().map(ToString::to_string));
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // The table is short, so it fits into the pipe.
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Err(format!("python3 was not done after {LIMIT:?}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut output = String::new();
    child.stdout.take().ok_or("its output is piped")?.read_to_string(&mut output)?;
    if !status.success() {
        return Err(format!("python3 ended with {status}").into());
    }
    table(&output).map(Some)
}

/// Its first line names the interpreter, each other one is a row: what, n, and two times in nanoseconds.
fn table(output: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut lines = output.lines();
    let interpreter = lines.next().ok_or("python3 printed nothing")?;
    let mut table = vec![format!("the same in {interpreter}; medians of {ROUNDS} rounds"), HEADER.to_owned()];
    for line in lines {
        let [what, count, one, threads] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("python3 printed a strange line: {line}").into());
        };
        let [one, threads] = [one.parse()?, threads.parse()?].map(Duration::from_nanos);
        table.push(Measured { one, threads }.row(what, count.parse()?));
    }
    Ok(table.join("\n"))
}
