//! Queries over the organizations of one person.

use chrono::{DateTime, Utc};
use kernel::{Role, RoleId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};

use crate::entity::organization;

/// An organization, and what the person is there.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    #[sea_orm(nested)]
    pub(super) organization: organization::Model,
    pub(super) role: Role,
    pub(super) role_id: Option<RoleId>,
    pub(super) joined_at: DateTime<Utc>,
}

/// Organizations of the person in the order they were joined.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    user: UserId,
    after: Option<(DateTime<Utc>, TenantId)>,
    limit: i64,
) -> Result<Vec<Row>, DbErr> {
    let (after_time, after_tenant) = after.unzip();
    Row::find_by_statement(raw_sql!(
        Postgres,
        "select o.*, m.role, m.role_id, m.joined_at from memberships m
         join organizations o on o.tenant_id = m.tenant_id
         where m.user_id = {user} and m.active and o.confirmed_at is not null
         and ({after_time}::timestamptz is null or (m.joined_at, m.tenant_id) > ({after_time}, {after_tenant}))
         order by m.joined_at, m.tenant_id limit {limit}"
    ))
    .all(db)
    .await
}
