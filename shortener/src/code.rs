//! What a link is asked by: its code, the part of an address that cannot be guessed, or a slug that somebody chose.
//!
//! 22 letters and digits out of 57 are 128 bits: enough where the code is the only protection, so
//! every link gets one. Letters that look alike are left out. Codes are never used again.

use kernel::seal::SealError;
use kernel::secret::sha256;
use kernel::{LinkId, SealKey};

const LENGTH: usize = 22;
const ALPHABET: [char; 57] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L',
    'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

/// A link's code.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Code(String);

/// A name somebody chose: lower-case letters, digits and single hyphens between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Slug(String);

/// The last part of a link's path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Code(Code),
    Slug(Slug),
}

const SLUG_CHARS: std::ops::RangeInclusive<usize> = 3..=64;

/// Words that no slug may be: paths beside links, now or one day, and words that would lend a link authority.
const RESERVED: [&str; 32] = [
    "about",
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "dashboard",
    "docs",
    "health",
    "help",
    "internal",
    "invite",
    "login",
    "logout",
    "new",
    "null",
    "oauth",
    "password",
    "preview",
    "public",
    "qr",
    "register",
    "reset-password",
    "robots",
    "security",
    "settings",
    "sign-in",
    "signup",
    "support",
    "tenantry",
];

impl Code {
    /// A new one from the system's random source.
    pub(crate) fn generate() -> Self {
        Self(nanoid::nanoid!(LENGTH, &ALPHABET))
    }

    /// What a guest asks for; `None` when no link can have it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == LENGTH && text.chars().all(|c| ALPHABET.contains(&c));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// What it is looked up by.
    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// The stored form that only its own row opens.
    pub(crate) fn seal(&self, key: &SealKey, link: LinkId) -> Result<Vec<u8>, SealError> {
        key.seal(self.0.as_bytes(), link.uuid().as_bytes())
    }

    /// The code of a stored link.
    pub(crate) fn open(key: &SealKey, link: LinkId, sealed: &[u8]) -> Result<Self, SealError> {
        let bytes = key.open(sealed, link.uuid().as_bytes())?;
        let text = String::from_utf8(bytes).map_err(|_not_text| SealError::Refused)?;
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Slug {
    /// `None` for what no slug can be.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let hyphens = text.starts_with('-') || text.ends_with('-') || text.contains("--");
        let fits = SLUG_CHARS.contains(&text.len()) && text.chars().all(plain) && !hyphens;
        // A code can never be taken for a slug, nor be taken away by one.
        let free = Code::parse(text).is_none() && !RESERVED.contains(&text);
        (fits && free).then(|| Self(text.to_owned()))
    }

    /// What is kept of it for good.
    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Address {
    /// `None` for what leads to no link.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let code = Code::parse(text).map(Self::Code);
        code.or_else(|| Slug::parse(text).map(Self::Slug))
    }

    /// Path of the page that shows the link.
    pub(crate) fn path(&self) -> String {
        let text = match self {
            Self::Code(code) => code.as_str(),
            Self::Slug(slug) => slug.as_str(),
        };
        format!("/s/{text}")
    }

    /// Whether it can be guessed: who asks by a slug is told no more than that there is nothing.
    pub(crate) fn can_be_guessed(&self) -> bool {
        matches!(self, Self::Slug(_))
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use kernel::Ids;

    use super::*;

    #[test]
    fn codes_are_unlike_each_other_and_parse_back() {
        let codes: HashSet<String> = (0..1000).map(|_| Code::generate().0).collect();
        assert_eq!(codes.len(), 1000);
        assert!(codes.iter().all(|code| Code::parse(code).is_some()));
        assert!(Code::parse("assets").is_none());
        assert!(Code::parse(&"0".repeat(LENGTH)).is_none());
    }

    #[test]
    fn alphabet_is_large_enough_and_free_of_repetition() {
        assert_eq!(
            ALPHABET.iter().collect::<HashSet<_>>().len(),
            ALPHABET.len()
        );
        let bits = f64::log2(57.0) * 22.0;
        assert!(bits >= 126.0, "{bits}");
    }

    #[test]
    fn slugs_are_plain_words_that_mean_nothing_else() {
        for text in ["q3-report", "abc", "2026", &"a".repeat(64)] {
            assert!(Slug::parse(text).is_some(), "{text}");
        }
        let code = Code::generate();
        for text in [
            "ab",
            "Report",
            "a--b",
            "-ab",
            "ab-",
            "a_b",
            "a/b",
            "a.b",
            "ärger",
            "assets",
            "login",
            "",
            &"a".repeat(65),
            code.as_str(),
            "2222222222222222222222",
        ] {
            assert!(Slug::parse(text).is_none(), "{text}");
        }
        assert!(matches!(
            Address::parse(code.as_str()),
            Some(Address::Code(_))
        ));
        assert!(matches!(
            Address::parse("q3-report"),
            Some(Address::Slug(_))
        ));
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn sealed_code_opens_in_its_own_row_alone() {
        let key = SealKey::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let (link, other) = (Ids::system().next(), Ids::system().next());
        let code = Code::generate();
        let sealed = code.seal(&key, link).unwrap();
        assert_eq!(Code::open(&key, link, &sealed).unwrap(), code);
        assert!(Code::open(&key, other, &sealed).is_err());
    }
}
