//! The Ed25519 keys that access tokens are signed with. The newest whose time has come signs; all that are served verify.
//!
//! The first instance to start makes the first key under a lock; the others wait and take the same one. Each looks for
//! changes every few seconds. A new key is served for a while before it signs, so that whoever verifies has it by then.

mod rotation;
mod routes;
mod store;

use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use httpkit::tokens::{AccessClaims, AccessSigner, Keys, SEED_BYTES, TokenError};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use kernel::seal::SealError;
use kernel::secret::RandomError;
use kernel::{EventId, Ids, SealKey};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use zeroize::Zeroizing;

use crate::entity::signing_key;

pub use rotation::{Rotation, keep};
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
    /// A key is on its way already.
    #[error("signing key `{0}` has not begun to sign yet")]
    Pending(String),
    /// There is no such key among those that verify.
    #[error("no signing key `{0}`")]
    Unknown(String),
    /// A stored key is of another kind.
    #[error("signing key `{0}` is not an ed25519 key")]
    Malformed(String),
}

/// The keys of this service.
pub struct KeyRing {
    seal: SealKey,
    held: ArcSwap<Held>,
    /// What this service itself verifies with.
    verifier: Keys,
}

/// The keys as they were read last.
struct Held {
    rows: Vec<signing_key::Model>,
    /// From the newest to the oldest, each with the time from which it signs.
    signers: Vec<(DateTime<Utc>, AccessSigner)>,
    published: JwkSet,
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
        let mut rows = verifying(&transaction, now).await?;
        if !rows.iter().any(|row| row.retired_at.is_none()) {
            let row = generate(seal, ids, now, now)?;
            store::insert(&transaction, row.clone()).await?;
            tracing::info!(key.id = row.kid, "signing key made");
            rows.push(row);
        }
        transaction.commit().await?;
        let held = Held::of(rows, seal)?;
        let verifier = Keys::local();
        verifier.replace(&held.published);
        Ok(Self {
            seal: seal.clone(),
            held: ArcSwap::from_pointee(held),
            verifier,
        })
    }

    /// Takes over what has changed since.
    pub async fn reload(
        &self,
        db: &DatabaseConnection,
        now: DateTime<Utc>,
    ) -> Result<(), KeyError> {
        let rows = verifying(db, now).await?;
        if rows == self.held.load().rows {
            return Ok(());
        }
        let held = Held::of(rows, &self.seal)?;
        self.verifier.replace(&held.published);
        self.held.store(Arc::new(held));
        Ok(())
    }

    /// Signs with the newest key whose time has come.
    pub(crate) fn sign(
        &self,
        claims: &AccessClaims,
        now: DateTime<Utc>,
    ) -> Result<String, KeyError> {
        let held = self.held.load();
        Ok(held.signer(now)?.sign(claims)?)
    }

    /// The keys for those who verify (RFC 7517 §5).
    pub(crate) fn published(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.held.load().published)
    }

    /// A verifier that knows the keys, now and as they change.
    pub fn verifier(&self) -> Keys {
        self.verifier.clone()
    }
}

impl Held {
    /// `rows` from the oldest to the newest.
    fn of(rows: Vec<signing_key::Model>, seal: &SealKey) -> Result<Self, KeyError> {
        let mut signers = Vec::with_capacity(rows.len());
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows.iter().rev() {
            let opened = open(row, seal)?;
            keys.push(opened.public_jwk()?);
            signers.push((signs_from(row), opened));
        }
        Ok(Self {
            rows,
            signers,
            published: JwkSet { keys },
        })
    }

    fn signer(&self, now: DateTime<Utc>) -> Result<&AccessSigner, KeyError> {
        let (_, signer) = self
            .signers
            .iter()
            .find(|(from, _)| *from <= now)
            // The clock of who made the only key may be a little ahead.
            .or_else(|| self.signers.last())
            .ok_or_else(|| KeyError::Malformed("none".to_owned()))?;
        Ok(signer)
    }
}

/// Keys that verify at `now`, from the oldest to the newest.
async fn verifying(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Vec<signing_key::Model>, DbErr> {
    store::verifying(db, now - VERIFIES_AFTER_RETIREMENT).await
}

fn signs_from(row: &signing_key::Model) -> DateTime<Utc> {
    row.signs_from.unwrap_or(row.created_at)
}

fn generate(
    seal: &SealKey,
    ids: &Ids,
    now: DateTime<Utc>,
    signs_from: DateTime<Utc>,
) -> Result<signing_key::Model, KeyError> {
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
        signs_from: Some(signs_from),
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
    fn newest_key_whose_time_has_come_signs_and_all_verify() {
        let (ids, now) = (Ids::system(), DateTime::UNIX_EPOCH);
        let at = |minutes| now + TimeDelta::minutes(minutes);
        let key = |from| generate(&seal(), &ids, now, at(from)).unwrap();
        let mut rows = vec![key(0), key(10), key(20)];
        rows[0].retired_at = Some(at(10));
        let kids: Vec<_> = rows.iter().map(|row| row.kid.clone()).collect();
        let held = Held::of(rows, &seal()).unwrap();
        for (minutes, expected) in [(-1, 0), (0, 0), (9, 0), (10, 1), (19, 1), (20, 2), (99, 2)] {
            let signer = held.signer(at(minutes)).unwrap();
            assert_eq!(signer.kid(), kids[expected], "after {minutes} minutes");
        }
        assert_eq!(held.published.keys.len(), 3);
    }

    #[test]
    fn key_moved_to_another_row_does_not_open() {
        let (ids, now) = (Ids::system(), DateTime::UNIX_EPOCH);
        let mut row = generate(&seal(), &ids, now, now).unwrap();
        row.kid = "other".to_owned();
        assert!(matches!(
            Held::of(vec![row], &seal()),
            Err(KeyError::Seal(_))
        ));
    }
}
