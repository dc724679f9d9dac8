//! The deserialiser that answers every question and writes it down.

use std::collections::HashMap;
use std::fmt::{self, Write};

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

/// More variants than this are named, but not looked into.
pub(super) const MOST_PASSES: usize = 64;
/// A type that contains itself is followed this often; a generic one may contain itself without end of recursion.
const MOST_LAPS: usize = 3;
/// From here on, in bytes, sequences and options of a type that branches much are taken to be empty.
const MUCH_TEXT: usize = 1 << 16;
/// Nothing is written down beyond this, in bytes, nor deeper than this: what follows does not count.
const MOST_TEXT: usize = 1 << 20;
const MOST_DEPTH: usize = 256;

/// For each enum, the variant in which a recursion through it can end, as far as one has been seen.
pub(super) type Endings = HashMap<&'static str, usize>;

/// What one pass has seen.
pub(super) struct Trace<'e> {
    pub(super) text: String,
    /// The number of variants of the largest enum.
    pub(super) most_variants: usize,
    pass: usize,
    depth: usize,
    /// The named types that the trace is in, from the outermost.
    open: Vec<&'static str>,
    /// How often a type was entered that the trace was in already.
    recursions: usize,
    endings: &'e mut Endings,
}

impl Trace<'_> {
    /// How often the trace is in the type `name`.
    fn laps(&self, name: &str) -> usize {
        self.open.iter().filter(|open| **open == name).count()
    }

    /// Whether what may be empty is to be empty, so that the trace ends.
    fn is_enough(&self) -> bool {
        self.text.len() > MUCH_TEXT || self.open.last().is_some_and(|name| self.laps(name) > MOST_LAPS)
    }
}

/// Traces a type, taking variant `pass` (modulo their number) of every enum.
pub(super) fn trace<V: DeserializeOwned>(pass: usize, endings: &mut Endings) -> Trace<'_> {
    let (text, open) = (String::new(), Vec::new());
    let mut trace = Trace { text, most_variants: 0, pass, depth: 0, open, recursions: 0, endings };
    if let Err(Stopped) = V::deserialize(Tracer(&mut trace)) {
        trace.text.push('!');
    }
    trace
}

/// The type rejected a harmless value, or is too deep.
#[derive(Debug, thiserror::Error)]
#[error("the trace ends here")]
pub(super) struct Stopped;

impl Error for Stopped {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Tracer<'t, 'e>(&'t mut Trace<'e>);

impl<'e> Tracer<'_, 'e> {
    fn note(&mut self, what: fmt::Arguments<'_>) {
        self.0.text.write_fmt(what).expect("writing to a String cannot fail");
    }

