//! Text into HTML: everything that comes from outside goes through [`Esc`].

use std::fmt;

/// Displays text with everything escaped that HTML or SVG could take for itself.
pub(super) struct Esc<'a>(pub(super) &'a str);

impl fmt::Display for Esc<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                control if control.is_control() => out.write_str(" ")?,
                other => fmt::Write::write_char(out, other)?,
            }
        }
        Ok(())
    }
}

/// `write!` into a `String`, which cannot fail.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($out, $($format)*);
    }};
}
pub(super) use put;

#[cfg(test)]
mod tests {
    use super::Esc;

    #[test]
    fn nothing_gets_through() {
        let nasty = "<script>\"&'\u{1b}";
        assert_eq!(Esc(nasty).to_string(), "&lt;script&gt;&quot;&amp;&#39; ");
    }
}
