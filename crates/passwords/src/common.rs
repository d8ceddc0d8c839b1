//! Passwords that everybody tries first, of ten characters and more.
//!
//! Kept as the first five bytes of each one's SHA-256, sorted: 40 bits tell a password that is not among them from one
//! that is but for one time in nine million. `scripts/common_passwords.py` makes the list; `common.md` names its
//! sources.

use sha2::{Digest, Sha256};

const HASH_BYTES: usize = 5;
static HASHES: &[u8] = include_bytes!("common.bin");

/// Whether the password is one of the common ones, in whatever case. Allocates nothing: no copy is left behind.
pub fn is_common(password: &str) -> bool {
    let hash = hash(password);
    let (hashes, _) = HASHES.as_chunks::<HASH_BYTES>();
    hashes.binary_search(&hash).is_ok()
}

fn hash(password: &str) -> [u8; HASH_BYTES] {
    let mut hasher = Sha256::new();
    for character in password.chars().flat_map(char::to_lowercase) {
        hasher.update(character.encode_utf8(&mut [0; 4]));
    }
    let whole = hasher.finalize();
    std::array::from_fn(|place| whole.get(place).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_sorted_and_has_nothing_twice() {
        let (hashes, rest) = HASHES.as_chunks::<HASH_BYTES>();
        assert!(rest.is_empty());
        assert!(hashes.len() > 110_000, "{}", hashes.len());
        assert!(hashes.is_sorted_by(|one, next| one < next));
        // False alarms: as many in 2^40 as there are hashes.
        let one_in = (1_u64 << 40) / u64::try_from(hashes.len()).unwrap();
        assert!(one_in > 9_000_000, "one in {one_in}");
    }

    #[test]
    fn common_passwords_are_found_in_any_case() {
        for common in [
            "1234567890",
            "qwertyuiop",
            "Password123",
            "1Q2W3E4R5T",
            "iloveyou123",
            "liverpool1",
            "manchester",
            "football123",
            "princess123",
            "vjht29061987",
        ] {
            assert!(is_common(common), "{common}");
        }
    }

    #[test]
    fn others_are_not() {
        for other in [
            "",
            "correct horse",
            "tyger tyger",
            "пароль-пароль",
            "İstanbul'da bir gün",
        ] {
            assert!(!is_common(other), "{other}");
        }
        let found = (0..100_000).filter(|n| is_common(&format!("no such password {n}")));
        assert_eq!(found.count(), 0);
    }
}