    /// Goes one level down, unless that is too deep.
    fn nested<R>(&mut self, f: impl FnOnce(&mut Trace<'e>) -> Result<R, Stopped>) -> Result<R, Stopped> {
        if self.0.depth == MOST_DEPTH || self.0.text.len() > MOST_TEXT {
            return Err(Stopped);
        }
        self.0.depth += 1;
        self.0.text.push('{');
        let result = f(self.0);
        self.0.text.push('}');
        self.0.depth -= 1;
        result
    }

    /// Goes into a named type.
    fn named<R>(
        &mut self,
        name: &'static str,
        f: impl FnOnce(&mut Trace<'e>) -> Result<R, Stopped>,
    ) -> Result<R, Stopped> {
        // The fields of a variant have no name of their own.
        if name.is_empty() {
            return self.nested(f);
        }
        self.0.recursions += usize::from(self.0.laps(name) > 0);
        self.0.open.push(name);
        let result = self.nested(f);
        self.0.open.pop();
        result
    }

    /// Which variant of an enum to take.
    fn choose(&self, name: &str, variants: usize) -> Option<usize> {
        let laps = self.0.laps(name);
        if laps < MOST_LAPS && self.0.text.len() <= MUCH_TEXT {
            return self.0.pass.checked_rem(variants);
        }
        // Out of the recursion; or on the way to find out which variant leads there.
        self.0.endings.get(name).copied().or_else(|| (self.0.pass + laps).checked_rem(variants))
    }
}

macro_rules! primitives {
    ($($method:ident $visit:ident $name:literal $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
            self.note(format_args!("{},", $name));
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_, '_> {
    type Error = Stopped;

    primitives! {
        deserialize_bool visit_bool "bool" true;
        deserialize_i8 visit_i8 "i8" 1;
        deserialize_i16 visit_i16 "i16" 1;
        deserialize_i32 visit_i32 "i32" 1;
        deserialize_i64 visit_i64 "i64" 1;
        deserialize_i128 visit_i128 "i128" 1;
        deserialize_u8 visit_u8 "u8" 1;
        deserialize_u16 visit_u16 "u16" 1;
        deserialize_u32 visit_u32 "u32" 1;
        deserialize_u64 visit_u64 "u64" 1;
        deserialize_u128 visit_u128 "u128" 1;
        deserialize_f32 visit_f32 "f32" 1.0;
        deserialize_f64 visit_f64 "f64" 1.0;
        deserialize_char visit_char "char" 'a';
        deserialize_str visit_borrowed_str "str" "a";
        deserialize_string visit_borrowed_str "str" "a";
        deserialize_bytes visit_borrowed_bytes "bytes" b"a";
        deserialize_byte_buf visit_borrowed_bytes "bytes" b"a";
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("unit,"));
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.note(format_args!("{name},"));
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.note(format_args!("{name}"));
        self.named(name, |trace| visitor.visit_newtype_struct(Tracer(trace)))
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("option"));
        if self.0.is_enough() {
            return visitor.visit_none();
        }
        self.nested(|trace| visitor.visit_some(Tracer(trace)))
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("seq"));
        let left = usize::from(!self.0.is_enough());
        self.nested(|trace| visitor.visit_seq(Elements { trace, left, names: &[] }))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("map"));
        let left = usize::from(!self.0.is_enough());
        self.nested(|trace| visitor.visit_map(Elements { trace, left, names: &[] }))
    }

    fn deserialize_tuple<V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("tuple{length}"));
        self.nested(|trace| visitor.visit_seq(Elements { trace, left: length, names: &[] }))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.note(format_args!("{name}tuple{length}"));
        self.named(name, |trace| visitor.visit_seq(Elements { trace, left: length, names: &[] }))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        // All names at once: a field that rejects its harmless value hides those behind it.
        self.note(format_args!("{name}({})", fields.join("/")));
        self.named(name, |trace| visitor.visit_seq(Elements { trace, left: fields.len(), names: fields }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let Some(chosen) = self.choose(name, variants.len()) else { return Err(Stopped) };
        self.0.most_variants = self.0.most_variants.max(variants.len());
        self.note(format_args!("{name}[{}]:{chosen}", variants.join("/")));
        let value = self.named(name, |trace| {
            let inside = trace.recursions;
            let value = visitor.visit_enum(Variant { trace: &mut *trace, chosen: chosen as u32 })?;
            Ok((value, trace.recursions == inside))
        });
        let (value, ends) = value?;
        if ends {
            self.0.endings.entry(name).or_insert(chosen);
        }
        Ok(value)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_str(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, _: V) -> Result<V::Value, Stopped> {
        // A self-describing type has no shape that postcard could carry.
        self.note(format_args!("any,"));
        Err(Stopped)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The elements of a sequence, tuple, struct or map.
struct Elements<'t, 'e> {
    trace: &'t mut Trace<'e>,
    left: usize,
    /// The names of the elements that are still to come, for structs.
    names: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Stopped;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stopped> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if let Some((name, rest)) = self.names.split_first() {
            self.names = rest;
            self.trace.text.push_str(name);
            self.trace.text.push(':');
        }
        seed.deserialize(Tracer(self.trace)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, '_> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stopped> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stopped> {
        seed.deserialize(Tracer(self.trace))
    }
}

/// One variant of an enum.
struct Variant<'t, 'e> {
    trace: &'t mut Trace<'e>,
    chosen: u32,
}

impl<'de, 't, 'e> EnumAccess<'de> for Variant<'t, 'e> {
    type Error = Stopped;
    type Variant = Tracer<'t, 'e>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Stopped> {
        let index: U32Deserializer<Stopped> = self.chosen.into_deserializer();
        Ok((seed.deserialize(index)?, Tracer(self.trace)))
    }
}

impl<'de> VariantAccess<'de> for Tracer<'_, '_> {
    type Error = Stopped;

    fn unit_variant(self) -> Result<(), Stopped> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Stopped> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.deserialize_struct("", fields, visitor)
    }
}
