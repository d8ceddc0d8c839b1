//! The code of a link: the part of its address that cannot be guessed.
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
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code(String);

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

    /// Path of the page that shows the link.
    pub(crate) fn path(&self) -> String {
        format!("/s/{}", self.0)
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
    fn sealed_code_opens_in_its_own_row_alone() {
        let key = SealKey::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let (link, other) = (Ids::system().next(), Ids::system().next());
        let code = Code::generate();
        let sealed = code.seal(&key, link).unwrap();
        assert_eq!(Code::open(&key, link, &sealed).unwrap(), code);
        assert!(Code::open(&key, other, &sealed).is_err());
    }
}
