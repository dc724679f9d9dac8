//! What a reader, a writer, and a reader that may become the writer have in their hands.
//!
//! In each of them the record of the hold comes first, so that it is dropped first: no thread is ever thought to hold
//! what it does not.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use crate::deadlock::{Hold, Mode};

/// A [`RwLock`](super::RwLock) that is read; it stays on the thread that locked.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    pub(super) hold: Hold<'a>,
    pub(super) inner: parking_lot::RwLockReadGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// Releases the lock to the thread that has waited longest, if any does and this is the last reader.
    #[inline]
    pub fn unlock_fair(guard: Self) {
        let Self { hold, inner } = guard;
        hold.release();
        parking_lot::RwLockReadGuard::unlock_fair(inner);
    }

    /// Keeps the lock, and gives access to a part of the value only.
    #[inline]
    pub fn map<U: ?Sized>(guard: Self, part: impl FnOnce(&T) -> &U) -> MappedRwLockReadGuard<'a, U> {
        let Self { hold, inner } = guard;
        MappedRwLockReadGuard { inner: parking_lot::RwLockReadGuard::map(inner, part), _hold: hold }
    }
}

/// A [`RwLock`](super::RwLock) that is written; it stays on the thread that locked.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    pub(super) hold: Hold<'a>,
    pub(super) inner: parking_lot::RwLockWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Releases the lock to the thread that has waited longest, if any does.
    #[inline]
    pub fn unlock_fair(guard: Self) {
        let Self { hold, inner } = guard;
        hold.release();
        parking_lot::RwLockWriteGuard::unlock_fair(inner);
    }

    /// Goes on as a reader; no other writer comes in between.
    #[inline]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let Self { hold, inner } = guard;
        let inner = parking_lot::RwLockWriteGuard::downgrade(inner);
        RwLockReadGuard { hold: hold.become_mode(Mode::Read), inner }
    }

    /// Goes on as the reader that may upgrade; no other writer comes in between.
    #[inline]
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuard<'a, T> {
        let Self { hold, inner } = guard;
        let inner = parking_lot::RwLockWriteGuard::downgrade_to_upgradable(inner);
        RwLockUpgradableReadGuard { hold: hold.become_mode(Mode::Upgradable), inner }
    }

    /// Keeps the lock, and gives access to a part of the value only.
    #[inline]
    pub fn map<U: ?Sized>(guard: Self, part: impl FnOnce(&mut T) -> &mut U) -> MappedRwLockWriteGuard<'a, U> {
        let Self { hold, inner } = guard;
        MappedRwLockWriteGuard { inner: parking_lot::RwLockWriteGuard::map(inner, part), _hold: hold }
    }
}

/// A [`RwLock`](super::RwLock) that is read by the one reader that may become the writer; it stays on its thread.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct RwLockUpgradableReadGuard<'a, T: ?Sized> {
    pub(super) hold: Hold<'a>,
    pub(super) inner: parking_lot::RwLockUpgradableReadGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockUpgradableReadGuard<'a, T> {
    /// Becomes the writer as soon as the other readers are gone; the value is what it was.
    ///
    /// # Blocking
    /// Until then. Readers that come meanwhile stand behind.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn upgrade(guard: Self) -> RwLockWriteGuard<'a, T> {
        use parking_lot::RwLockUpgradableReadGuard as Inner;
        let Self { hold, inner } = guard;
        let (hold, inner) = hold.upgrade(inner, Inner::try_upgrade, Inner::upgrade);
        RwLockWriteGuard { hold, inner }
    }

    /// Becomes the writer if nobody else reads at this moment.
    ///
    /// # Errors
    /// The guard as it was, if somebody does.
    #[inline]
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuard<'a, T>, Self> {
        Self::attempt(guard, parking_lot::RwLockUpgradableReadGuard::try_upgrade)
    }

    /// Becomes the writer if the other readers are gone within `timeout`.
    ///
    /// # Errors
    /// The guard as it was, if they are not.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[inline]
    pub fn try_upgrade_for(guard: Self, timeout: Duration) -> Result<RwLockWriteGuard<'a, T>, Self> {
        Self::attempt(guard, |inner| parking_lot::RwLockUpgradableReadGuard::try_upgrade_for(inner, timeout))
    }

    /// Becomes the writer if the other readers are gone before `deadline`.
    ///
    /// # Errors
    /// The guard as it was, if they are not.
    ///
    /// # Blocking
    /// Until `deadline` at most.
    #[inline]
    pub fn try_upgrade_until(guard: Self, deadline: Instant) -> Result<RwLockWriteGuard<'a, T>, Self> {
        Self::attempt(guard, |inner| {
            parking_lot::RwLockUpgradableReadGuard::try_upgrade_until(inner, deadline)
        })
    }

    /// Goes on as a plain reader, so that another one may have the upgradable guard.
    #[inline]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let Self { hold, inner } = guard;
        let inner = parking_lot::RwLockUpgradableReadGuard::downgrade(inner);
        RwLockReadGuard { hold: hold.become_mode(Mode::Read), inner }
    }

    /// Releases the lock to the thread that has waited longest, if any does.
    #[inline]
    pub fn unlock_fair(guard: Self) {
        let Self { hold, inner } = guard;
        hold.release();
        parking_lot::RwLockUpgradableReadGuard::unlock_fair(inner);
    }

    #[inline]
    fn attempt(
        guard: Self,
        upgrade: impl FnOnce(
            parking_lot::RwLockUpgradableReadGuard<'a, T>,
        ) -> Result<
            parking_lot::RwLockWriteGuard<'a, T>,
            parking_lot::RwLockUpgradableReadGuard<'a, T>,
        >,
    ) -> Result<RwLockWriteGuard<'a, T>, Self> {
        let Self { hold, inner } = guard;
        match hold.try_upgrade(|| upgrade(inner)) {
            (hold, Ok(inner)) => Ok(RwLockWriteGuard { hold, inner }),
            (hold, Err(inner)) => Err(Self { hold, inner }),
        }
    }
}

/// A [`RwLock`](super::RwLock) that is read, and of which only a part of the value can be reached.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct MappedRwLockReadGuard<'a, T: ?Sized> {
    _hold: Hold<'a>,
    inner: parking_lot::MappedRwLockReadGuard<'a, T>,
}

/// A [`RwLock`](super::RwLock) that is written, and of which only a part of the value can be reached.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct MappedRwLockWriteGuard<'a, T: ?Sized> {
    _hold: Hold<'a>,
    inner: parking_lot::MappedRwLockWriteGuard<'a, T>,
}

/// Every guard shows its value, and is written as its value is.
macro_rules! reads {
    ($($guard:ident)*) => {$(
        impl<T: ?Sized> Deref for $guard<'_, T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.inner
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    )*};
}

/// A writer's guard lets the value be changed, too.
macro_rules! writes {
    ($($guard:ident)*) => {$(
        impl<T: ?Sized> DerefMut for $guard<'_, T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                &mut self.inner
            }
        }
    )*};
}

reads!(RwLockReadGuard RwLockWriteGuard RwLockUpgradableReadGuard MappedRwLockReadGuard MappedRwLockWriteGuard);
writes!(RwLockWriteGuard MappedRwLockWriteGuard);
