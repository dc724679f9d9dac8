//! xtask as a program: run in small workspaces of its own, watched for exit codes, files and processes.

mod examples;
mod new;
mod refusals;
mod scratch;
