//! What may be sent that is no plain data.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What serde can turn into bytes and back: the elements of messages are [`Datum`](super::Datum), everything else is a
/// value.
pub trait Value: Serialize + DeserializeOwned {}

impl<V: Serialize + DeserializeOwned> Value for V {}
