//! xtask as a program: run in small workspaces of its own, watched for exit codes, files and processes.
#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

mod bench_all;
mod examples;
mod new;
mod process;
mod refusals;
mod scratch;
