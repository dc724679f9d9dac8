//! A buffer that moves as a whole.

use std::any::Any;

use super::Datum;

/// A buffer on its way: a `Vec<T>` of some [`Datum`].
pub trait Parcel: Any + Send {
    /// Its bytes.
    fn bytes(&self) -> &[u8];

    /// Its bytes, to be written.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// The vector itself, to be downcast.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

impl<T: Datum> Parcel for Vec<T> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(self)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

impl dyn Parcel {
    /// The vector itself, without a copy, if it is one of `T`.
    ///
    /// # Errors
    /// The parcel again, if it is a vector of something else.
    ///
    /// # Panics
    /// Never: the type is known when it is taken out.
    pub fn into_vec<T: Datum>(self: Box<Self>) -> Result<Vec<T>, Box<dyn Parcel>> {
        let contents: &dyn Any = &*self;
        if !contents.is::<Vec<T>>() {
            return Err(self);
        }
        Ok(*self.into_any().downcast().expect("the type was asked for before"))
    }
}
