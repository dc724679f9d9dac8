//! How the elements of several ranks become one.

use super::{Datum, Kind, Located};

/// An associative operation on elements: what a reduction folds with.
///
/// # Laws
/// `combine` is associative, element by element. It need not commute: ranks are folded in rank order, unless
/// [`commutes`](Self::commutes) says that the order is free.
pub trait Reduction<T: Datum>: Sync {
    /// `right[i] = left[i] ⊕ right[i]`, where `left` comes from lower ranks. Both have the same length.
    fn combine(&self, left: &[T], right: &mut [T]);

    /// `left[i] = left[i] ⊕ right[i]`, the same with the answer on the other side.
    fn combine_into_left(&self, left: &mut [T], right: &[T]);

    /// Whether `a ⊕ b = b ⊕ a`, bit by bit.
    fn commutes(&self) -> bool;

    /// Whether the answer does not depend, in any bit, on how ranks are grouped; not so for sums of floats.
    fn is_exact(&self) -> bool;

    /// Its name in errors and reports.
    fn name(&self) -> &'static str;

    /// What a native library calls it, where one may have it built in.
    fn builtin(&self) -> Option<Builtin> {
        None
    }
}

/// `right[i] = left[i] ⊕ right[i]`, without a message (`Reduce_local`).
///
/// # Errors
/// [`CommError::WrongLength`](super::CommError::WrongLength) when the two have not one length.
///
/// # Examples
/// ```
/// use par_core::comm::op;
///
/// let mut right = [1, 5, 2];
/// op::reduce_local(&op::Max, &[3, 4, 2], &mut right)?;
/// assert_eq!(right, [3, 5, 2]);
/// # Ok::<(), par_core::comm::CommError>(())
/// ```
pub fn reduce_local<T: Datum, O: Reduction<T> + ?Sized>(
    op: &O,
    left: &[T],
    right: &mut [T],
) -> Result<(), super::CommError> {
    super::CommError::unless_length("the left side of a reduction", left.len(), right.len())?;
    op.combine(left, right);
    Ok(())
}

/// Operations that message passing libraries have built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it, and the operations of this module are documented")]
pub enum Builtin {
    Sum,
    Product,
    Min,
    Max,
    LogicalAnd,
    LogicalOr,
    LogicalXor,
    BitAnd,
    BitOr,
    BitXor,
}

/// Numbers that built-in operations work on: integers wrap around, as they do in MPI.
pub trait Number: Datum + PartialOrd {
    /// The sum; integers wrap around.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// The product; integers wrap around.
    #[must_use]
    fn times(self, other: Self) -> Self;
    /// The lesser; a NaN is passed over for a number.
    #[must_use]
    fn lesser(self, other: Self) -> Self;
    /// The greater; a NaN is passed over for a number.
    #[must_use]
    fn greater(self, other: Self) -> Self;
}

/// Integers, which also have bits and, as 0 and not 0, truth values.
pub trait Integer:
    Number
    + Eq
    + std::ops::BitAnd<Output = Self>
    + std::ops::BitOr<Output = Self>
    + std::ops::BitXor<Output = Self>
{
    /// Whether it is not 0.
    fn truth(self) -> bool;
    /// 1 or 0.
    fn of_truth(truth: bool) -> Self;
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl Number for $t {
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            fn lesser(self, other: Self) -> Self { self.min(other) }
            fn greater(self, other: Self) -> Self { self.max(other) }
        }
        impl Integer for $t {
            fn truth(self) -> bool { self != 0 }
            fn of_truth(truth: bool) -> Self { Self::from(truth) }
        }
    )*};
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64, u128, i128);

macro_rules! pointer_sized {
    ($($t:ty),*) => {$(
        impl Number for $t {
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            fn lesser(self, other: Self) -> Self { self.min(other) }
            fn greater(self, other: Self) -> Self { self.max(other) }
        }
        impl Integer for $t {
            fn truth(self) -> bool { self != 0 }
            fn of_truth(truth: bool) -> Self { Self::from(truth) }
        }
    )*};
}
pointer_sized!(usize, isize);

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl Number for $t {
            fn plus(self, other: Self) -> Self { self + other }
            fn times(self, other: Self) -> Self { self * other }
            fn lesser(self, other: Self) -> Self { self.min(other) }
            fn greater(self, other: Self) -> Self { self.max(other) }
        }
    )*};
}
floats!(f32, f64);

macro_rules! builtin {
    ($(#[$doc:meta])* $name:ident, $bound:ident, |$a:ident, $b:ident| $result:expr, $exact:expr, $commutes:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name;

        impl<T: $bound> Reduction<T> for $name {
            fn combine(&self, left: &[T], right: &mut [T]) {
                for (&$a, right) in left.iter().zip(right) {
                    let $b = *right;
                    *right = $result;
                }
            }

            fn combine_into_left(&self, left: &mut [T], right: &[T]) {
                for (left, &$b) in left.iter_mut().zip(right) {
                    let $a = *left;
                    *left = $result;
                }
            }

            fn commutes(&self) -> bool {
                $commutes(Kind::of::<T>())
            }

            fn is_exact(&self) -> bool {
                $exact(Kind::of::<T>())
            }

            fn name(&self) -> &'static str {
                stringify!($name)
            }

            fn builtin(&self) -> Option<Builtin> {
                Some(Builtin::$name)
            }
        }
    };
}

