//! What two listings do not have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

/// One object that is not as in the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its name.
    pub object: String,
    /// As it should be; none for an object too many.
    pub expected: Option<String>,
    /// As it is; none for one that is missing.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    /// `-` as it should be, `+` as it is; of long definitions the lines that differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |text: &Option<String>| -> Vec<String> {
            let text = text.as_deref().unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        };
        let (expected, found) = (lines(&self.expected), lines(&self.found));
        if expected.len() <= 1 && found.len() <= 1 {
            let side = |f: &mut fmt::Formatter<'_>, sign, text: &Option<String>| match text {
                Some(text) if text.is_empty() => writeln!(f, "{sign} {}", self.object),
                Some(text) => writeln!(f, "{sign} {}: {text}", self.object),
                None => Ok(()),
            };
            side(f, '-', &self.expected)?;
            return side(f, '+', &self.found);
        }
        writeln!(f, "  {}", self.object)?;
        let same = |pair: &(&String, &String)| pair.0 == pair.1;
        let before = expected.iter().zip(&found).take_while(same).count();
        let shorter = expected.len().min(found.len()) - before;
        let after = expected
            .iter()
            .rev()
            .zip(found.iter().rev())
            .take(shorter)
            .take_while(same)
            .count();
        for (sign, lines) in [('-', &expected), ('+', &found)] {
            for line in lines.iter().take(lines.len() - after).skip(before) {
                writeln!(f, "{sign}   {line}")?;
            }
        }
        Ok(())
    }
}

pub(super) fn between(
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let pair = |name: &String| (expected.get(name).cloned(), found.get(name).cloned());
    names
        .into_iter()
        .filter_map(|name| match pair(name) {
            (expected, found) if expected == found => None,
            (expected, found) => Some(Difference {
                object: name.clone(),
                expected,
                found,
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_shown() {
        let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
            pairs.iter().map(owned).collect()
        };
        let expected = of(&[
            ("column a.b", "text not null"),
            ("column a.c", "text"),
            ("function f()", "begin\n  one;\n  two;\nend"),
            ("index i", "create index i on a (b)"),
        ]);
        let found = of(&[
            ("column a.b", "text"),
            ("column a.c", "text"),
            ("function f()", "begin\n  one;\n  three;\nend"),
            ("table extra", ""),
        ]);
        let text: String = between(&expected, &found)
            .iter()
            .map(ToString::to_string)
            .collect();
        let diff = "- column a.b: text not null\n+ column a.b: text\n  function f()\n-     two;\n+     three;\n\
            - index i: create index i on a (b)\n+ table extra\n";
        assert_eq!(text, diff);
    }
}
