//! Organizations; `confirmed_at` is set once the catalog has activated the tenant.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    pub subdomain: String,
    pub name: String,
    pub request_id: String,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub greet: bool,
    pub named_at: Option<DateTime<Utc>>,
    /// Who reads mail at one of these may join without an invitation.
    pub allowed_email_domains: Vec<String>,
    pub require_second_factor: bool,
    pub password_sign_in: bool,
    /// Whether a session in another organization opens one here.
    pub switch_without_password: bool,
    pub audit_retention_days: i32,
    pub version: i32,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
