//! Project keys (`APO`) and the task keys made of them (`APO-12`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Shortest and longest project key, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 2..=10;

/// The short name of a project: upper-case letters and digits, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ProjectKey(String);

/// Text that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 2 to 10 upper-case letters and digits and start with a letter")]
pub struct KeyError;

impl ProjectKey {
    /// A key for a project of this name: the initials of its words, or the beginning of its only
    /// word; `PRJ` where the name has no Latin letters. The caller makes it unique with
    /// [`ProjectKey::numbered`].
    pub fn suggest(name: &str) -> Self {
        let words: Vec<&str> = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
            .collect();
        let letters: String = match words.as_slice() {
            [only] => only.chars().take(3).collect(),
            many => many
                .iter()
                .filter_map(|word| word.chars().next())
                .take(4)
                .collect(),
        };
        letters
            .to_ascii_uppercase()
            .parse()
            .unwrap_or_else(|KeyError| Self("PRJ".to_owned()))
    }

    /// The same key with a number behind it, cut so that both fit.
    #[must_use]
    pub fn numbered(&self, number: u16) -> Self {
        let digits = number.to_string();
        let room = LENGTH.end().saturating_sub(digits.len());
        let stem: String = self.0.chars().take(room).collect();
        Self(stem + &digits)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = LENGTH.contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError)
        }
    }
}

impl TryFrom<String> for ProjectKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for ProjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How people name a task: `APO-12`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskKey {
    /// The project's key.
    pub project: ProjectKey,
    /// The number within the project, from 1.
    pub number: i32,
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.number)
    }
}

impl FromStr for TaskKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (project, number) = text.rsplit_once('-').ok_or(KeyError)?;
        let number: i32 = number
            .parse()
            .map_err(|_not_a_number: std::num::ParseIntError| KeyError)?;
        if number < 1 {
            return Err(KeyError);
        }
        Ok(Self {
            project: project.parse()?,
            number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_suggested_from_names() {
        for (name, key) in [
            ("Apollo", "APO"),
            ("Website relaunch", "WR"),
            ("the quick brown fox jumps", "TQBF"),
            ("x", "PRJ"),
            ("日本語", "PRJ"),
            ("2024 budget", "BUD"),
        ] {
            assert_eq!(ProjectKey::suggest(name).as_str(), key, "{name}");
        }
    }

    #[test]
    fn numbered_key_stays_a_key() {
        let key: ProjectKey = "ABCDEFGHIJ".parse().unwrap();
        assert_eq!(key.numbered(12).as_str(), "ABCDEFGH12");
        assert!(
            key.numbered(u16::MAX)
                .as_str()
                .parse::<ProjectKey>()
                .is_ok()
        );
    }

    #[test]
    fn task_key_reads_back() {
        let key: TaskKey = "APO-12".parse().unwrap();
        assert_eq!((key.project.as_str(), key.number), ("APO", 12));
        assert_eq!(key.to_string(), "APO-12");
        for bad in ["APO", "APO-0", "APO--1", "apo-1", "-1", "APO-99999999999"] {
            assert!(bad.parse::<TaskKey>().is_err(), "{bad}");
        }
    }
}
