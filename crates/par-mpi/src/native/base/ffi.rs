//! The environment, errors, datatypes and communicators, as C sees them.

#![expect(unsafe_code, reason = "MPI is a library of C; the module above says what makes its calls sound")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use mpi::ffi;
use par_core::comm::op::Builtin;
use par_core::comm::{CommError, Kind, Rank};

use crate::error::ThreadLevel;

/// Hidden, where the headers are Open MPI's, by their constant of the same name.
const OPEN_MPI: u32 = 0;
#[cfg_attr(
    not(test),
    expect(
        clippy::wildcard_imports,
        reason = "a constant that only some MPIs have hides the one of this module"
    )
)]
pub(crate) const IS_OPEN_MPI: bool = {
    use mpi::ffi::*;
    OPEN_MPI != self::OPEN_MPI && MPI_SUCCESS == 0
};

/// `MPI_IN_PLACE`, a cast that bindgen does not translate: 1 in Open MPI, -1 in MPICH and those of its binary interface.
pub(crate) fn in_place() -> *mut c_void {
    std::ptr::without_provenance_mut(if IS_OPEN_MPI { 1 } else { usize::MAX })
}

/// Passes when a call has succeeded.
#[inline]
pub(crate) fn check(call: &'static str, code: c_int) -> Result<(), CommError> {
    if code == ffi::MPI_SUCCESS as c_int { Ok(()) } else { Err(failure(call, code)) }
}

/// What MPI says about a code.
#[cold]
pub(crate) fn failure(call: &'static str, code: c_int) -> CommError {
    let mut text = vec![0_u8; ffi::MPI_MAX_ERROR_STRING as usize + 1];
    let mut length = 0;
    // SAFETY: the buffer is as long as the longest text that MPI writes.
    unsafe { ffi::MPI_Error_string(code, text.as_mut_ptr().cast::<c_char>(), &raw mut length) };
    CommError::Native { call: call.to_owned(), message: until_nul(&text) }
}

/// Whether a code means that a message was longer than its buffer.
#[cold]
pub(crate) fn is_truncation(code: c_int) -> bool {
    let mut class = 0;
    // SAFETY: the pointer is to a local.
    unsafe { ffi::MPI_Error_class(code, &raw mut class) };
    class == ffi::MPI_ERR_TRUNCATE as c_int
}

fn until_nul(text: &[u8]) -> String {
    CStr::from_bytes_until_nul(text).map_or_else(
        |_| String::from_utf8_lossy(text).into_owned(),
        |text| text.to_string_lossy().trim_end().to_owned(),
    )
}

