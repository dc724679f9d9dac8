//! The deserialiser that answers every question and writes it down.

use std::fmt::{self, Write};

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

/// More variants than this are named, but not looked into.
pub(super) const MOST_PASSES: usize = 64;
/// A recursive type is followed this far.
const MOST_DEPTH: usize = 12;
/// A type that refers to itself many times is written down this far, in bytes.
const MOST_TEXT: usize = 1 << 16;

/// What one pass has seen.
pub(super) struct Trace {
    pub(super) text: String,
    /// The number of variants of the largest enum.
    pub(super) most_variants: usize,
    pass: usize,
    depth: usize,
}

/// Traces a type, taking variant `pass` (modulo their number) of every enum.
pub(super) fn trace<V: DeserializeOwned>(pass: usize) -> Trace {
    let mut trace = Trace { text: String::new(), most_variants: 0, pass, depth: 0 };
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

struct Tracer<'t>(&'t mut Trace);

impl Tracer<'_> {
    fn note(&mut self, what: fmt::Arguments<'_>) {
        self.0.text.write_fmt(what).expect("writing to a String cannot fail");
    }

    /// Goes one level down, unless that is too deep.
    fn nested<R>(&mut self, f: impl FnOnce(&mut Trace) -> Result<R, Stopped>) -> Result<R, Stopped> {
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
}

macro_rules! primitives {
    ($($method:ident $visit:ident $name:literal $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
            self.note(format_args!("{},", $name));
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
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
        self.nested(|trace| visitor.visit_newtype_struct(Tracer(trace)))
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("option"));
        if self.0.depth == MOST_DEPTH {
            return visitor.visit_none();
        }
        self.nested(|trace| visitor.visit_some(Tracer(trace)))
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("seq"));
        self.nested(|trace| visitor.visit_seq(Elements { trace, left: 1, names: &[] }))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.note(format_args!("map"));
        self.nested(|trace| visitor.visit_map(Elements { trace, left: 1, names: &[] }))
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
        self.note(format_args!("{name}"));
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.note(format_args!("{name}"));
        self.nested(|trace| visitor.visit_seq(Elements { trace, left: fields.len(), names: fields }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let Some(chosen) = self.0.pass.checked_rem(variants.len()) else { return Err(Stopped) };
        self.0.most_variants = self.0.most_variants.max(variants.len());
        self.note(format_args!("{name}[{}]:{chosen}", variants.join("/")));
        self.nested(|trace| visitor.visit_enum(Variant { trace, chosen: chosen as u32 }))
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
struct Elements<'t> {
    trace: &'t mut Trace,
    left: usize,
    /// The names of the elements that are still to come, for structs.
    names: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Elements<'_> {
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

impl<'de> MapAccess<'de> for Elements<'_> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stopped> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stopped> {
        seed.deserialize(Tracer(self.trace))
    }
}

/// One variant of an enum.
struct Variant<'t> {
    trace: &'t mut Trace,
    chosen: u32,
}

impl<'de, 't> EnumAccess<'de> for Variant<'t> {
    type Error = Stopped;
    type Variant = Tracer<'t>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Tracer<'t>), Stopped> {
        let index: U32Deserializer<Stopped> = self.chosen.into_deserializer();
        Ok((seed.deserialize(index)?, Tracer(self.trace)))
    }
}

impl<'de> VariantAccess<'de> for Tracer<'_> {
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
