//! The conditional updates behind a claim.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{ClusterId, TenantId};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::{Claim, Claimed};
use crate::catalog;
use crate::error::Error;
use crate::status::Status;

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

/// One statement that answers an earlier claim, refuses a taken name, or claims the oldest spare nobody holds on the
/// cluster with the most room that has one.
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
                where t.status = 'spare' and c.open_for_placement and ($5::text is null or c.name = $5)
                order by array_position($6, c.id), t.created_at, t.id limit 1 for update of t skip locked
            )
            and not exists (select from earlier) and not exists (select from taken)
        returning id, subdomain, status
    ), noted as (
        insert into tenant_transitions (tenant_id, from_status, to_status, at)
        select id, 'spare', status, $4 from claimed
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
    clusters: &[ClusterId],
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let clusters: Vec<uuid::Uuid> = clusters.iter().map(|id| id.uuid()).collect();
    let parameters: [catalog::Parameter<'_>; 6] = [
        &claim.request_id,
        &claim.subdomain.as_str(),
        &claim.name,
        &now,
        &claim.cluster,
        &clusters,
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
        "claimed" => {
            metrics::counter!("resolver_transitions_total", "to" => "provisioning").increment(1);
            Ok(Outcome::Spare(read_claimed(&row, true)?))
        }
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
