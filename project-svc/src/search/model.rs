//! Rules of search: what a question looks for, and where an answer has it.

use std::ops::Range;

use kernel::TaskKey;

use super::view::Part;

/// Words and phrases of one question; further ones are passed over.
const MAX_TERMS: usize = 16;

/// A word, or words that must stand side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) text: String,
    pub(super) phrase: bool,
}

/// A question in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) terms: Vec<Term>,
    /// The task that the question names, if it is nothing but a key.
    pub(super) key: Option<TaskKey>,
}

impl Question {
    /// Any text is a question: quotes make phrases, one that is not closed reaches to the end.
    pub(super) fn read(text: &str) -> Self {
        let mut terms = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            if index % 2 == 1 {
                let text = part.trim().to_owned();
                terms.push(Term { text, phrase: true });
            } else {
                terms.extend(part.split_whitespace().map(|word| Term {
                    text: word.to_owned(),
                    phrase: false,
                }));
            }
        }
        terms.retain(|term| !term.text.is_empty());
        terms.truncate(MAX_TERMS);
        let key = text.trim().to_ascii_uppercase().parse().ok();
        Self { terms, key }
    }

    /// The words in lower case, to be found in texts.
    pub(super) fn words(&self) -> Vec<String> {
        let words = self.terms.iter().flat_map(|term| {
            let pieces = term
                .text
                .split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
            pieces.map(str::to_lowercase)
        });
        words.filter(|word| !word.is_empty()).collect()
    }
}

/// The text in parts: those that begin with one of the words, and what is between.
pub(super) fn parts(text: &str, words: &[String]) -> Vec<Part> {
    let (mut parts, mut end) = (Vec::new(), 0);
    let mut push = |range: Range<usize>, hit| {
        let part = text.get(range).unwrap_or_default();
        if !part.is_empty() {
            let text = part.to_owned();
            parts.push(Part { text, hit });
        }
    };
    for hit in hits(text, words) {
        if hit.start >= end {
            push(end..hit.start, false);
            end = hit.end;
            push(hit, true);
        }
    }
    push(end..text.len(), false);
    parts
}

/// Where words stand at the beginning of a word of the text, in order, the longest first.
fn hits(text: &str, words: &[String]) -> Vec<Range<usize>> {
    // A letter may have several in lower case; each knows the bytes of the one it is of.
    let letters: Vec<(char, Range<usize>)> = text
        .char_indices()
        .flat_map(|(at, letter)| {
            let bytes = at..at + letter.len_utf8();
            letter
                .to_lowercase()
                .map(move |lower| (lower, bytes.clone()))
        })
        .collect();
    let mut found = Vec::new();
    let mut inside = false;
    for start in 0..letters.len() {
        let rest = letters.get(start..).unwrap_or_default();
        let Some((first, from)) = rest.first() else {
            break;
        };
        if !inside || stands_alone(*first) {
            let ends = words.iter().filter_map(|word| end_of(word, rest));
            found.extend(ends.max().map(|end| from.start..end));
        }
        inside = first.is_alphanumeric();
    }
    found
}

/// The byte behind the word, if the text begins with it.
fn end_of(word: &str, letters: &[(char, Range<usize>)]) -> Option<usize> {
    let mut end = None;
    let mut letters = letters.iter();
    for letter in word.chars() {
        let (found, bytes) = letters.next()?;
        if *found != letter {
            return None;
        }
        end = Some(bytes.end);
    }
    end
}

/// Signs of scripts that are written without blanks, and symbols: a word may begin at each.
fn stands_alone(letter: char) -> bool {
    !letter.is_alphanumeric()
        || matches!(letter, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let parts = parts(text, &words);
        let plain: String = parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(plain, text);
        let mark = |part: &Part| {
            if part.hit {
                format!("[{}]", part.text)
            } else {
                part.text.clone()
            }
        };
        parts.iter().map(mark).collect()
    }

    #[test]
    fn beginnings_of_words_are_marked_in_any_script() {
        for (text, words, expected) in [
            ("Fix the Engine", vec!["engi"], "Fix the [Engi]ne"),
            ("reengine", vec!["engine"], "reengine"),
            (
                "engine engineer",
                vec!["engine", "engineer"],
                "[engine] [engineer]",
            ),
            ("紧急修理发动机", vec!["修理"], "紧急[修理]发动机"),
            ("go 🚀!", vec!["🚀"], "go [🚀]!"),
            ("ДВИГАТЕЛЬ", vec!["двиг"], "[ДВИГ]АТЕЛЬ"),
            ("إصلاح المحرك", vec!["المحرك"], "إصلاح [المحرك]"),
            ("İstanbul", vec!["x"], "İstanbul"),
            ("", vec!["x"], ""),
            ("<b>x</b>", vec!["b"], "<[b]>x</[b]>"),
        ] {
            assert_eq!(marked(text, &words), expected);
        }
    }

    #[test]
    fn question_is_words_phrases_or_a_key() {
        let question = Question::read(r#"fix "main engine" 修理 "open end"#);
        let texts: Vec<(&str, bool)> = question
            .terms
            .iter()
            .map(|term| (term.text.as_str(), term.phrase))
            .collect();
        assert_eq!(
            texts,
            [
                ("fix", false),
                ("main engine", true),
                ("修理", false),
                ("open end", true)
            ]
        );
        assert_eq!(
            question.words(),
            ["fix", "main", "engine", "修理", "open", "end"]
        );
        assert_eq!(question.key, None);
        assert_eq!(
            Question::read(" apo-12 ").key.unwrap().project.as_str(),
            "APO"
        );
        assert!(Question::read("\"\" \" ").terms.is_empty());
        assert_eq!(Question::read(&"a ".repeat(99)).terms.len(), 16);
    }
}