/// The number of a rank, a tag or a count that is known to fit.
#[inline]
pub(crate) fn int(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

/// Where a buffer of a collective begins.
///
/// An empty slice of bytes may begin at address 1, which is Open MPI's `MPI_IN_PLACE`; an empty buffer is told by
/// another address, which is never read.
#[inline]
pub(in crate::native) fn start<T>(data: &[T]) -> *const c_void {
    if data.is_empty() { std::ptr::dangling::<u64>().cast() } else { data.as_ptr().cast() }
}

/// As [`start`], of a buffer that is written.
#[inline]
pub(in crate::native) fn start_mut<T>(data: &mut [T]) -> *mut c_void {
    if data.is_empty() { std::ptr::dangling_mut::<u64>().cast() } else { data.as_mut_ptr().cast() }
}

// ---------------------------------------------------------------- the environment

const LEVELS: [ThreadLevel; 4] =
    [ThreadLevel::Single, ThreadLevel::Funneled, ThreadLevel::Serialized, ThreadLevel::Multiple];

fn number_of(level: ThreadLevel) -> c_int {
    match level {
        // SAFETY: a constant of the library.
        ThreadLevel::Single => unsafe { ffi::RSMPI_THREAD_SINGLE },
        // SAFETY: a constant of the library.
        ThreadLevel::Funneled => unsafe { ffi::RSMPI_THREAD_FUNNELED },
        // SAFETY: a constant of the library.
        ThreadLevel::Serialized => unsafe { ffi::RSMPI_THREAD_SERIALIZED },
        // SAFETY: a constant of the library.
        ThreadLevel::Multiple => unsafe { ffi::RSMPI_THREAD_MULTIPLE },
    }
}

/// Whether somebody has initialised MPI already.
pub(crate) fn is_initialised() -> bool {
    let mut flag = 0;
    // SAFETY: may be called at any time; the pointer is to a local.
    unsafe { ffi::MPI_Initialized(&raw mut flag) };
    flag != 0
}

/// How Open MPI 4 moves long messages between ranks of one machine, and from a rank to itself; what is said otherwise.
const COPIES: [(&str, &str); 2] =
    [("OMPI_MCA_btl_vader_single_copy_mechanism", "none"), ("OMPI_MCA_btl_self_flags", "send")];

/// Has Open MPI 4 move long messages on one machine in pieces, unless the user has said how.
///
/// Otherwise it reads them from the sender's memory at once (cross-memory attach, and a rank's own memory), and when the
/// message is longer than the receive, it writes beyond the receive's buffer: seen with 4.1.4, for messages of more than
/// 4 KiB, and of more than 1 KiB from a rank to itself.
fn avoid_overruns() {
    let unsaid = |(variable, _): &(&str, &str)| std::env::var_os(variable).is_none();
    for (variable, value) in COPIES.into_iter().filter(|copy| IS_OPEN_MPI && unsaid(copy)) {
        // SAFETY: as for MPI_Init_thread itself, which changes the environment, too: no other thread may read it
        // meanwhile, which is why a world is made first of all.
        unsafe { std::env::set_var(variable, value) };
    }
}

/// Initialises MPI, which its caller has seen to be the first time, and has errors returned; yields what it got.
pub(crate) fn initialise(level: ThreadLevel) -> Result<ThreadLevel, CommError> {
    avoid_overruns();
    let mut got = 0;
    let (arguments, vector) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: MPI takes null for both (MPI 4.1, §11.2.1).
    let code = unsafe { ffi::MPI_Init_thread(arguments, vector, number_of(level), &raw mut got) };
    check("MPI_Init_thread", code)?;
    for comm in [Comm::world(), Comm::own()] {
        // SAFETY: both communicators exist from now on.
        let code = unsafe { ffi::MPI_Comm_set_errhandler(comm.0, ffi::RSMPI_ERRORS_RETURN) };
        check("MPI_Comm_set_errhandler", code)?;
    }
    Ok(LEVELS.into_iter().rev().find(|level| number_of(*level) <= got).unwrap_or(ThreadLevel::Single))
}

/// Ends MPI in this process; the last owner of the session calls it.
pub(crate) fn finalise() {
    // SAFETY: MPI is initialised, and no handle is left that somebody could use.
    unsafe { ffi::MPI_Finalize() };
}

/// Ends all ranks with this exit code.
pub(crate) fn abort(code: i32) -> ! {
    // SAFETY: MPI is initialised as long as a session exists, and whoever calls this has one.
    unsafe { ffi::MPI_Abort(Comm::world().0, code) };
    // It does not return; where a library lets it, the process ends all the same.
    std::process::exit(code)
}

/// Seconds since some moment in the past.
pub(crate) fn wtime() -> f64 {
    // SAFETY: reads a clock.
    unsafe { ffi::RSMPI_Wtime() }
}

/// Seconds between ticks of that clock.
pub(crate) fn wtick() -> f64 {
    // SAFETY: reads a constant of the clock.
    unsafe { ffi::RSMPI_Wtick() }
}

/// The name of the machine, as MPI has it.
pub(crate) fn processor_name() -> Result<String, CommError> {
    // SAFETY: a constant of the library.
    let most = unsafe { ffi::RSMPI_MAX_PROCESSOR_NAME };
    let mut text = vec![0_u8; most as usize + 1];
    let mut length = 0;
    // SAFETY: the buffer is as long as the longest name.
    let code = unsafe { ffi::MPI_Get_processor_name(text.as_mut_ptr().cast(), &raw mut length) };
    check("MPI_Get_processor_name", code)?;
    Ok(until_nul(&text))
}

/// What the library says about itself, without the NUL that some put at its end.
pub(crate) fn library_version() -> String {
    // SAFETY: a constant of the library.
    let most = unsafe { ffi::RSMPI_MAX_LIBRARY_VERSION_STRING };
    let mut text = vec![0_u8; most as usize + 1];
    let mut length = 0;
    // SAFETY: the buffer is as long as the longest text.
    unsafe { ffi::MPI_Get_library_version(text.as_mut_ptr().cast(), &raw mut length) };
    until_nul(&text)
}

/// The version of the standard that the library follows.
pub(crate) fn version() -> (u32, u32) {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: the pointers are to locals.
    unsafe { ffi::MPI_Get_version(&raw mut major, &raw mut minor) };
    (major.cast_unsigned(), minor.cast_unsigned())
}

// ---------------------------------------------------------------- datatypes

/// A datatype; one that was made is freed with it, which MPI allows while messages use it.
#[derive(Debug)]
pub(crate) struct Datatype {
    pub(in crate::native) raw: ffi::MPI_Datatype,
    made: bool,
}

impl Drop for Datatype {
    #[inline]
    fn drop(&mut self) {
        if self.made {
            // SAFETY: it was made and committed here, and is freed once.
            unsafe { ffi::MPI_Type_free(&raw mut self.raw) };
        }
    }
}

impl Datatype {
    /// Bytes.
    #[inline]
    pub(crate) fn byte() -> Self {
        // SAFETY: a constant of the library.
        Self { raw: unsafe { ffi::RSMPI_UINT8_T }, made: false }
    }

    /// The primitive of this kind; `None` for records.
    pub(crate) fn of_kind(kind: Kind) -> Option<Self> {
        // SAFETY: constants of the library, all of them.
        let raw = unsafe {
            match kind {
                Kind::I8 => ffi::RSMPI_INT8_T,
                Kind::I16 => ffi::RSMPI_INT16_T,
                Kind::I32 => ffi::RSMPI_INT32_T,
                Kind::I64 => ffi::RSMPI_INT64_T,
                Kind::U8 => ffi::RSMPI_UINT8_T,
                Kind::U16 => ffi::RSMPI_UINT16_T,
                Kind::U32 => ffi::RSMPI_UINT32_T,
                Kind::U64 => ffi::RSMPI_UINT64_T,
                Kind::F32 => ffi::RSMPI_FLOAT,
                Kind::F64 => ffi::RSMPI_DOUBLE,
                Kind::Record => return None,
            }
        };
        Some(Self { raw, made: false })
    }

    /// `bytes` bytes in a row, to be moved as one element.
    pub(crate) fn row(bytes: usize) -> Result<Self, CommError> {
        Self::contiguous(bytes, &Self::byte())?.committed()
    }

    fn contiguous(count: usize, of: &Self) -> Result<Self, CommError> {
        let mut made = Self { raw: of.raw, made: false };
        // SAFETY: `of` is a datatype, and the pointer is to a local.
        let code = unsafe { ffi::MPI_Type_contiguous(int(count), of.raw, &raw mut made.raw) };
        check("MPI_Type_contiguous", code)?;
        made.made = true;
        Ok(made)
    }

    fn committed(mut self) -> Result<Self, CommError> {
        // SAFETY: it was made and not yet freed.
        let code = unsafe { ffi::MPI_Type_commit(&raw mut self.raw) };
        check("MPI_Type_commit", code)?;
        Ok(self)
    }

    /// `bytes` bytes from `place` on, as one element.
    #[cold]
    pub(crate) fn part(place: usize, bytes: usize, limit: usize) -> Result<Self, CommError> {
        let whole =
            if bytes > limit { Self::long(bytes, limit)? } else { Self::contiguous(bytes, &Self::byte())? };
        Self::structure(&[1], &[place], &[whole.raw])?.committed()
    }

    fn structure(
        lengths: &[c_int],
        places: &[usize],
        types: &[ffi::MPI_Datatype],
    ) -> Result<Self, CommError> {
        let places: Vec<_> = places.iter().map(|place| place.cast_signed() as ffi::MPI_Aint).collect();
        let mut made = Self { raw: types[0], made: false };
        let count = int(lengths.len().min(places.len()).min(types.len()));
        let (lengths, places, types) = (lengths.as_ptr(), places.as_ptr(), types.as_ptr());
        // SAFETY: the three lists have `count` entries each and outlive the call.
        let code = unsafe { ffi::MPI_Type_create_struct(count, lengths, places, types, &raw mut made.raw) };
        check("MPI_Type_create_struct", code)?;
        made.made = true;
        Ok(made)
    }

    /// More bytes than a count can say, as chunks of `chunk` and a rest.
    #[cold]
    fn long(bytes: usize, chunk: usize) -> Result<Self, CommError> {
        let (chunks, rest) = (bytes / chunk, bytes % chunk);
        if c_int::try_from(chunks).is_err() {
            return Err(CommError::Invalid(format!(
                "a message of {bytes} bytes is too long for chunks of {chunk}"
            )));
        }
        let head = Self::contiguous(chunks, &Self::contiguous(chunk, &Self::byte())?)?;
        if rest == 0 {
            return head.committed();
        }
        Self::structure(&[1, int(rest)], &[0, chunks * chunk], &[head.raw, Self::byte().raw])?.committed()
    }
}

/// A count and a datatype that stand for a number of bytes.
#[derive(Debug)]
pub(crate) struct Extent {
    pub(in crate::native) count: c_int,
    pub(in crate::native) datatype: Datatype,
}

impl Extent {
    /// As bytes, up to `limit` of them; beyond, as one element of a type that is as long.
    #[inline]
    pub(crate) fn of(bytes: usize, limit: usize) -> Result<Self, CommError> {
        if bytes <= limit {
            return Ok(Self { count: bytes as c_int, datatype: Datatype::byte() });
        }
        Ok(Self { count: 1, datatype: Datatype::long(bytes, limit)? })
    }
}

/// A built-in operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Op(pub(in crate::native) ffi::MPI_Op);

impl Op {
    pub(crate) fn builtin(op: Builtin) -> Self {
        // SAFETY: constants of the library, all of them.
        Self(unsafe {
            match op {
                Builtin::Sum => ffi::RSMPI_SUM,
                Builtin::Product => ffi::RSMPI_PROD,
                Builtin::Min => ffi::RSMPI_MIN,
                Builtin::Max => ffi::RSMPI_MAX,
                Builtin::LogicalAnd => ffi::RSMPI_LAND,
                Builtin::LogicalOr => ffi::RSMPI_LOR,
                Builtin::LogicalXor => ffi::RSMPI_LXOR,
                Builtin::BitAnd => ffi::RSMPI_BAND,
                Builtin::BitOr => ffi::RSMPI_BOR,
                Builtin::BitXor => ffi::RSMPI_BXOR,
            }
        })
    }
}

/// The datatype and the operation that fold elements of this kind; `None`: MPI has none, or gets it wrong.
pub(crate) fn folding(kind: Kind, op: Builtin) -> Option<(Datatype, Op)> {
    static UNSIGNED: OnceLock<bool> = OnceLock::new();
    let unsigned = matches!(kind, Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64);
    let compares = matches!(op, Builtin::Min | Builtin::Max);
    if unsigned && compares && !*UNSIGNED.get_or_init(compares_unsigned) {
        return None;
    }
    Some((Datatype::of_kind(kind)?, Op::builtin(op)))
}

/// Whether 1 is less than the greatest number of each length: MPICH 4.0.2 compares unsigned numbers as signed ones.
fn compares_unsigned() -> bool {
    [Kind::U8, Kind::U16, Kind::U32, Kind::U64].into_iter().all(|kind| {
        let (greatest, mut least) = (u64::MAX, 0x0101_0101_0101_0101_u64);
        let one = least;
        let (from, to) = ((&raw const greatest).cast(), (&raw mut least).cast());
        let Some(datatype) = Datatype::of_kind(kind) else { return true };
        // SAFETY: both have one element of the datatype at their start.
        unsafe { ffi::MPI_Reduce_local(from, to, 1, datatype.raw, Op::builtin(Builtin::Min).0) };
        least == one
    })
}

// ---------------------------------------------------------------- communicators

/// A communicator's handle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comm(pub(in crate::native) ffi::MPI_Comm);

impl Comm {
    /// All ranks.
    pub(crate) fn world() -> Self {
        // SAFETY: a constant of the library.
        Self(unsafe { ffi::RSMPI_COMM_WORLD })
    }

    /// This rank alone.
    fn own() -> Self {
        // SAFETY: a constant of the library.
        Self(unsafe { ffi::RSMPI_COMM_SELF })
    }

    fn none() -> Self {
        // SAFETY: a constant of the library.
        Self(unsafe { ffi::RSMPI_COMM_NULL })
    }

    fn unless_none(self) -> Option<Self> {
        (self.0 != Self::none().0).then_some(self)
    }

    pub(crate) fn rank(self) -> Result<Rank, CommError> {
        let mut rank = 0;
        // SAFETY: a communicator, and a pointer to a local.
        check("MPI_Comm_rank", unsafe { ffi::MPI_Comm_rank(self.0, &raw mut rank) })?;
        Ok(rank as Rank)
    }

    pub(crate) fn size(self) -> Result<usize, CommError> {
        let mut size = 0;
        // SAFETY: a communicator, and a pointer to a local.
        check("MPI_Comm_size", unsafe { ffi::MPI_Comm_size(self.0, &raw mut size) })?;
        Ok(size as usize)
    }

    pub(crate) fn duplicate(self) -> Result<Self, CommError> {
        let mut made = Self::none();
        // SAFETY: a communicator, and a pointer to a local.
        check("MPI_Comm_dup", unsafe { ffi::MPI_Comm_dup(self.0, &raw mut made.0) })?;
        Ok(made)
    }

    pub(crate) fn split(self, color: Option<c_int>, key: c_int) -> Result<Option<Self>, CommError> {
        let mut made = Self::none();
        // SAFETY: a constant of the library.
        let color = color.unwrap_or(unsafe { ffi::RSMPI_UNDEFINED });
        // SAFETY: a communicator, and a pointer to a local.
        check("MPI_Comm_split", unsafe { ffi::MPI_Comm_split(self.0, color, key, &raw mut made.0) })?;
        Ok(made.unless_none())
    }

    pub(crate) fn split_shared(self) -> Result<Option<Self>, CommError> {
        let mut made = Self::none();
        // SAFETY: constants of the library.
        let (kind, info) = unsafe { (ffi::RSMPI_COMM_TYPE_SHARED, ffi::RSMPI_INFO_NULL) };
        // SAFETY: a communicator, and a pointer to a local.
        let code = unsafe { ffi::MPI_Comm_split_type(self.0, kind, 0, info, &raw mut made.0) };
        check("MPI_Comm_split_type", code)?;
        Ok(made.unless_none())
    }

    /// The communicator of these ranks of this one; all of them call it, and nobody else.
    pub(crate) fn of_members(self, members: &[Rank], tag: c_int) -> Result<Option<Self>, CommError> {
        let (all, mut made) = (self.group()?, Self::none());
        let ranks: Vec<c_int> = members.iter().map(|rank| int(*rank)).collect();
        let mut group = all.0;
        // SAFETY: a group, a list of as many ranks, and a pointer to a local.
        let code = unsafe { ffi::MPI_Group_incl(all.0, int(ranks.len()), ranks.as_ptr(), &raw mut group) };
        check("MPI_Group_incl", code)?;
        let group = Group(group);
        // SAFETY: a communicator, a group of its ranks, and a pointer to a local.
        let code = unsafe { ffi::MPI_Comm_create_group(self.0, group.0, tag, &raw mut made.0) };
        check("MPI_Comm_create_group", code)?;
        Ok(made.unless_none())
    }

    pub(crate) fn cartesian(
        self,
        dims: &[c_int],
        periods: &[c_int],
        reorder: bool,
    ) -> Result<Option<Self>, CommError> {
        let mut made = Self::none();
        let (count, dims, periods) = (int(dims.len()), dims.as_ptr(), periods.as_ptr());
        // SAFETY: a communicator, two lists of `count` entries, and a pointer to a local.
        let code = unsafe {
            ffi::MPI_Cart_create(self.0, count, dims, periods, c_int::from(reorder), &raw mut made.0)
        };
        check("MPI_Cart_create", code)?;
        Ok(made.unless_none())
    }

    /// Gives the handle back; nobody uses it afterwards.
    pub(crate) fn free(mut self) {
        // SAFETY: the one owner of a communicator that was made frees it, once, before MPI is finalised.
        unsafe { ffi::MPI_Comm_free(&raw mut self.0) };
    }

    /// The ranks of the world that the ranks of this communicator are.
    pub(crate) fn members(self) -> Result<Vec<Rank>, CommError> {
        let (world, here) = (Self::world().group()?, self.group()?);
        let ranks: Vec<c_int> = (0..int(self.size()?)).collect();
        let mut found = ranks.clone();
        let (from, to) = (ranks.as_ptr(), found.as_mut_ptr());
        // SAFETY: two groups, and two lists of as many ranks as the first has.
        let code = unsafe { ffi::MPI_Group_translate_ranks(here.0, int(ranks.len()), from, world.0, to) };
        check("MPI_Group_translate_ranks", code)?;
        Ok(found.into_iter().map(|rank| rank as Rank).collect())
    }

    fn group(self) -> Result<Group, CommError> {
        // SAFETY: a constant of the library.
        let mut group = unsafe { ffi::RSMPI_GROUP_NULL };
        // SAFETY: a communicator, and a pointer to a local.
        check("MPI_Comm_group", unsafe { ffi::MPI_Comm_group(self.0, &raw mut group) })?;
        Ok(Group(group))
    }
}

struct Group(ffi::MPI_Group);

impl Drop for Group {
    fn drop(&mut self) {
        // SAFETY: it was made by a call above and is freed once.
        unsafe { ffi::MPI_Group_free(&raw mut self.0) };
    }
}
