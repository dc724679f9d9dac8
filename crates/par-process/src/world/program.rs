//! The programs that a world can run: code never travels, names do.

use std::any::{TypeId, type_name};
use std::fmt;

use par_core::comm::{Checked, CommError, Spmd};

use super::ProcessComm;

/// What a rank knows of one program: its name, and how to run it from the bytes of its parameters.
///
/// [`program!`](crate::program) makes one.
#[derive(Clone, Copy)]
pub struct Program {
    name: &'static str,
    type_id: fn() -> TypeId,
    rust_type: fn() -> &'static str,
    run: RunEncoded,
}

/// Decodes the parameters, runs the program on this rank, and encodes what it yields.
type RunEncoded = fn(&[u8], &ProcessComm, bool) -> Result<Vec<u8>, CommError>;

impl Program {
    /// The entry of a program.
    pub const fn of<P: Spmd>() -> Self {
        Self { name: P::NAME, type_id: TypeId::of::<P>, rust_type: type_name::<P>, run: run_encoded::<P> }
    }

    /// Which Rust type it is.
    pub(super) fn rust_type(&self) -> &'static str {
        (self.rust_type)()
    }

    /// Runs it on this rank.
    pub(super) fn run(
        &self,
        parameters: &[u8],
        world: &ProcessComm,
        checked: bool,
    ) -> Result<Vec<u8>, CommError> {
        (self.run)(parameters, world, checked)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({})", self.name)
    }
}

/// Where [`program!`](crate::program) puts its entries, at link time.
#[par_core::plumbing::linkme::distributed_slice]
#[linkme(crate = par_core::plumbing::linkme)]
pub static PROGRAMS: [Program];

/// Registers an [`Spmd`](par_core::comm::Spmd) program with the ranks of every [`ProcessWorld`](crate::ProcessWorld).
///
/// A rank is this program started again, so it knows what was registered at link time and is told a name. The line may
/// stand in any crate that the program mentions, once for each type.
///
/// # Examples
/// ```
/// use par_core::comm::{CommError, Communicator, Spmd};
///
/// #[derive(Debug, serde::Serialize, serde::Deserialize)]
/// struct Hello;
///
/// impl Spmd for Hello {
///     const NAME: &'static str = "hello";
///     type Output = String;
///     fn run<C: Communicator>(&self, world: &C) -> Result<String, CommError> {
///         Ok(format!("rank {} of {}", world.rank(), world.size()))
///     }
/// }
///
/// par_process::program!(Hello);
/// ```
#[macro_export]
macro_rules! program {
    ($program:ty) => {
        const _: () = {
            #[$crate::plumbing::linkme::distributed_slice($crate::plumbing::PROGRAMS)]
            #[linkme(crate = $crate::plumbing::linkme)]
            static PROGRAM: $crate::plumbing::Program = $crate::plumbing::Program::of::<$program>();
        };
    };
}

/// Passes when no two programs have one name.
pub(super) fn check_names(programs: &[Program]) -> Result<(), String> {
    let mut sorted: Vec<&Program> = programs.iter().collect();
    sorted.sort_by_key(|program| (program.name, program.rust_type()));
    for pair in sorted.windows(2) {
        if pair[0].name == pair[1].name {
            let (first, second) = (pair[0].rust_type(), pair[1].rust_type());
            return Err(if first == second {
                format!(
                    "the program `{}` is registered twice: remove one par_process::program!",
                    pair[0].name
                )
            } else {
                format!(
                    "two programs are called `{}`, {first} and {second}: rename one by its `NAME`",
                    pair[0].name
                )
            });
        }
    }
    Ok(())
}

/// The entry of `P`, or what its user has to write.
pub(super) fn find<P: Spmd>(programs: &[Program]) -> Result<&Program, String> {
    let line = format!("`par_process::program!({});`", type_name::<P>());
    match programs.iter().find(|program| program.name == P::NAME) {
        Some(program) if (program.type_id)() == TypeId::of::<P>() => Ok(program),
        Some(other) => Err(format!(
            "the program that is registered as `{}` is {}, not {}: give one another `NAME`, and register it by {line}",
            P::NAME,
            other.rust_type(),
            type_name::<P>()
        )),
        None if programs.is_empty() => Err(format!(
            "no program at all is registered, so not `{}`: write {line} beside it; where the line is there, the linker \
             has dropped its crate, which must be mentioned: write `use the_crate_with_the_programs as _;`",
            P::NAME
        )),
        None => {
            let mut names: Vec<&str> = programs.iter().map(|program| program.name).collect();
            names.sort_unstable();
            Err(format!(
                "the program `{}` is not registered (known: {}): write {line} beside it",
                P::NAME,
                names.join(", ")
            ))
        }
    }
}

/// The entry of that name, in a rank.
pub(super) fn named<'a>(programs: &'a [Program], name: &str, rust_type: &str) -> Option<&'a Program> {
    programs.iter().find(|program| program.name == name && program.rust_type() == rust_type)
}

fn run_encoded<P: Spmd>(parameters: &[u8], world: &ProcessComm, checked: bool) -> Result<Vec<u8>, CommError> {
    let program: P = postcard::from_bytes(parameters).map_err(|error| {
        CommError::Codec(format!("the parameters of `{}` cannot be decoded in the rank: {error}", P::NAME))
    })?;
    let output = if checked { Checked::run(&program, world)? } else { program.run(world)? };
    // What buffered sends left goes out before this rank's end.
    world.finish()?;
    postcard::to_allocvec(&output)
        .map_err(|error| CommError::Codec(format!("what `{}` yields cannot be encoded: {error}", P::NAME)))
}

#[cfg(test)]
mod tests {
    use par_core::comm::Communicator;
    use serde::{Deserialize, Serialize};

    use super::*;

    macro_rules! called {
        ($program:ident, $name:literal) => {
            #[derive(Debug, Serialize, Deserialize)]
            struct $program;

            impl Spmd for $program {
                const NAME: &'static str = $name;
                type Output = ();

                fn run<C: Communicator>(&self, _: &C) -> Result<(), CommError> {
                    Ok(())
                }
            }
        };
    }
    called!(One, "one");
    called!(Two, "two");
    called!(OtherOne, "one");

    #[test]
    fn names_are_unique() {
        let (one, two, other) = (Program::of::<One>(), Program::of::<Two>(), Program::of::<OtherOne>());
        assert_eq!(check_names(&[one, two]), Ok(()));
        let clash = check_names(&[one, two, other]).expect_err("two are called one");
        assert!(clash.contains("OtherOne") && clash.contains("rename one"), "{clash}");
        let twice = check_names(&[two, two]).expect_err("it is there twice");
        assert!(twice.contains("registered twice"), "{twice}");
    }

    #[test]
    fn a_program_that_is_missing_is_named_with_its_line() {
        let nothing = find::<One>(&[]).expect_err("there is none");
        assert!(nothing.contains("no program at all") && nothing.contains("program!("), "{nothing}");
        let others = find::<One>(&[Program::of::<Two>()]).expect_err("it is another");
        assert!(others.contains("known: two"), "{others}");
        let foreign = find::<One>(&[Program::of::<OtherOne>()]).expect_err("it is of another type");
        assert!(foreign.contains("OtherOne"), "{foreign}");
        assert!(find::<One>(&[Program::of::<Two>(), Program::of::<One>()]).is_ok());
    }
}
