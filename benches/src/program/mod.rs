//! The bench program of a paradigm; its contract is in `benches/README.md`.

mod executors;
mod launch;
mod lines;
mod list;
mod metg;
mod ranks;
mod run;
mod session;
mod usage;
mod watchdog;

pub use executors::{ExecutorSpec, Launch, Runs, Start, StartError, StartRunner};

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use crate::catalogue::catalogue;
use crate::spmd::spmd_catalogue;
use session::{Ended, Session};
use usage::{Command, Parsed};

/// All answers were right.
const VERIFIED: u8 = 0;
/// A run failed or an answer was wrong.
const FAILED: u8 = 1;
/// The command line says nothing that can be done.
const BAD_USAGE: u8 = 2;

/// How much longer than rank 0 the other ranks wait for the end of what hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The whole program of a paradigm: reads the command line, prints JSON lines, and says how it went.
///
/// # Examples
/// ```no_run
/// use std::process::ExitCode;
/// use par_benches::program::{self, ExecutorSpec};
/// use par_core::SerialExecutor;
///
/// fn main() -> ExitCode {
///     program::main("example", &[ExecutorSpec::present("mine", |_| Ok(Box::new(SerialExecutor::new())))])
/// }
/// ```
pub fn main(paradigm: &str, executors: &[ExecutorSpec]) -> ExitCode {
    // Not locked for long: a watchdog may have to print, too.
    let code = run(paradigm, executors, std::env::args_os(), &mut std::io::stdout(), &mut std::io::stderr());
    ExitCode::from(code)
}

/// [`main`] with a command line (the program's name first) and outputs of the caller's choice, for tests; returns the
/// exit code. A run that hangs still ends the whole process.
pub fn run(
    paradigm: &str,
    executors: &[ExecutorSpec],
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    complaints: &mut dyn Write,
) -> u8 {
    run_patiently(paradigm, executors, arguments, Duration::ZERO, out, complaints)
}

/// As [`main`], for one rank of many that all run this program; returns the exit code.
///
/// Only rank 0 may print to standard output, and only it is watched closely: another waits a little longer for the end of
/// what hangs, so that rank 0 can say it first.
pub fn run_rank(paradigm: &str, executors: &[ExecutorSpec], rank: usize) -> u8 {
    let patience = if rank == 0 { Duration::ZERO } else { PATIENCE };
    let (out, complaints) = (&mut std::io::stdout(), &mut std::io::stderr());
    run_patiently(paradigm, executors, std::env::args_os(), patience, out, complaints)
}

fn run_patiently(
    paradigm: &str,
    executors: &[ExecutorSpec],
    arguments: impl IntoIterator<Item = OsString>,
    patience: Duration,
    out: &mut dyn Write,
    complaints: &mut dyn Write,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = match usage::parse(arguments.clone()) {
        Parsed::Command(command) => command,
        Parsed::Help(text) => {
            let _ = out.write_all(text.as_bytes());
            return VERIFIED;
        }
        Parsed::Wrong(line) => {
            let _ = writeln!(complaints, "{line}");
            return BAD_USAGE;
        }
    };
    let workloads = match catalogue() {
        Ok(workloads) => workloads,
        Err(error) => {
            let _ = writeln!(complaints, "{error}");
            return FAILED;
        }
    };
    let spmd = spmd_catalogue();
    let mut session = Session {
        paradigm,
        executors,
        workloads: &workloads,
        spmd: &spmd,
        command_line: arguments.get(1..).unwrap_or_default(),
        patience,
        out,
    };
    let ended = match command {
        Command::List => session.list(),
        Command::Run(arguments) => session.run(&arguments),
        Command::Metg(arguments) => session.metg(&arguments),
        Command::Peak => session.peak(),
    };
    match ended {
        Ok(()) => VERIFIED,
        Err(Ended::Failed) => FAILED,
        Err(Ended::BadUsage(line)) => {
            let _ = writeln!(complaints, "{line}");
            BAD_USAGE
        }
        Err(Ended::Output(error)) => {
            let _ = writeln!(complaints, "the output could not be written: {error}");
            FAILED
        }
    }
}
