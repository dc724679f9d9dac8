//! The shape of a type, as a hash: what keeps two versions of a program from misreading each other.
//!
//! A type's shape is what its `Deserialize` asks for. So it is traced: a deserialiser that answers every question with
//! a harmless value (1, `"a"`, one element) writes the questions down: primitive types, names of structs and fields,
//! lengths of tuples, names of variants. Each pass takes another variant of every enum, until all have been seen.
//! A type that contains itself is followed a few times; then sequences and options are empty, and an enum takes a
//! variant that ends.
//! A type that rejects the harmless values is traced as far as it goes, which is the same on both sides; of what follows
//! it in a struct only the names of the fields count.

mod tracer;

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;

use serde::de::DeserializeOwned;

use crate::Task;

/// The hash of a task's name, input and output types.
pub(crate) fn of_task<T: Task>() -> u64 {
    thread_local! {
        // Tracing takes microseconds, and a task may be sent a million times.
        static KNOWN: RefCell<HashMap<TypeId, u64>> = RefCell::default();
    }
    let known = KNOWN.with_borrow(|known| known.get(&TypeId::of::<T>()).copied());
    known.unwrap_or_else(|| {
        let text = format!("{}({})->{}", T::NAME, shape::<T>(), shape::<T::Output>());
        let hash = fnv1a(text.as_bytes());
        KNOWN.with_borrow_mut(|known| known.insert(TypeId::of::<T>(), hash));
        hash
    })
}

/// The shape of a type, as text.
fn shape<V: DeserializeOwned>() -> String {
    let mut text = String::new();
    let mut endings = tracer::Endings::new();
    let mut passes = 1;
    let mut pass = 0;
    while pass < passes {
        let trace = tracer::trace::<V>(pass, &mut endings);
        passes = passes.max(trace.most_variants.min(tracer::MOST_PASSES));
        text.push_str(&trace.text);
        text.push('|');
        pass += 1;
    }
    text
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo): the same on every platform and in every version.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Point {
        x: f64,
        y: f64,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the shape matters")]
    enum Shape {
        Circle { centre: Point, radius: NonZeroU32 },
        Polygon(Vec<Point>),
        Nothing,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct List {
        head: u8,
        tail: Option<Box<List>>,
    }

    #[test]
    fn fnv1a_known_answers() {
        // http://www.isthe.com/chongo/tech/comp/fnv/
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_field_and_every_variant_counts() {
        let text = shape::<BTreeMap<String, Shape>>();
        for part in ["map", "str", "Circle", "centre", "x:f64", "radius:u32", "Polygon", "seq", "Nothing"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn different_types_have_different_shapes() {
        let shapes = [
            shape::<u32>(),
            shape::<u64>(),
            shape::<(u32, u32)>(),
            shape::<[u32; 2]>(),
            shape::<Vec<u32>>(),
            shape::<Option<u32>>(),
            shape::<Point>(),
            shape::<String>(),
            shape::<Result<u32, String>>(),
            shape::<()>(),
        ];
        // Arrays are tuples of one type on the wire, so those two may be equal.
        let mut distinct: Vec<_> = shapes.iter().filter(|shape| **shape != shapes[3]).collect();
        distinct.dedup();
        assert_eq!(distinct.len(), 8, "{shapes:#?}");
    }

    #[test]
    fn a_recursive_type_ends() {
        assert!(shape::<List>().contains("tail"));
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Tree {
        children: Vec<Tree>,
        named: BTreeMap<String, Tree>,
        label: String,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the shape matters")]
    enum Expression {
        Sum(Box<Expression>, Box<Expression>),
        Negation { of: Box<Expression> },
        Product(Vec<Expression>),
        Number(f64),
    }

    #[test]
    fn what_follows_a_recursive_type_counts() {
        assert_ne!(shape::<(Tree, u32)>(), shape::<(Tree, u64)>());
        assert_ne!(shape::<(Expression, u32)>(), shape::<(Expression, u64)>());
        assert_ne!(shape::<(List, u32)>(), shape::<(List, u64)>());
        for text in [shape::<Tree>(), shape::<Expression>()] {
            assert!(!text.contains('!'), "the trace gave up: {text}");
            assert!(text.len() < 100_000, "{} bytes", text.len());
        }
    }

    #[test]
    fn names_count_behind_a_field_that_rejects_the_harmless_value() {
        #[derive(Deserialize)]
        #[serde(try_from = "String")]
        struct Picky;

        impl TryFrom<String> for Picky {
            type Error = &'static str;
            fn try_from(_: String) -> Result<Self, Self::Error> {
                Err("it is never right")
            }
        }

        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only the shape matters")]
        struct Behind {
            first: Picky,
            second: u8,
        }
        assert!(shape::<Behind>().contains("second"));
    }

    #[test]
    fn a_generic_type_may_contain_itself() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only the shape matters")]
        struct Wrapper<T> {
            inner: T,
        }
        type Twice<T> = Wrapper<Wrapper<Vec<T>>>;
        assert_ne!(shape::<Twice<u32>>(), shape::<Twice<u64>>());
    }
}
