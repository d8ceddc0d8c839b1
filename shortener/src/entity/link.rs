//! Links. The code is stored as a hash for looking up and sealed for showing it to its owner.

use chrono::{DateTime, Utc};
use kernel::{LinkId, TenantId, UserId};
use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "links")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LinkId,
    pub tenant_id: TenantId,
    pub resource_kind: String,
    /// The thing; of a link to an address the link's own id.
    pub resource_id: Uuid,
    pub created_by: UserId,
    pub code_hash: Vec<u8>,
    pub sealed_code: Vec<u8>,
    pub password_hash: Option<String>,
    pub password_version: i32,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_opens: Option<i32>,
    pub opens: i64,
    pub failed_attempts: i64,
    /// Of them, since `guessed_since`.
    pub guesses: i32,
    /// When the first guess of the last hour with one was made.
    pub guessed_since: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub label: Option<String>,
    pub slug: Option<String>,
    /// Path on the organization's own host, of a link to an address.
    pub target: Option<String>,
    pub starts_at: Option<DateTime<Utc>>,
    pub paused_at: Option<DateTime<Utc>>,
    pub show_comments: bool,
    pub show_people: bool,
    pub notify_first_open: bool,
    pub first_opened_at: Option<DateTime<Utc>>,
    pub last_opened_at: Option<DateTime<Utc>>,
    /// When its end was told.
    pub ended_at: Option<DateTime<Utc>>,
}

/// None: the table stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The links of one organization; no other query may start a list.
    pub(crate) fn of_tenant(tenant: TenantId) -> Select<Self> {
        Self::find().filter(Column::TenantId.eq(tenant))
    }
}
