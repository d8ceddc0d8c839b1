//! Sign-ups by request id; written before the catalog is asked for a tenant.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: String,
    pub fingerprint: Vec<u8>,
    pub tenant_id: Option<TenantId>,
    pub created_at: DateTime<Utc>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
