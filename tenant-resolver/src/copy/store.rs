//! Queries of copies.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::TenantId;
use tokio_postgres::error::SqlState;

use crate::catalog;
use crate::claim::{Claim, Claimed};
use crate::error::Error;
use crate::lifecycle::{Change, Transition};
use crate::status::Status;

/// What this request id made before; an error when it was for another name or somebody else has the name.
pub(super) async fn known(
    client: &impl GenericClient,
    claim: &Claim,
) -> Result<Option<Claimed>, Error> {
    let sql = "select id, status, subdomain, request_id = $1 as same from tenants
        where request_id = $1 or subdomain = $2
        union all
        select null, null, subdomain, false from subdomain_aliases where subdomain = $2 and released_at is null
        order by same desc nulls last limit 1";
    let parameters: [catalog::Parameter<'_>; 2] = [&claim.request_id, &claim.subdomain.as_str()];
    let Some(row) = catalog::row(client, sql, &parameters).await? else {
        return Ok(None);
    };
    if row.try_get::<_, Option<bool>>("same")? != Some(true) {
        return Err(Error::SubdomainTaken);
    }
    if row.try_get::<_, Option<&str>>("subdomain")? != Some(claim.subdomain.as_str()) {
        return Err(Error::RequestReused);
    }
    Ok(Some(Claimed {
        id: row.try_get::<_, uuid::Uuid>("id")?.into(),
        status: Status::read(row.try_get("status")?)?,
        new: false,
    }))
}

/// Half-built → claimed, with the limits of its source; an error when somebody took the name meanwhile.
pub(super) async fn finished(
    client: &impl GenericClient,
    tenant: TenantId,
    source: TenantId,
    claim: &Claim,
    schema_version: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let reason = format!("copy of {source}");
    let change = Change {
        reason: Some(&reason),
        set: "subdomain = $6, name = $7, request_id = $8, schema_version = $9, schema_checked_at = $4,
            limits = (select s.limits from tenants s where s.id = $10)",
        guard: "subdomain is null and not exists (
                select from tenants s where s.subdomain = $6
                union all
                select from subdomain_aliases a where a.subdomain = $6 and a.released_at is null
            )",
        parameters: &[
            &claim.subdomain.as_str(),
            &claim.name,
            &claim.request_id,
            &schema_version,
            &source.uuid(),
        ],
        ..Change::new(tenant, Transition::Copied)
    };
    match change.apply(client, now).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Error::SubdomainTaken),
        Err(Error::Catalog(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            Err(Error::SubdomainTaken)
        }
        Err(error) => Err(error),
    }
}
