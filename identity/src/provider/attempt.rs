//! A browser on its way to a provider. Two secrets must come back together: the state, which travels through the
//! provider, and the cookie, which stays with the browser; so nobody can have another finish what he began.

use axum::http::HeaderMap;
use chrono::TimeDelta;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use httpkit::{Problem, browser};
use kernel::secret::{random_token, sha256};
use kernel::{SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use url::Url;

use super::exchange::{self, Secrets};
use super::{Provider, store};
use crate::entity::provider_attempt;
use crate::state::Identity;

/// `__Host-`: of this host alone, set by this host alone (RFC 6265bis §4.1.3.2).
const BROWSER: &str = "__Host-tenantry_oauth";
/// Time to sign in at the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
const CALLBACK: &str = "/api/v1/auth/oauth/callback";

/// Who links an identity to the own account, and where.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Linker {
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

/// A browser set out.
pub(super) struct Departure {
    /// Where it is sent to.
    pub(super) url: Url,
    pub(super) cookie: Cookie<'static>,
}

/// A browser came back.
pub(super) struct Attempt {
    pub(super) provider: String,
    pub(super) linker: Option<Linker>,
    pub(super) secrets: Secrets,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    secrets: Secrets,
    linker: Option<Linker>,
}

/// The address that this provider, and no other, sends browsers back to: a code tells by where it arrives who gave it
/// (RFC 9700 §4.4.2.2), so one provider cannot have us take another's code for its own.
pub(super) fn redirect_uri(identity: &Identity, provider: &str) -> String {
    format!("{}{CALLBACK}/{provider}", identity.common.origin())
}

/// Sends a browser out.
pub(super) async fn depart(
    identity: &Identity,
    tenant: TenantId,
    provider: &Provider,
    linker: Option<Linker>,
) -> Result<Departure, Problem> {
    let fresh = || random_token().map_err(Problem::internal);
    let (state, browser) = (fresh()?, fresh()?);
    let secrets = Secrets {
        verifier: fresh()?,
        nonce: fresh()?,
    };
    let (uri, state_hash) = (redirect_uri(identity, &provider.key), sha256(&state));
    let url =
        exchange::authorization_url(&identity.providers, provider, uri, state, &secrets).await?;
    let now = identity.clock.now();
    let sealed = serde_json::to_vec(&Sealed { secrets, linker }).map_err(Problem::internal)?;
    let sealed = identity.seal.seal(&sealed, &state_hash);
    let row = provider_attempt::Model {
        state_hash: state_hash.to_vec(),
        browser_hash: sha256(&browser).to_vec(),
        tenant_id: tenant,
        provider: provider.key.clone(),
        user_id: linker.map(|linker| linker.user),
        sealed_secrets: sealed.map_err(Problem::internal)?,
        created_at: now,
        expires_at: now + LIFETIME,
    };
    store::insert_attempt(&identity.db, row).await?;
    Ok(Departure {
        url,
        cookie: cookie(browser, LIFETIME.num_seconds()),
    })
}

/// Takes the attempt of a state in; it is good once. `None` for one that is unknown, used or too old, of another
/// organization or of another browser.
pub(super) async fn take(
    identity: &Identity,
    tenant: TenantId,
    headers: &HeaderMap,
    state: &str,
) -> Result<Option<Attempt>, Problem> {
    let Some(browser) = browser::cookie(headers, BROWSER) else {
        return Ok(None);
    };
    let (state_hash, browser_hash) = (sha256(state), sha256(browser));
    let now = identity.clock.now();
    let taken = store::take_attempt(&identity.db, tenant, &state_hash, &browser_hash, now).await?;
    let Some(row) = taken else { return Ok(None) };
    let opened = identity.seal.open(&row.sealed_secrets, &state_hash);
    let opened: Sealed =
        serde_json::from_slice(&opened.map_err(Problem::internal)?).map_err(Problem::internal)?;
    Ok(Some(Attempt {
        provider: row.provider,
        linker: opened.linker,
        secrets: opened.secrets,
    }))
}

/// Forgets the cookie of an attempt that is over.
pub(super) fn spent() -> Cookie<'static> {
    cookie(String::new(), 0)
}

/// `Lax`, not `Strict`: the browser comes back from the provider's site.
fn cookie(value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build((BROWSER, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(seconds))
        .build()
}
