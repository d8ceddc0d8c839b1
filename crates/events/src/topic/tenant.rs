//! `tenant.*`: the life of an organization's tenant, told by the tenant-resolver.

use kernel::TenantId;
use serde::{Deserialize, Serialize};

/// The tenant has its subdomain and its database and answers requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantCreated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
    /// The organization's name.
    pub name: String,
}

/// The tenant answers no requests until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSuspended {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

/// The tenant answers requests again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantResumed {
    /// The tenant.
    pub tenant_id: TenantId,
    /// First label of its host name.
    pub subdomain: String,
}

super::events! {
    TenantCreated => "tenant.created" of tenant_id,
    TenantSuspended => "tenant.suspended" of tenant_id,
    TenantResumed => "tenant.resumed" of tenant_id,
}
