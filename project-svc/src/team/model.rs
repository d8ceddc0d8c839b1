//! Words and rules of teams.

use garde::{Error, Result};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use utoipa::ToSchema;

/// Longest slug, in characters.
const SLUG_CHARS: usize = 60;

/// A person's role in a team.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum TeamRole {
    /// Changes the team and who is in it.
    Lead,
    /// Is in it.
    Member,
}

/// The slug that goes with a name; none when nothing of it can be part of one.
pub(super) fn slug_of(name: &str) -> Option<String> {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_CHARS);
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// Small letters, digits, and hyphens between them.
pub(super) fn slug<C>(slug: &Option<String>, _: &C) -> Result {
    let Some(slug) = slug else {
        return Ok(());
    };
    let is_word = |word: &str| {
        let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !word.is_empty() && word.bytes().all(small)
    };
    if slug.len() <= SLUG_CHARS && slug.split('-').all(is_word) {
        return Ok(());
    }
    Err(Error::new(
        "must be small letters and digits with hyphens between, 60 at most",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        for (name, expected) in [
            ("Platform & Tools", Some("platform-tools")),
            ("  QA  ", Some("qa")),
            ("日本語", None),
            ("Équipe 7", Some("quipe-7")),
        ] {
            assert_eq!(slug_of(name).as_deref(), expected, "{name}");
        }
        let long = slug_of(&"ab ".repeat(60)).unwrap();
        assert!(slug(&Some(long), &()).is_ok());
    }

    #[test]
    fn slugs_have_a_form() {
        let is_good = |text: &str| slug(&Some(text.to_owned()), &()).is_ok();
        assert!(is_good("a-1"));
        for bad in ["", "-a", "a-", "a--b", "A", "a b", &"a".repeat(61)] {
            assert!(!is_good(bad), "{bad}");
        }
    }
}
