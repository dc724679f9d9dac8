//! Blocking messages and probes, as C sees them.

#![expect(unsafe_code, reason = "MPI is a library of C; the module above says what makes its calls sound")]

use std::ffi::c_int;

use mpi::ffi;
use par_core::comm::{CommError, SendMode, Source, Status, Tag, TagSelector};

use crate::native::base::{Comm, Extent, check, failure, is_truncation};

/// The number of a source.
#[inline]
pub(crate) fn source(from: Source) -> c_int {
    match from {
        Source::Rank(rank) => rank as c_int,
        // SAFETY: a constant of the library.
        Source::Any => unsafe { ffi::RSMPI_ANY_SOURCE },
    }
}

/// The number of a tag.
#[inline]
pub(crate) fn tag(tag: TagSelector) -> c_int {
    match tag {
        TagSelector::Tag(tag) => c_int::from(tag.0),
        // SAFETY: a constant of the library.
        TagSelector::Any => unsafe { ffi::RSMPI_ANY_TAG },
    }
}

#[inline]
pub(in crate::native) fn empty_status() -> ffi::MPI_Status {
    // SAFETY: a C structure of numbers, which zeroes are values of.
    unsafe { std::mem::zeroed() }
}

/// What a status says.
#[inline]
pub(in crate::native) fn status_of(status: &ffi::MPI_Status) -> Status {
    let mut bytes = 0;
    // SAFETY: a status that a call has filled, and a constant of the library.
    unsafe { ffi::MPI_Get_count(status, ffi::RSMPI_UINT8_T, &raw mut bytes) };
    let bytes = if bytes < 0 { long_count(status) } else { bytes as usize };
    Status { source: status.MPI_SOURCE as usize, tag: Tag(status.MPI_TAG as u16), bytes }
}

/// The length of a message that a count cannot say.
#[cold]
fn long_count(status: &ffi::MPI_Status) -> usize {
    let mut bytes = 0;
    // SAFETY: a status that a call has filled, and a constant of the library.
    unsafe { ffi::MPI_Get_elements_x(status, ffi::RSMPI_UINT8_T, &raw mut bytes) };
    usize::try_from(bytes).unwrap_or(0)
}

/// What a receive into `room` bytes has come to.
#[inline]
pub(in crate::native) fn received(
    call: &'static str,
    code: c_int,
    status: &ffi::MPI_Status,
    room: usize,
) -> Result<Status, CommError> {
    if code == ffi::MPI_SUCCESS as c_int {
        let status = status_of(status);
        // Some libraries return no error to those who have errors returned.
        return if status.bytes > room { Err(truncated(status, room)) } else { Ok(status) };
    }
    Err(receive_failure(call, code, status, room))
}

#[cold]
fn receive_failure(call: &'static str, code: c_int, status: &ffi::MPI_Status, room: usize) -> CommError {
    let failure = failure(call, code);
    if !is_truncation(code) {
        return failure;
    }
    let mut status = status_of(status);
    // Open MPI's status has the message's length, MPICH's none.
    status.bytes = status.bytes.max(room + 1);
    truncated(status, room)
}

fn truncated(status: Status, room: usize) -> CommError {
    CommError::Truncated { from: status.source, tag: status.tag.0, got: status.bytes, room }
}

/// Sends, and returns as `mode` says; buffered sends are not MPI's here.
#[inline]
pub(crate) fn send(
    comm: Comm,
    mode: SendMode,
    data: &[u8],
    limit: usize,
    to: c_int,
    tag: c_int,
) -> Result<(), CommError> {
    let extent = Extent::of(data.len(), limit)?;
    let (start, count, datatype) = (data.as_ptr().cast(), extent.count, extent.datatype.raw);
    match mode {
        SendMode::Standard | SendMode::Buffered => {
            // SAFETY: the extent is that of the slice, which is borrowed for as long as the call takes.
            check("MPI_Send", unsafe { ffi::MPI_Send(start, count, datatype, to, tag, comm.0) })
        }
        SendMode::Synchronous => {
            // SAFETY: as above.
            check("MPI_Ssend", unsafe { ffi::MPI_Ssend(start, count, datatype, to, tag, comm.0) })
        }
        SendMode::Ready => {
            // SAFETY: as above.
            check("MPI_Rsend", unsafe { ffi::MPI_Rsend(start, count, datatype, to, tag, comm.0) })
        }
    }
}

