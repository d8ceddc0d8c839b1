//! What a new password must be like: long enough, and not one that everybody tries first (NIST SP 800-63B §3.1.1).

use passwords::{Password, is_common};

const MIN_CHARS: usize = 10;
const MAX_CHARS: usize = 128;

/// Rule for a new password.
pub(crate) fn acceptable<C>(password: &Password, context: &C) -> garde::Result {
    bounded(password, context)?;
    let text = password.as_str();
    if text.chars().count() < MIN_CHARS {
        return Err(refusal(format!(
            "must have at least {MIN_CHARS} characters"
        )));
    }
    let mut characters = text.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) || is_common(text) {
        return Err(refusal("is one of the passwords that are tried first"));
    }
    Ok(())
}

/// Rule for a password that is only to be checked: no more than any account can have.
pub(crate) fn bounded<C>(password: &Password, _: &C) -> garde::Result {
    if password.as_str().chars().count() > MAX_CHARS {
        return Err(refusal(format!("must have at most {MAX_CHARS} characters")));
    }
    Ok(())
}

fn refusal(text: impl std::fmt::Display) -> garde::Error {
    garde::Error::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> bool {
        acceptable(&Password::from(text), &()).is_ok()
    }

    #[test]
    fn long_and_uncommon_passwords_are_taken() {
        for good in [
            "correct horse",
            "tyger tyger",
            &"ab".repeat(64),
            "пароль-пароль",
        ] {
            assert!(taken(good), "{good}");
        }
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for bad in [
            "",
            "123456789",
            "1234567890",
            "Password123",
            "Liverpool1",
            "zzzzzzzzzzzz",
            &"ab".repeat(65),
        ] {
            assert!(!taken(bad), "{bad}");
        }
    }
}
