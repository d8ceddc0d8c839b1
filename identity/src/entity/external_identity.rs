//! Accounts elsewhere that open an account here.

use chrono::{DateTime, Utc};
use kernel::{ProviderId, UserId};
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_identities")]
pub struct Model {
    /// `google`, `github`, `slack`, or the id of an organization's provider.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    /// What the provider calls the person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub user_id: UserId,
    /// The provider of an organization; none for one of the operator's.
    pub identity_provider_id: Option<ProviderId>,
    pub linked_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
