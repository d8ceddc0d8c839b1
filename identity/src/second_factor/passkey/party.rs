//! Who asks, as authenticators know it.

use httpkit::Problem;
use kernel::TenantId;
use runtime::Common;
use sea_orm::ConnectionTrait;
use serde::de::DeserializeOwned;
use serde_json::Value;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

use crate::organization;
use crate::state::Identity;

/// How the platform is called in an authenticator's dialog.
const NAME: &str = "Tenantry";

/// The relying party on an organization's host: the platform's base domain, and this origin alone.
pub(in crate::second_factor) async fn party(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Webauthn, Problem> {
    let organization = organization::store::by_id(db, tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    build(&identity.common, &organization.subdomain)
}

fn build(common: &Common, subdomain: &str) -> Result<Webauthn, Problem> {
    let origin = Url::parse(&common.tenant_origin(subdomain)).map_err(Problem::internal)?;
    let base = Url::parse(&common.origin()).map_err(Problem::internal)?;
    let domain = base.domain().unwrap_or_default();
    let party = WebauthnBuilder::new(domain, &origin).map_err(Problem::internal)?;
    party.rp_name(NAME).build().map_err(Problem::internal)
}

/// What an authenticator answered, as the browser hands it on.
pub(super) fn read<T: DeserializeOwned>(answer: Value, field: &str) -> Result<T, Problem> {
    serde_json::from_value(answer).map_err(|_malformed| {
        Problem::field(field, "malformed", "is no answer of an authenticator")
    })
}
