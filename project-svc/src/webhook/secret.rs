//! Secrets that requests are signed with (Standard Webhooks, "Signature scheme": symmetric, `v1`). Shown once, kept sealed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use kernel::seal::{SealError, SealKeys};
use kernel::secret::{self, RandomError};
use kernel::{TenantId, WebhookId};
use sha2::Sha256;

/// How long the former secret signs beside the new one.
pub(crate) const FORMER_KEPT: TimeDelta = TimeDelta::hours(24);

/// The standard wants 24 to 64.
const BYTES: usize = 32;
/// What the text of a secret begins with, so that it is known when it is found somewhere.
const PREFIX: &str = "whsec_";

/// A secret in clear. Not to be printed.
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn random() -> Result<Self, RandomError> {
        let mut bytes = vec![0; BYTES];
        secret::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// As receivers are given it.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    pub(crate) fn seal(
        &self,
        keys: &SealKeys,
        tenant: TenantId,
        webhook: WebhookId,
    ) -> Result<Vec<u8>, SealError> {
        keys.seal(&self.0, &context(tenant, webhook))
    }

    pub(crate) fn open(
        sealed: &[u8],
        keys: &SealKeys,
        tenant: TenantId,
        webhook: WebhookId,
    ) -> Result<Self, SealError> {
        Ok(Self(keys.open(sealed, &context(tenant, webhook))?))
    }

    /// A signature of the message, as the header has it.
    pub(crate) fn sign(&self, id: &str, at: DateTime<Utc>, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{}.{body}", at.timestamp()).as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        Some(format!("v1,{signature}"))
    }
}

/// A secret opens only in its own row of its own organization: in a copy of the database it does not.
fn context(tenant: TenantId, webhook: WebhookId) -> [u8; 32] {
    let mut context = [0; 32];
    let (first, second) = context.split_at_mut(16);
    first.copy_from_slice(tenant.uuid().as_bytes());
    second.copy_from_slice(webhook.uuid().as_bytes());
    context
}

#[cfg(test)]
mod tests {
    use kernel::{Ids, SealKey};

    use super::*;

    #[test]
    fn signature_is_the_one_of_the_standards_example() {
        // The test vector of the standard's own libraries.
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature.as_deref(), Some(expected));
    }

    #[test]
    fn sealed_secret_opens_in_its_own_row_alone() {
        let key = SealKey::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let (keys, ids) = (SealKeys::from(key), Ids::system());
        let (tenant, webhook) = (ids.next(), ids.next());
        let secret = Secret::random().unwrap();
        let sealed = secret.seal(&keys, tenant, webhook).unwrap();
        let opened = Secret::open(&sealed, &keys, tenant, webhook).unwrap();
        assert_eq!(opened.text(), secret.text());
        assert!(Secret::open(&sealed, &keys, ids.next(), webhook).is_err());
        assert!(Secret::open(&sealed, &keys, tenant, ids.next()).is_err());
    }
}