fn unless_float(kind: Kind) -> bool {
    !kind.is_float()
}

const fn always(_: Kind) -> bool {
    true
}

builtin!(
    /// The sum; integers wrap around.
    Sum, Number, |a, b| a.plus(b), unless_float, always
);
builtin!(
    /// The product; integers wrap around.
    Product, Number, |a, b| a.times(b), unless_float, always
);
builtin!(
    /// The least; numbers win over NaN.
    // Of zeros of both signs, either may be the answer of `min`.
    Min, Number, |a, b| a.lesser(b), unless_float, unless_float
);
builtin!(
    /// The greatest; numbers win over NaN.
    Max, Number, |a, b| a.greater(b), unless_float, unless_float
);
builtin!(
    /// Whether all are not 0: 1 or 0.
    LogicalAnd, Integer, |a, b| T::of_truth(a.truth() && b.truth()), always, always
);
builtin!(
    /// Whether one is not 0: 1 or 0.
    LogicalOr, Integer, |a, b| T::of_truth(a.truth() || b.truth()), always, always
);
builtin!(
    /// Whether an odd number of them is not 0: 1 or 0.
    LogicalXor, Integer, |a, b| T::of_truth(a.truth() != b.truth()), always, always
);
builtin!(
    /// The bits that all have.
    BitAnd, Integer, |a, b| a & b, always, always
);
builtin!(
    /// The bits that one has.
    BitOr, Integer, |a, b| a | b, always, always
);
builtin!(
    /// The bits that an odd number of them has.
    BitXor, Integer, |a, b| a ^ b, always, always
);

/// An operation of one's own.
///
/// # Examples
/// ```
/// use par_core::comm::{Reduction, op};
///
/// // Composition of x ↦ a·x + b, which does not commute.
/// let compose = op::User::ordered(|f: [f64; 2], g: [f64; 2]| [f[0] * g[0], f[1] * g[0] + g[1]]);
/// let mut right = [[3.0, 1.0]];
/// compose.combine(&[[2.0, 5.0]], &mut right);
/// assert_eq!(right, [[6.0, 16.0]]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct User<F> {
    f: F,
    commutes: bool,
}

impl<F> User<F> {
    /// An associative operation that does not commute: ranks are folded in their order.
    pub const fn ordered(f: F) -> Self {
        Self { f, commutes: false }
    }

    /// An associative operation that commutes.
    pub const fn commutative(f: F) -> Self {
        Self { f, commutes: true }
    }
}

impl<T: Datum, F: Fn(T, T) -> T + Sync> Reduction<T> for User<F> {
    fn combine(&self, left: &[T], right: &mut [T]) {
        for (left, right) in left.iter().zip(right) {
            *right = (self.f)(*left, *right);
        }
    }

    fn combine_into_left(&self, left: &mut [T], right: &[T]) {
        for (left, right) in left.iter_mut().zip(right) {
            *left = (self.f)(*left, *right);
        }
    }

    fn commutes(&self) -> bool {
        self.commutes
    }

    fn is_exact(&self) -> bool {
        false
    }

    fn name(&self) -> &'static str {
        "User"
    }
}

macro_rules! located {
    ($(#[$doc:meta])* $name:ident, $wins:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name;

        impl $name {
            fn choose<T: Number>(a: Located<T>, b: Located<T>) -> Located<T> {
                let better = a.value() $wins b.value()
                    || (a.value() == b.value() && a.index() <= b.index())
                    // A NaN equals nothing, itself neither: numbers win, then the lesser index.
                    || (!is_number(b.value()) && (is_number(a.value()) || a.index() <= b.index()));
                if better { a } else { b }
            }
        }

        impl<T: Number> Reduction<Located<T>> for $name {
            fn combine(&self, left: &[Located<T>], right: &mut [Located<T>]) {
                for (left, right) in left.iter().zip(right) {
                    *right = Self::choose(*left, *right);
                }
            }

            fn combine_into_left(&self, left: &mut [Located<T>], right: &[Located<T>]) {
                for (left, right) in left.iter_mut().zip(right) {
                    *left = Self::choose(*left, *right);
                }
            }

            fn commutes(&self) -> bool {
                true
            }

            fn is_exact(&self) -> bool {
                true
            }

            fn name(&self) -> &'static str {
                stringify!($name)
            }
        }
    };
}

fn is_number<T: Number>(value: T) -> bool {
    value.partial_cmp(&value).is_some()
}

located!(
    /// The least value and where it is; of equal ones the lesser index. Numbers win over NaN.
    MinLoc, <
);
located!(
    /// The greatest value and where it is; of equal ones the lesser index. Numbers win over NaN.
    MaxLoc, >
);
