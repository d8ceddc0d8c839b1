//! Rules for text fields, for use with `#[garde(custom(..))]`, and for text that goes into a file.
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

/// A cell of a CSV file that a spreadsheet does not take for a formula, whoever wrote it (OWASP, CSV injection).
pub fn harmless(cell: String) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{cell}"),
        false => cell,
    }
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
    fn cell_that_a_spreadsheet_would_run_is_text() {
        for (cell, written) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("Ada = Eve", "Ada = Eve"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell.to_owned()), written);
        }
    }

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
