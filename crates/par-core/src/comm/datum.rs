//! What buffers are made of.

use std::any::TypeId;

/// Plain data: what the elements of a message are.
///
/// Every type of `bytemuck::Pod` that may change threads is one: the numbers, arrays of them, and structures of one's
/// own that derive `bytemuck::Pod` (no padding, no pointers, every bit pattern valid). So a buffer is its bytes, and
/// no message can hold a reference. Elements without a size, as `()`, may be sent, too: a message of them is empty, and
/// tells its receiver nothing of how many there were.
///
/// # Examples
/// ```
/// use par_core::bytemuck::{self, Pod, Zeroable};
/// use par_core::comm::Datum;
///
/// #[derive(Debug, Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Particle { position: [f64; 3], charge: f64 }
///
/// fn bytes<T: Datum>(data: &[T]) -> usize { size_of_val(data) }
/// assert_eq!(bytes(&[Particle::zeroed(); 2]), 64);
/// ```
pub trait Datum: bytemuck::Pod + Send + Sync {}

impl<T: bytemuck::Pod + Send + Sync> Datum for T {}

/// Which primitive a [`Datum`] is, for transports that have types of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`, and `isize` where it has 64 bits
    I64,
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`, and `usize` where it has 64 bits
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// Anything else: bytes that only the program understands.
    Record,
}

impl Kind {
    /// The kind of `T`.
    pub fn of<T: Datum>() -> Self {
        let id = TypeId::of::<T>();
        let kinds = [
            (TypeId::of::<i8>(), Self::I8),
            (TypeId::of::<i16>(), Self::I16),
            (TypeId::of::<i32>(), Self::I32),
            (TypeId::of::<i64>(), Self::I64),
            (TypeId::of::<u8>(), Self::U8),
            (TypeId::of::<u16>(), Self::U16),
            (TypeId::of::<u32>(), Self::U32),
            (TypeId::of::<u64>(), Self::U64),
            (TypeId::of::<f32>(), Self::F32),
            (TypeId::of::<f64>(), Self::F64),
            #[cfg(target_pointer_width = "64")]
            (TypeId::of::<isize>(), Self::I64),
            #[cfg(target_pointer_width = "64")]
            (TypeId::of::<usize>(), Self::U64),
        ];
        kinds.iter().find(|(known, _)| *known == id).map_or(Self::Record, |(_, kind)| *kind)
    }

    /// Whether sums of it depend on their order.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}
