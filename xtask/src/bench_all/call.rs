//! One call of a bench program.

use std::process::Command;
use std::time::Duration;

use super::contract::{Line, parse};
use crate::error::Error;
use crate::group::{self, Output};

/// Runs a program to its end: the lines it printed, or why they are not to be believed.
///
/// # Errors
/// Ctrl-C.
pub(super) fn call(command: &mut Command, limit: Duration) -> Result<Result<Vec<Line>, String>, Error> {
    let ended = match group::run(command, limit, Output::Apart) {
        Ok(ended) => ended,
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let lines = ended.output.lines().filter(|line| !line.trim().is_empty()).map(parse);
    let lines: Vec<Result<Line, String>> = lines.collect();
    let said = lines.iter().flatten().find_map(|line| match line {
        Line::Failed { reason } => Some(reason.clone()),
        _ => None,
    });
    // What the program says of itself is worth more than how it ended.
    Ok(match said.or_else(|| ended.failure()) {
        Some(reason) => Err(reason),
        None => lines.into_iter().collect(),
    })
}
