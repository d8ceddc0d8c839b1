//! OpenID providers of organizations.

use chrono::{DateTime, Utc};
use kernel::{ProviderId, TenantId};
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_providers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProviderId,
    pub tenant_id: TenantId,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    /// Sealed for this row.
    pub sealed_client_secret: Vec<u8>,
    pub active: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
