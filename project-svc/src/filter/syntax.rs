//! What a filter is written as, before anything is known of its words: the tree that [`super::grammar`] reads.

use std::fmt;

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// All of these hold.
    And(Vec<Node>),
    /// One of these holds.
    Or(Vec<Node>),
    /// This does not hold.
    Not(Box<Node>),
    /// `field:value,value`.
    Term(Term),
    /// A word or phrase to be found in the text.
    Text(Word),
}

/// A field with what it is compared to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// The name before the colon.
    pub(super) field: Word,
    /// How it is compared.
    pub(super) comparison: Comparison,
    /// With one of these.
    pub(super) values: Vec<Word>,
}

/// Something written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Without the quotes.
    pub(super) text: String,
    /// Whether it stood in quotes: then it is never a word with a meaning of its own.
    pub(super) quoted: bool,
    /// Bytes before it.
    pub(super) at: usize,
}

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Bytes before the place.
    pub(super) at: usize,
    /// What is wrong there.
    pub(super) why: String,
}

impl Refused {
    pub(super) fn new(at: usize, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { at, why }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
