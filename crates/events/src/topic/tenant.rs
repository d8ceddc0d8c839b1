//! `tenant.*`: the life of an organization's tenant, told by the tenant-resolver.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use serde::{Deserialize, Serialize};

/// The tenant has its subdomain and its database and answers requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantCreated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
    /// The organization's name.
    pub name: String,
}

/// The tenant answers no requests until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantSuspended {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// The tenant answers requests again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantResumed {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// The tenant lives under another subdomain; the former one redirects until it is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantRenamed {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name from now on.
    pub subdomain: String,
    /// First label of its host name until now.
    pub former_subdomain: String,
}

/// Its database must not be used for a moment: requests wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantHeld {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// Its database can be used again, perhaps in another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantReleased {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// Its limits are others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantLimitsChanged {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// It answers no requests any more and is erased at the end of its grace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantDeletionScheduled {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
    /// End of the grace.
    pub deletes_at: DateTime<Utc>,
}

/// Its deletion was taken back within the grace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantRestored {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// Erased for good: whoever still keeps anything of it removes it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantDeleted {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label its host name had.
    pub subdomain: String,
}

super::events! {
    TenantCreated => "tenant.created" of tenant_id,
    TenantSuspended => "tenant.suspended" of tenant_id,
    TenantResumed => "tenant.resumed" of tenant_id,
    TenantRenamed => "tenant.renamed" of tenant_id,
    TenantHeld => "tenant.held" of tenant_id,
    TenantReleased => "tenant.released" of tenant_id,
    TenantLimitsChanged => "tenant.limits_changed" of tenant_id,
    TenantDeletionScheduled => "tenant.deletion_scheduled" of tenant_id,
    TenantRestored => "tenant.restored" of tenant_id,
    TenantDeleted => "tenant.deleted" of tenant_id,
}
