//! The Ed25519 keys that access tokens are signed with. The newest signs; all that are served verify.
//!
//! The first instance to start makes the first key under a lock; the others wait and take the same one.

mod routes;
mod store;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use httpkit::tokens::{AccessSigner, Keys, SEED_BYTES, TokenError};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use kernel::seal::SealError;
use kernel::secret::RandomError;
use kernel::{EventId, Ids, SealKey};
use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};
use zeroize::Zeroizing;

use crate::entity::signing_key;

pub(crate) use routes::router;

/// A retired key verifies for as long as a token signed with it can live, and a day on top.
const VERIFIES_AFTER_RETIREMENT: TimeDelta = TimeDelta::days(1);

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database did not do its part.
    #[error("read or write signing keys")]
    Database(#[from] DbErr),
    /// A stored key does not open under the seal key at hand.
    #[error("seal or open a signing key")]
    Seal(#[from] SealError),
    /// No key could be drawn.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A key has no public half.
    #[error("derive a public key")]
    Token(#[from] TokenError),
    /// A stored key is of another kind.
    #[error("signing key `{0}` is not an ed25519 key")]
    Malformed(String),
}

/// The keys of this service.
pub struct KeyRing {
    /// Signs with the newest key.
    pub(crate) signer: AccessSigner,
    /// What is served to those who verify.
    pub(crate) published: JwkSet,
}

impl KeyRing {
    /// Reads the keys, or makes the first.
    pub async fn open(
        db: &DatabaseConnection,
        seal: &SealKey,
        ids: &Ids,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        let transaction = db.begin().await?;
        store::lock(&transaction).await?;
        let mut rows = store::verifying(&transaction, now - VERIFIES_AFTER_RETIREMENT).await?;
        if !rows.iter().any(|row| row.retired_at.is_none()) {
            let row = generate(seal, ids, now)?;
            store::insert(&transaction, row.clone()).await?;
            tracing::info!(key.id = row.kid, "signing key made");
            rows.push(row);
        }
        transaction.commit().await?;
        Self::of(&rows, seal)
    }

    /// A verifier that knows the keys.
    pub fn verifier(&self) -> Keys {
        let keys = Keys::local();
        keys.replace(&self.published);
        keys
    }

    /// `rows` from the oldest to the newest.
    fn of(rows: &[signing_key::Model], seal: &SealKey) -> Result<Self, KeyError> {
        let mut signer = None;
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let opened = open(row, seal)?;
            keys.push(opened.public_jwk()?);
            if row.retired_at.is_none() {
                signer = Some(opened);
            }
        }
        let signer = signer.ok_or_else(|| KeyError::Malformed("none".to_owned()))?;
        Ok(Self {
            signer,
            published: JwkSet { keys },
        })
    }
}

fn generate(seal: &SealKey, ids: &Ids, now: DateTime<Utc>) -> Result<signing_key::Model, KeyError> {
    let kid = ids.next::<EventId>().uuid().simple().to_string();
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    kernel::secret::fill(&mut *seed)?;
    let public = AccessSigner::new(kid.as_str(), &seed).public_jwk()?;
    Ok(signing_key::Model {
        sealed_private: seal.seal(&*seed, &context(&kid))?,
        public_key: public_bytes(&public, &kid)?,
        kid,
        created_at: now,
        retired_at: None,
    })
}

fn open(row: &signing_key::Model, seal: &SealKey) -> Result<AccessSigner, KeyError> {
    let plain = Zeroizing::new(seal.open(&row.sealed_private, &context(&row.kid))?);
    let seed: &[u8; SEED_BYTES] = plain
        .as_slice()
        .try_into()
        .map_err(|_wrong_length| KeyError::Malformed(row.kid.clone()))?;
    Ok(AccessSigner::new(row.kid.as_str(), seed))
}

/// Binds a sealed key to its row.
fn context(kid: &str) -> Vec<u8> {
    format!("signing-key:{kid}").into_bytes()
}

fn public_bytes(jwk: &Jwk, kid: &str) -> Result<Vec<u8>, KeyError> {
    let AlgorithmParameters::OctetKeyPair(pair) = &jwk.algorithm else {
        return Err(KeyError::Malformed(kid.to_owned()));
    };
    URL_SAFE_NO_PAD
        .decode(&pair.x)
        .map_err(|_not_base64: base64::DecodeError| KeyError::Malformed(kid.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> SealKey {
        SealKey::parse("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap()
    }

    #[test]
    fn newest_key_in_service_signs_and_all_verify() {
        let (ids, now) = (Ids::system(), DateTime::UNIX_EPOCH);
        let mut rows: Vec<_> = (0..3)
            .map(|_| generate(&seal(), &ids, now).unwrap())
            .collect();
        rows[2].retired_at = Some(now);
        let ring = KeyRing::of(&rows, &seal()).unwrap();
        assert_eq!(ring.signer.kid(), rows[1].kid);
        assert_eq!(ring.published.keys.len(), 3);
    }

    #[test]
    fn key_moved_to_another_row_does_not_open() {
        let (ids, now) = (Ids::system(), DateTime::UNIX_EPOCH);
        let mut row = generate(&seal(), &ids, now).unwrap();
        row.kid = "other".to_owned();
        assert!(matches!(
            KeyRing::of(&[row], &seal()),
            Err(KeyError::Seal(_))
        ));
    }
}
