//! What ranks do in the tests; every rank asserts what it sees.

#![expect(clippy::unwrap_used, reason = "in tests the panic message is the report")]
#![expect(clippy::float_cmp, reason = "what is moved, and small sums, are exact")]

mod collectives;
mod environment;
mod messages;
mod nonblocking;
mod reductions;
mod topology;
mod watched;
mod windows;
mod wrong;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use par_core::comm::Communicator;
use par_mpi::{Builder, MpiWorld};

type Outcome = Result<(), Box<dyn Error>>;

/// Messages of more bytes than this go the way of those beyond 2 GiB, in the roles that are about it.
const SMALL_LIMIT: usize = 100;

pub(crate) fn play(role: &str) -> ExitCode {
    let builder = MpiWorld::builder();
    if let Some(number) = role.strip_prefix("explained ") {
        return explained(number);
    }
    let short_wait = |builder: Builder| builder.wait_limit(Some(Duration::from_millis(500)));
    let (builder, play): (Builder, fn(&MpiWorld) -> Outcome) = match role {
        "suite" => (builder, suite),
        "point_to_point" => (builder, messages::point_to_point),
        "long_messages" => (builder.count_limit(SMALL_LIMIT), messages::long),
        "more_than_two_gibibytes" => (builder, messages::more_than_two_gibibytes),
        "requests" => (builder, messages::requests),
        "collectives" => (builder, collectives::blocks_of_one_length),
        "blocks" => (builder, collectives::blocks_of_many_lengths),
        "long_collectives" => (builder.count_limit(SMALL_LIMIT), collectives::long),
        "values" => (builder.count_limit(SMALL_LIMIT), collectives::values),
        "reductions" => (builder, reductions::as_in_every_world),
        "native_reductions" => (builder.native_reductions(true), reductions::native),
        "nonblocking" => (builder, nonblocking::all),
        "communicators" => (builder, topology::communicators),
        "grids" => (builder, topology::grids),
        "watched" => (builder, watched::all),
        "boards" => (builder, watched::boards),
        "windows" => (builder, windows::all),
        "counters_and_locks" => (builder, windows::sync),
        "environment" => (builder, environment::all),
        "agreed_failure" => (builder, wrong::agreed),
        "truncated" => (builder, wrong::truncated),
        "wrong_root" => (builder, wrong::root),
        "panics" => (builder, wrong::panics),
        "panics_outside_run" => (builder, wrong::panics_outside_run),
        "fails" => (builder, wrong::fails),
        "fails_outside_run" => (builder, wrong::fails_outside_run),
        "is_killed" => (builder, wrong::is_killed),
        "leaves_without_a_word" => (builder, wrong::leaves),
        "waits_for_ever" => (short_wait(builder), wrong::waits_for_ever),
        "head_to_head" => (short_wait(builder), wrong::head_to_head),
        _ => panic!("there is no role `{role}`"),
    };
    MpiWorld::main_with(builder, |world| {
        play(world)?;
        world.comm().barrier()?;
        if world.comm().rank() == 0 {
            println!("done: {role} on {}", world.comm().size());
        }
        Ok(())
    })
}

/// Every behaviour of a communicator.
fn suite(world: &MpiWorld) -> Outcome {
    Ok(world.run(&par_core::testing::comm::Suite::new())?.unless_broken()?)
}

/// A wrong program of par-core's collection, under checks.
fn explained(number: &str) -> ExitCode {
    let program =
        number.parse().ok().and_then(|number: usize| par_core::testing::Wrong::ALL.get(number).copied());
    let program = program.expect("the test names a program by its number");
    MpiWorld::main_with(MpiWorld::builder().checked(true), |world| Ok(world.run(&program)?))
}
