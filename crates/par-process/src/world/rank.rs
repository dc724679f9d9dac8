//! The rank's side: what the program does when it was started as a rank.

use par_core::comm::CommError;
use par_core::plumbing::{catch_panic, record_panics};

use super::ProcessComm;
use super::brief::{Brief, Fault, MARK, Mark, open, write_outcome};
use super::life::State;
use super::memory::Memory;
use super::program::{PROGRAMS, named};
use super::transport::ProcessTransport;
use crate::spawn::{EXIT_NO_CHANNEL, EXIT_ORPHAN};
use crate::worker::end_with_parent;

/// In a process that a world started this never returns; in any other, at once.
pub(crate) fn join_if_marked() {
    let Some(mark) = std::env::var_os(MARK) else { return };
    crate::ffi::remove_mark(MARK);
    crate::ffi::close_inherited_channels();
    let Some(mark) = Mark::parse(&mark.to_string_lossy()) else { std::process::exit(EXIT_NO_CHANNEL) };
    if !end_with_parent(mark.parent) {
        std::process::exit(EXIT_ORPHAN);
    }
    live(&mark)
}

/// The whole life of a rank.
fn live(mark: &Mark) -> ! {
    let rank = mark.rank;
    let Ok(brief) = Brief::read(mark) else { std::process::exit(EXIT_NO_CHANNEL) };
    let memory = Memory::open(mark.parent, brief.memory, brief.ranks);
    let (Ok(memory), Ok(outcome_file)) = (memory, open(mark.parent, brief.outcomes[rank])) else {
        std::process::exit(EXIT_NO_CHANNEL)
    };
    let Some(program) = named(&PROGRAMS, &brief.name, &brief.rust_type) else {
        let fault = Fault::Failed(CommError::Unsupported(format!(
            "the program `{}` is not registered in the rank, though it is in the parent: are they one program?",
            brief.name
        )));
        // Without it the parent says less, no more.
        let _ = write_outcome(&outcome_file, &Err(fault));
        std::process::exit(1);
    };
    memory.set_joined(rank);
    memory.join();

    record_panics();
    let outcome = match catch_panic(|| {
        let world = ProcessComm::world(ProcessTransport::new(&memory, rank), brief.settings.engine());
        program.run(&brief.parameters, &world, brief.settings.checked)
    }) {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(Fault::Failed(error)),
        Err(panic) => Err(Fault::Panicked(panic)),
    };
    let (mut state, mut reason) = match &outcome {
        Ok(_) => (State::Finished, "it has finished".to_owned()),
        Err(Fault::Failed(error)) => (State::Failed, format!("it failed: {error}")),
        Err(Fault::Panicked(panic)) => (State::Failed, format!("it panicked: {panic}")),
    };
    if let Err(error) = write_outcome(&outcome_file, &outcome) {
        (state, reason) = (State::Lost, format!("its outcome could not be kept: {error}"));
    }
    memory.set_ended(rank, state, &reason);
    memory.wake_all();
    std::process::exit(i32::from(state != State::Finished))
}
