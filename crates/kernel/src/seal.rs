//! Secrets at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a key from the environment.
//!
//! A sealed value is `key id length ‖ key id ‖ nonce ‖ ciphertext`, and is bound to a context, so that
//! a value copied into another row does not open.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::secret;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// A sealing key with its id.
#[derive(Clone)]
pub struct SealKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The setting is not `<key id>:<base64 of 32 bytes>`.
    #[error("seal key must be `<key id>:<base64 of 32 bytes>`")]
    Malformed,
    /// The value was sealed under another key.
    #[error("sealed under key `{0}`, which is not the one at hand")]
    OtherKey(String),
    /// Cut, changed, or sealed for another context.
    #[error("sealed value is damaged or belongs elsewhere")]
    Refused,
    /// No nonce could be drawn.
    #[error(transparent)]
    Random(#[from] secret::RandomError),
}

impl SealKey {
    /// Reads `<key id>:<base64 of 32 bytes>`.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let (id, key) = text.split_once(':').ok_or(SealError::Malformed)?;
        let bytes = STANDARD
            .decode(key.trim())
            .map_err(|_not_base64: base64::DecodeError| SealError::Malformed)?;
        if id.is_empty() || id.len() > usize::from(u8::MAX) || bytes.len() != KEY_BYTES {
            return Err(SealError::Malformed);
        }
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes)
            .map_err(|_wrong_length| SealError::Malformed)?;
        Ok(Self {
            id: id.to_owned(),
            cipher,
        })
    }

    /// The id that sealed values name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals `plain` for `context`.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        secret::fill(&mut nonce)?;
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        let nonce = XNonce::from(nonce);
        let ciphertext = self
            .cipher
            .encrypt(&nonce, payload)
            .map_err(|_too_long| SealError::Refused)?;
        let id_length = u8::try_from(self.id.len()).map_err(|_too_long| SealError::Malformed)?;
        Ok([&[id_length], self.id.as_bytes(), &nonce[..], &ciphertext].concat())
    }

    /// Opens what [`SealKey::seal`] made for the same context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id_length, rest) = sealed.split_first().ok_or(SealError::Refused)?;
        let (id, rest) = rest
            .split_at_checked(usize::from(*id_length))
            .ok_or(SealError::Refused)?;
        if id != self.id.as_bytes() {
            return Err(SealError::OtherKey(
                String::from_utf8_lossy(id).into_owned(),
            ));
        }
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealError::Refused)?;
        let payload = Payload {
            msg: ciphertext,
            aad: context,
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_forged| SealError::Refused)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> SealKey {
        SealKey::parse(&format!("{id}:{}", STANDARD.encode([byte; KEY_BYTES]))).unwrap()
    }

    #[test]
    fn opens_only_for_its_context() {
        let key = key("k1", 7);
        let sealed = key.seal(b"hunter2", b"tenant:a").unwrap();
        assert_eq!(key.open(&sealed, b"tenant:a").unwrap(), b"hunter2");
        assert!(matches!(
            key.open(&sealed, b"tenant:b"),
            Err(SealError::Refused)
        ));
    }

    #[test]
    fn names_the_key_it_needs() {
        let sealed = key("k1", 7).seal(b"x", b"").unwrap();
        assert!(
            matches!(key("k2", 7).open(&sealed, b""), Err(SealError::OtherKey(id)) if id == "k1")
        );
    }

    #[test]
    fn damage_is_refused_at_every_byte() {
        let key = key("k1", 7);
        let sealed = key.seal(b"hunter2", b"c").unwrap();
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(key.open(&damaged, b"c").is_err());
            assert!(key.open(&sealed[..at], b"c").is_err());
        }
    }

    #[test]
    fn malformed_settings_are_refused() {
        for text in ["", "k1", "k1:", "k1:AAAA", ":AAAA", "k1:%%%"] {
            assert!(
                matches!(SealKey::parse(text), Err(SealError::Malformed)),
                "{text}"
            );
        }
    }
}
