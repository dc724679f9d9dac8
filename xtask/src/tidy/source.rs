//! Rust source with its comments and literals blanked, so that a word found in it is code.

/// The code of `text`: comments, strings and characters are spaces, lines stay where they are.
pub(super) fn code(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let (keep, length) = match first {
            '/' if rest.starts_with("//") => (false, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (false, block_comment(rest)),
            '"' => (false, string(rest)),
            '\'' => character(rest).map_or((true, 1), |length| (false, length)),
            'a'..='z' | 'A'..='Z' | '_' | '0'..='9' => word(rest),
            _ => (true, first.len_utf8()),
        };
        let (taken, later) = rest.split_at(length);
        if keep {
            code.push_str(taken);
        } else {
            code.extend(taken.chars().map(|char| if char == '\n' { '\n' } else { ' ' }));
        }
        rest = later;
    }
    code
}

/// True when `word` stands in `code` and is not a part of a longer one.
pub(super) fn has_word(code: &str, word: &str) -> bool {
    let part = |char: char| char.is_alphanumeric() || char == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part))
}

/// Comments nest.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < text.len() {
        let step = if text[at..].starts_with("/*") {
            depth += 1;
            2
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            2
        } else {
            text[at..].chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string that starts with its quote.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next()?;
        return chars.find(|(_, char)| *char == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, char)| *char == '\'').map(|(at, _)| at + 1)
}

/// A word is kept, unless it is the prefix of a raw string, which goes with it.
fn word(text: &str) -> (bool, usize) {
    let length = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
    let after = &text[length..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    if ["r", "br", "cr"].contains(&&text[..length]) && after[hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let start = length + hashes + 1;
        let end = text[start..].find(&close).map_or(text.len(), |at| start + at + close.len());
        return (false, end);
    }
    (true, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        for text in [
            "// word",
            "/* word /* word */ word */",
            r#""word \" word""#,
            r##"r#"word " word"#"##,
            "\"word\n word\"",
        ] {
            assert!(!code(text).contains("word"), "{text}");
            assert_eq!(code(text).lines().count(), text.lines().count());
        }
    }

    #[test]
    fn code_around_them_stays() {
        let code =
            code("fn f<'a>(x: &'a str) -> char { '\"' } // no\nlet y = '\\''; /* no */ unsafe { g(\"no\") }");
        assert!(code.contains("&'a str"), "{code}");
        assert!(code.contains("let y ="), "{code}");
        assert!(has_word(&code, "unsafe") && !code.contains("no"), "{code}");
    }

    #[test]
    fn a_part_of_a_word_is_no_word() {
        assert!(!has_word("forbid(unsafe_code)", "unsafe"));
        assert!(has_word("#[unsafe(no_mangle)]", "unsafe"));
    }

    #[test]
    fn text_that_ends_too_early_ends_the_scan() {
        for text in ["\"open", "/* open", "r#\"open", "'", "'\\"] {
            assert_eq!(code(text).chars().count(), text.chars().count());
        }
    }
}
