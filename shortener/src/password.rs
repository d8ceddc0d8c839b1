//! What the password of a link can be.

use passwords::Password;

/// Sixty guesses an hour reach a shorter one in a holiday.
const MIN_CHARS: usize = 8;
/// Longer ones cost us more than they cost a guesser.
const MAX_BYTES: usize = 128;

/// Whether any link can have it.
pub(crate) fn is_possible(password: &Password) -> bool {
    let text = password.as_str();
    text.chars().count() >= MIN_CHARS && text.len() <= MAX_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_endless_passwords_are_impossible() {
        for (text, possible) in [
            ("1234567", false),
            ("12345678", true),
            (&*"x".repeat(MAX_BYTES), true),
            (&*"x".repeat(MAX_BYTES + 1), false),
        ] {
            assert_eq!(is_possible(&text.into()), possible, "{text}");
        }
    }
}
