//! Bytes from elsewhere: truncated, random, forged.

use bytes::Bytes;
use par_core::plumbing::{Job, Ran};
use par_core::{Executor, ExecutorExt, LoopbackExecutor, Registry, TaskError, task};
use proptest::prelude::*;

#[task]
fn concatenated(parts: Vec<String>) -> String {
    parts.concat()
}

/// An executor that does with a job what the test says.
struct Hand(fn(Box<dyn Job>) -> Vec<u8>, std::sync::Mutex<Vec<u8>>);

impl Executor for Hand {
    fn name(&self) -> &'static str {
        "hand"
    }
    fn workers(&self) -> std::num::NonZeroUsize {
        std::num::NonZeroUsize::MIN
    }
    fn metrics(&self) -> par_core::Snapshot {
        par_core::Snapshot::default()
    }
    fn capabilities(&self) -> par_core::Capabilities {
        LoopbackExecutor::new().capabilities()
    }
    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), par_core::SubmitError> {
        *self.1.lock().expect("not poisoned") = (self.0)(job);
        Ok(())
    }
    fn shutdown(&self, _: par_core::Shutdown) -> Result<(), par_core::ShutdownTimedOut> {
        Ok(())
    }
}

/// A real call, as it would be sent.
fn call(parts: &[String]) -> Bytes {
    let tap = |job: Box<dyn Job>| {
        let mut buffer = vec![0; job.encoded_size().expect("it can be serialised")];
        let size = job.encode(1, &mut buffer).expect("it fits");
        assert_eq!(size, buffer.len(), "the size that was promised");
        buffer
    };
    let tap = Hand(tap, std::sync::Mutex::default());
    drop(tap.submit(concatenated::new(parts.to_vec())));
    tap.1.into_inner().expect("not poisoned").into()
}

fn registry() -> Registry {
    Registry::new().task::<concatenated>().expect("one task")
}

/// Whatever the bytes, the worker answers and the answer can be read.
fn answer(bytes: &Bytes) -> Result<(), TaskError> {
    let mut reply = registry().accept(bytes)?.run();
    let mut buffer = vec![0; reply.encoded_size()];
    reply.encode(&mut buffer).map(|_| ())
}

#[test]
fn a_whole_call_runs() {
    assert_eq!(answer(&call(&["a".into(), "b".into()])), Ok(()));
}

#[test]
fn a_task_that_is_skipped_says_so() {
    assert!(Ran::SKIPPED.ok.is_none());
}

#[test]
fn a_reply_with_impossible_times_is_still_read() {
    let forge = |job: Box<dyn Job>| {
        assert!(job.begin());
        // Version, status, eight phases, and the empty string.
        let reply = [&[1, 0][..], &[0xff; 64], &[0]].concat();
        job.complete(0, &reply.into());
        Vec::new()
    };
    let handle = Hand(forge, std::sync::Mutex::default()).submit(concatenated::new(Vec::new()));
    assert_eq!(handle.expect("it takes everything").wait(), Ok(String::new()));
}

/// Panics where others fail.
#[derive(Debug, Clone, PartialEq)]
struct Rude;

impl serde::Serialize for Rude {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("a serialiser that panics: expected here")
    }
}

impl<'de> serde::Deserialize<'de> for Rude {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[task]
fn rude_input(_value: Rude) {}

#[task]
fn rude_output() -> Rude {
    Rude
}

#[test]
fn a_serialiser_that_panics_costs_only_its_own_task() {
    let executor = LoopbackExecutor::new();
    let input = executor.submit(rude_input::new(Rude)).expect("it takes everything").wait();
    assert!(matches!(&input, Err(TaskError::Panicked(_))), "{input:?}");
    let output = executor.submit(rude_output::new()).expect("it takes everything").wait();
    assert!(matches!(&output, Err(TaskError::Panicked(_))), "{output:?}");
    executor.shutdown(par_core::Shutdown::drain()).expect("nothing runs");
}

proptest! {
    #[test]
    fn truncated_calls_are_errors(parts in prop::collection::vec(".{0,20}", 0..5), cut in 0.0_f64..1.0) {
        let whole = call(&parts);
        let length = (whole.len() as f64 * cut) as usize;
        let reply = registry().accept(&whole.slice(..length)).map(|invocation| invocation.run().is_ok());
        prop_assert_ne!(reply, Ok(true), "{} of {} bytes were accepted", length, whole.len());
    }

    #[test]
    fn extended_calls_are_errors(parts in prop::collection::vec(".{0,20}", 0..5), more in prop::collection::vec(any::<u8>(), 1..20)) {
        let longer: Bytes = [&call(&parts)[..], &more].concat().into();
        let reply = registry().accept(&longer).map(|invocation| invocation.run().is_ok());
        prop_assert_ne!(reply, Ok(true), "{} bytes too many were accepted", more.len());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(answer(&bytes.into()));
    }

    #[test]
    fn flipped_bits_never_panic(parts in prop::collection::vec(".{0,20}", 0..5), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = call(&parts).to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        drop(answer(&bytes.into()));
    }
}
