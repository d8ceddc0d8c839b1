//! `organization.*`: sign-ups, told by identity.

use kernel::{TenantId, UserId};
use serde::{Deserialize, Serialize};

/// A sign-up went through: the organization has an owner and a confirmed tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrganizationCreated {
    /// The organization's tenant.
    pub tenant_id: TenantId,
    /// Its first owner.
    pub owner_id: UserId,
}

super::events! {
    OrganizationCreated => "organization.created" of tenant_id,
}
