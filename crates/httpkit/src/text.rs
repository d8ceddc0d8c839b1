//! Rules for text fields, for use with `#[garde(custom(..))]`.
//!
//! [`crate::Json`] refuses control characters everywhere; these say what a name or a paragraph needs beside.

use garde::{Error, Result};

/// One line that shows something: a name, a title.
pub fn line<C>(text: &str, _: &C) -> Result {
    if text.contains(['\n', '\r', '\t']) {
        return Err(Error::new("must be a single line"));
    }
    visible(text)
}

/// The same where the field may be absent.
pub fn optional_line<C>(text: &Option<String>, context: &C) -> Result {
    text.as_deref().map_or(Ok(()), |text| line(text, context))
}

fn visible(text: &str) -> Result {
    if text.trim().is_empty() {
        return Err(Error::new("must not be blank"));
    }
    if text.trim().len() != text.len() {
        return Err(Error::new("must not begin or end with white space"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_visible_line() {
        for good in ["Apollo", "日本語 🚀", "a b"] {
            assert!(line(good, &()).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\nb", " a", "a "] {
            assert!(line(bad, &()).is_err(), "{bad:?}");
        }
    }
}
