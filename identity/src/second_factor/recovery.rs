//! Codes for the day the device is lost: ten, each once, 80 bits each, so that their plain hashes are enough.

use httpkit::Problem;
use kernel::UserId;
use kernel::secret::{RandomError, fill, sha256};
use sea_orm::ConnectionTrait;

use super::store;

const CODES: usize = 10;
const CHARS: usize = 16;
const GROUP: usize = 4;
/// Crockford's base 32: no letter that is read as a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes a new set in place of the old one; shown once.
pub(super) async fn replace(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<String>, Problem> {
    let codes: Result<Vec<String>, RandomError> = (0..CODES).map(|_| generate()).collect();
    let codes = codes.map_err(Problem::internal)?;
    let hashes = codes.iter().map(|code| hash(code)).collect();
    store::replace_codes(db, user, hashes).await?;
    Ok(codes)
}

fn generate() -> Result<String, RandomError> {
    let mut bytes = [0; CHARS];
    fill(&mut bytes)?;
    let letter = |byte: &u8| {
        ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .map(char::from)
    };
    let groups = bytes.chunks(GROUP);
    let groups: Vec<String> = groups
        .map(|group| group.iter().filter_map(letter).collect())
        .collect();
    Ok(groups.join("-"))
}

/// The hash of a code as somebody typed it.
pub(super) fn hash(code: &str) -> [u8; 32] {
    let plain = code.chars().filter(char::is_ascii_alphanumeric);
    let plain = plain.map(|letter| match letter.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    });
    sha256(plain.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_are_read_however_they_are_typed() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), CHARS + CHARS / GROUP - 1);
        let typed = one.to_uppercase().replace('-', " ").replace('0', "O");
        assert_eq!(hash(&typed.replace('1', "l")), hash(&one));
        assert_ne!(hash(&two), hash(&one));
    }
}
