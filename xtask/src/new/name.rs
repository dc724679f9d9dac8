//! The name of a new crate, in all its spellings.

use crate::error::Error;

/// `par-my-thing` and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// `par-my-thing`.
    pub(super) krate: String,
    /// `my-thing`: the paradigm.
    pub(super) kebab: String,
    /// `my_thing`.
    pub(super) snake: String,
    /// `MyThing`.
    pub(super) pascal: String,
}

impl Name {
    /// Reads a crate's name.
    ///
    /// # Errors
    /// It is not `par-` and words of lower-case letters and digits between single hyphens.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let kebab = text
            .strip_prefix("par-")
            .filter(|rest| rest.split('-').all(is_word) && rest.starts_with(|first: char| first.is_alphabetic()))
            .filter(|rest| rest.len() <= 40)
            .ok_or_else(|| {
                Error::Usage(format!(
                    "`{}` is no name for a paradigm crate: par- and lower-case words with hyphens, e.g. par-foo",
                    text.escape_debug()
                ))
            })?;
        let pascal = kebab.split('-').map(capitalised).collect();
        Ok(Self { krate: text.to_owned(), kebab: kebab.to_owned(), snake: kebab.replace('-', "_"), pascal })
    }

    /// The bench program's name.
    pub(super) fn bench(&self) -> String {
        format!("bench-{}", self.kebab)
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_four_spellings() {
        let name = Name::parse("par-my-thing2").unwrap();
        assert_eq!((name.kebab.as_str(), name.snake.as_str()), ("my-thing2", "my_thing2"));
        assert_eq!((name.pascal.as_str(), name.bench().as_str()), ("MyThing2", "bench-my-thing2"));
    }

    #[test]
    fn other_names_are_refused() {
        let long = format!("par-{}", "a".repeat(41));
        for bad in
            ["", "foo", "par-", "par_foo", "par-Foo", "par--foo", "par-foo-", "par-2d", "par-a/../b", &long]
        {
            let error = Name::parse(bad).unwrap_err();
            assert!(matches!(error, Error::Usage(_)) && error.to_string().contains("par-foo"), "{bad}");
        }
    }
}
