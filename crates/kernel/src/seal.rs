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

/// A ring of sealing keys: the newest seals, every one opens. While keys are changed, values under former ones are
/// still around.
#[derive(Clone, Debug)]
pub struct SealKeys {
    newest: SealKey,
    former: Vec<SealKey>,
}

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The setting is not `<key id>:<base64 of 32 bytes>`.
    #[error("seal key must be `<key id>:<base64 of 32 bytes>`")]
    Malformed,
    /// A value names the key it needs by id, so no two may share one.
    #[error("two seal keys have the same id")]
    SameId,
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

    /// What every value sealed under this key begins with, and no other does.
    pub fn prefix(&self) -> Vec<u8> {
        let id_length = u8::try_from(self.id.len()).unwrap_or(u8::MAX);
        [&[id_length], self.id.as_bytes()].concat()
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
        Ok([&self.prefix(), &nonce[..], &ciphertext].concat())
    }

    /// Opens what [`SealKey::seal`] made for the same context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        let id = key_id(sealed)?;
        if id != self.id.as_bytes() {
            return Err(SealError::OtherKey(
                String::from_utf8_lossy(id).into_owned(),
            ));
        }
        let (nonce, ciphertext) = sealed
            .get(id.len() + 1..)
            .and_then(<[u8]>::split_first_chunk::<NONCE_BYTES>)
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

impl SealKeys {
    /// Reads the newest key and, separated by commas, the former ones. Two keys of one id are refused: it would not
    /// be known which of them opens a value.
    pub fn parse(newest: &str, former: Option<&str>) -> Result<Self, SealError> {
        let newest = SealKey::parse(newest)?;
        let former = former.unwrap_or_default().split(',').map(str::trim);
        let former: Vec<SealKey> = former
            .filter(|text| !text.is_empty())
            .map(SealKey::parse)
            .collect::<Result<_, _>>()?;
        let mut ids: Vec<&str> = former.iter().map(SealKey::id).collect();
        ids.push(newest.id());
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        if ids.len() < all {
            return Err(SealError::SameId);
        }
        Ok(Self { newest, former })
    }

    /// The key that seals.
    pub fn newest(&self) -> &SealKey {
        &self.newest
    }

    /// Seals `plain` for `context` under the newest key.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        self.newest.seal(plain, context)
    }

    /// Opens what any key of the ring sealed for the same context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        let id = key_id(sealed)?;
        let mut keys = std::iter::once(&self.newest).chain(&self.former);
        keys.find(|key| key.id.as_bytes() == id)
            .ok_or_else(|| SealError::OtherKey(String::from_utf8_lossy(id).into_owned()))?
            .open(sealed, context)
    }
}

impl From<SealKey> for SealKeys {
    fn from(newest: SealKey) -> Self {
        Self {
            newest,
            former: Vec::new(),
        }
    }
}

/// The id of the key that sealed a value.
fn key_id(sealed: &[u8]) -> Result<&[u8], SealError> {
    let (id_length, rest) = sealed.split_first().ok_or(SealError::Refused)?;
    rest.get(..usize::from(*id_length))
        .ok_or(SealError::Refused)
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
    fn ring_seals_with_the_newest_key_and_opens_with_any() {
        let text = |id: &str, byte| format!("{id}:{}", STANDARD.encode([byte; KEY_BYTES]));
        let (newest, former) = (
            text("k3", 3),
            format!("{}, {}", text("k2", 2), text("k1", 1)),
        );
        let ring = SealKeys::parse(&newest, Some(&former)).unwrap();
        for byte in 1..=3 {
            let sealed = key(&format!("k{byte}"), byte).seal(b"x", b"c").unwrap();
            assert_eq!(ring.open(&sealed, b"c").unwrap(), b"x");
        }
        let sealed = ring.seal(b"x", b"c").unwrap();
        assert!(sealed.starts_with(&key("k3", 3).prefix()));
        let stranger = key("k4", 3).seal(b"x", b"c").unwrap();
        assert!(matches!(ring.open(&stranger, b"c"), Err(SealError::OtherKey(id)) if id == "k4"));
        assert!(ring.open(&[], b"c").is_err());
        assert!(matches!(
            SealKeys::parse(&newest, Some(&text("k3", 1))),
            Err(SealError::SameId)
        ));
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