/// Receives.
#[inline]
pub(crate) fn recv(
    comm: Comm,
    buf: &mut [u8],
    limit: usize,
    from: c_int,
    tag: c_int,
) -> Result<Status, CommError> {
    let extent = Extent::of(buf.len(), limit)?;
    let mut status = empty_status();
    let (start, count, datatype) = (buf.as_mut_ptr().cast(), extent.count, extent.datatype.raw);
    // SAFETY: the extent is that of the slice, which is borrowed for as long as the call takes.
    let code = unsafe { ffi::MPI_Recv(start, count, datatype, from, tag, comm.0, &raw mut status) };
    received("MPI_Recv", code, &status, buf.len())
}

/// Where a message goes or comes from, and its tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) rank: c_int,
    pub(crate) tag: c_int,
}

/// Sends and receives at once.
#[inline]
pub(crate) fn send_recv(
    comm: Comm,
    data: &[u8],
    to: Place,
    buf: &mut [u8],
    from: Place,
    limit: usize,
) -> Result<Status, CommError> {
    let (given, taken) = (Extent::of(data.len(), limit)?, Extent::of(buf.len(), limit)?);
    let mut status = empty_status();
    // SAFETY: the extents are those of the slices, which are borrowed for as long as the call takes and do not overlap.
    let code = unsafe {
        ffi::MPI_Sendrecv(
            data.as_ptr().cast(),
            given.count,
            given.datatype.raw,
            to.rank,
            to.tag,
            buf.as_mut_ptr().cast(),
            taken.count,
            taken.datatype.raw,
            from.rank,
            from.tag,
            comm.0,
            &raw mut status,
        )
    };
    received("MPI_Sendrecv", code, &status, buf.len())
}

/// Waits for a message and leaves it there.
pub(crate) fn probe(comm: Comm, from: c_int, tag: c_int) -> Result<Status, CommError> {
    let mut status = empty_status();
    // SAFETY: a communicator, and a pointer to a local.
    check("MPI_Probe", unsafe { ffi::MPI_Probe(from, tag, comm.0, &raw mut status) })?;
    Ok(status_of(&status))
}

/// Looks for a message and leaves it there.
pub(crate) fn try_probe(comm: Comm, from: c_int, tag: c_int) -> Result<Option<Status>, CommError> {
    let (mut status, mut flag) = (empty_status(), 0);
    // SAFETY: a communicator, and pointers to locals.
    let code = unsafe { ffi::MPI_Iprobe(from, tag, comm.0, &raw mut flag, &raw mut status) };
    check("MPI_Iprobe", code)?;
    Ok((flag != 0).then(|| status_of(&status)))
}

/// A message that only its owner can receive.
#[derive(Debug)]
pub(crate) struct Matched {
    raw: ffi::MPI_Message,
    pub(crate) status: Status,
}

/// Waits for a message and takes it.
pub(crate) fn matched_probe(comm: Comm, from: c_int, tag: c_int) -> Result<Matched, CommError> {
    let mut status = empty_status();
    // SAFETY: a constant of the library.
    let mut raw = unsafe { ffi::RSMPI_MESSAGE_NULL };
    // SAFETY: a communicator, and pointers to locals.
    let code = unsafe { ffi::MPI_Mprobe(from, tag, comm.0, &raw mut raw, &raw mut status) };
    check("MPI_Mprobe", code)?;
    Ok(Matched { raw, status: status_of(&status) })
}

/// Looks for a message and takes it.
pub(crate) fn try_matched_probe(comm: Comm, from: c_int, tag: c_int) -> Result<Option<Matched>, CommError> {
    let (mut status, mut flag) = (empty_status(), 0);
    // SAFETY: a constant of the library.
    let mut raw = unsafe { ffi::RSMPI_MESSAGE_NULL };
    // SAFETY: a communicator, and pointers to locals.
    let code = unsafe { ffi::MPI_Improbe(from, tag, comm.0, &raw mut flag, &raw mut raw, &raw mut status) };
    check("MPI_Improbe", code)?;
    Ok((flag != 0).then(|| Matched { raw, status: status_of(&status) }))
}

impl Matched {
    /// Receives it; what is longer than `buf` is cut off, with [`CommError::Truncated`].
    pub(crate) fn recv(mut self, buf: &mut [u8], limit: usize) -> Result<Status, CommError> {
        let extent = Extent::of(buf.len(), limit)?;
        let mut status = empty_status();
        let (start, count, datatype) = (buf.as_mut_ptr().cast(), extent.count, extent.datatype.raw);
        // SAFETY: the extent is that of the slice; the message was matched and is received once, since this consumes it.
        let code = unsafe { ffi::MPI_Mrecv(start, count, datatype, &raw mut self.raw, &raw mut status) };
        let done = received("MPI_Mrecv", code, &status, buf.len());
        // What the probe said is right in every library.
        done.map_err(|error| match error {
            CommError::Truncated { .. } => truncated(self.status, buf.len()),
            other => other,
        })
    }
}
