//! Finding tenants: by subdomain, by id, page by page, and how to connect to one's database.
//!
//! Spares, half-built and deleted tenants are found by nobody; those on their way out by the operator alone. Each
//! lookup is one round trip to the catalog.

mod routes;
mod store;

use kernel::TenantId;

pub(crate) use routes::{Tenant, router};

use crate::error::Error;
use crate::state::Resolver;

/// What the operator may know of a tenant.
pub(crate) async fn document(resolver: &Resolver, id: TenantId) -> Result<Tenant, Error> {
    let client = resolver.catalog.get().await?;
    let tenant = store::by_id(&client, id, true).await?;
    Ok(tenant.ok_or(Error::Unknown)?.into())
}
