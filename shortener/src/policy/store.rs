//! Queries. Each starts at the organization.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};

use super::model::Policy;

impl Policy {
    /// The organization's rules.
    pub(crate) async fn of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Self, DbErr> {
        let found = Self::find_by_statement(raw_sql!(
            Postgres,
            "select enabled, require_password, max_days, version from link_policies where tenant_id = {tenant}"
        ));
        Ok(found.one(db).await?.unwrap_or_default())
    }
}

/// Of a query of links: not where the organization turned links off.
pub(crate) fn lets_guests_in() -> Expr {
    Expr::cust(
        "not exists (select from link_policies where link_policies.tenant_id = links.tenant_id and not enabled)",
    )
}

/// Writes the rules, if those before them are still of `version`.
pub(super) async fn write(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    version: i32,
    policy: Policy,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let Policy {
        enabled,
        require_password,
        max_days,
        version: next,
    } = policy;
    let written = db.execute_raw(raw_sql!(
        Postgres,
        "insert into link_policies (tenant_id, enabled, require_password, max_days, version, updated_at)
         values ({tenant}, {enabled}, {require_password}, {max_days}, {next}, {now})
         on conflict (tenant_id) do update set enabled = excluded.enabled,
             require_password = excluded.require_password, max_days = excluded.max_days,
             version = excluded.version, updated_at = excluded.updated_at
         where link_policies.version = {version}"
    ));
    Ok(written.await?.rows_affected() == 1)
}
