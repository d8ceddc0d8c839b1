//! Random tokens and their hashes. A token is shown once; only its hash is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

/// Random bytes in a token: 256 bits, far beyond guessing.
const TOKEN_BYTES: usize = 32;

/// The system's random source gave nothing; nothing safe can be made without it.
#[derive(Debug, thiserror::Error)]
#[error("read the system's random source")]
pub struct RandomError(#[from] rand::rand_core::OsError);

/// A new unguessable token, base64url without padding (43 characters).
pub fn random_token() -> Result<String, RandomError> {
    let mut bytes = [0; TOKEN_BYTES];
    fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Fills `bytes` from the system's random source.
pub fn fill(bytes: &mut [u8]) -> Result<(), RandomError> {
    Ok(OsRng.try_fill_bytes(bytes)?)
}

/// SHA-256. Enough for tokens of full entropy; passwords need argon2id.
pub fn sha256(data: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(data).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_have_full_length() {
        let (one, two) = (random_token().unwrap(), random_token().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 43);
    }
}
