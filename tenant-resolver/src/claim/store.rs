//! The conditional updates behind a claim.

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, GenericClient};
use events::topic::tenant::TenantCreated;
use kernel::{Subdomain, TenantId};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::{Claim, Claimed};
use crate::error::Error;
use crate::state::Resolver;
use crate::status::Status;
use crate::{catalog, outbox};

/// What one attempt to claim a spare came to.
pub(super) enum Outcome {
    /// A spare was claimed.
    Spare(Claimed),
    /// This request id has a tenant, perhaps of another name.
    Earlier { claimed: Claimed, subdomain: String },
    /// Somebody lives there.
    NameTaken,
    /// Another claim of the same name or request id committed meanwhile: asking again tells which.
    LostRace,
    /// Nothing to claim.
    NoSpare,
}

/// One statement that answers an earlier claim, refuses a taken name, or claims the oldest spare nobody holds.
const TAKE_SPARE: &str = "
    with earlier as (
        select id, subdomain, status from tenants where request_id = $1
    ), taken as (
        select from tenants where subdomain = $2
        union all
        select from subdomain_aliases where subdomain = $2 and released_at is null
    ), claimed as (
        update tenants set subdomain = $2, name = $3, request_id = $1, status = 'provisioning',
            status_changed_at = $4, updated_at = $4
        where id = (
                select t.id from tenants t join clusters c on c.id = t.cluster_id
                where t.status = 'spare' and c.open_for_placement
                order by t.created_at, t.id limit 1 for update of t skip locked
            )
            and not exists (select from earlier) and not exists (select from taken)
        returning id, subdomain, status
    )
    select 'earlier' as outcome, id, subdomain, status from earlier
    union all
    select 'claimed', id, subdomain, status from claimed
    union all
    select 'taken', null, null, null where exists (select from taken) and not exists (select from earlier)
    limit 1";

pub(super) async fn take_spare(
    client: &impl GenericClient,
    claim: &Claim,
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let parameters: [catalog::Parameter<'_>; 4] = [
        &claim.request_id,
        &claim.subdomain.as_str(),
        &claim.name,
        &now,
    ];
    let row = match catalog::row(client, TAKE_SPARE, &parameters).await {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Outcome::NoSpare),
        Err(Error::Catalog(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            return Ok(Outcome::LostRace);
        }
        Err(error) => return Err(error),
    };
    match row.try_get("outcome")? {
        "claimed" => Ok(Outcome::Spare(read_claimed(&row, true)?)),
        "earlier" => Ok(Outcome::Earlier {
            claimed: read_claimed(&row, false)?,
            subdomain: row.try_get("subdomain")?,
        }),
        _ => Ok(Outcome::NameTaken),
    }
}

fn read_claimed(row: &Row, new: bool) -> Result<Claimed, Error> {
    Ok(Claimed {
        id: row.try_get::<_, uuid::Uuid>("id")?.into(),
        status: Status::read(row.try_get("status")?)?,
        new,
    })
}

/// Claimed → active, with its event; false when there is no such claim to confirm.
pub(super) async fn confirm(
    client: &mut Client,
    resolver: &Resolver,
    tenant: TenantId,
) -> Result<bool, Error> {
    let transaction = client.transaction().await?;
    let sql = "update tenants set status = 'active', status_changed_at = $2, updated_at = $2
        where id = $1 and status = 'provisioning' and subdomain is not null
        returning subdomain, name";
    let now = resolver.clock.now();
    let Some(row) = catalog::row(&transaction, sql, &[&tenant.uuid(), &now]).await? else {
        return Ok(false);
    };
    let created = TenantCreated {
        tenant_id: tenant,
        subdomain: row.try_get("subdomain")?,
        name: row.try_get("name")?,
    };
    outbox::emit(&transaction, resolver, tenant, &created).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Claimed → deleting, its name and request id free again; false when there is no such claim.
pub(super) async fn release(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "update tenants set status = 'deleting', subdomain = null, request_id = null,
            status_changed_at = $2, updated_at = $2
        where id = $1 and status = 'provisioning' and subdomain is not null";
    Ok(catalog::execute(client, sql, &[&tenant.uuid(), &now]).await? == 1)
}

/// Status and subdomain of any row.
pub(super) async fn state(
    client: &impl GenericClient,
    tenant: TenantId,
) -> Result<Option<(Status, Option<String>)>, Error> {
    let sql = "select status, subdomain from tenants where id = $1";
    let Some(row) = catalog::row(client, sql, &[&tenant.uuid()]).await? else {
        return Ok(None);
    };
    Ok(Some((
        Status::read(row.try_get("status")?)?,
        row.try_get("subdomain")?,
    )))
}

/// Claims that were made before a moment, oldest first.
pub(crate) async fn unconfirmed(
    client: &impl GenericClient,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let sql = "select id from tenants
        where status = 'provisioning' and subdomain is not null and status_changed_at < $1
        order by status_changed_at limit $2";
    let rows = catalog::rows(client, sql, &[&before, &limit]).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<_, uuid::Uuid>("id")?.into()))
        .collect()
}

/// Whether neither a tenant nor a former name that still resolves is in the way.
pub(super) async fn is_free(
    client: &impl GenericClient,
    subdomain: &Subdomain,
) -> Result<bool, Error> {
    let sql = "select from tenants where subdomain = $1
        union all
        select from subdomain_aliases where subdomain = $1 and released_at is null
        limit 1";
    let taken = catalog::row(client, sql, &[&subdomain.as_str()]).await?;
    Ok(taken.is_none())
}
