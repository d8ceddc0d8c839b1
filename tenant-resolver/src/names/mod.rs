//! Subdomains: which are free, giving a tenant another one, releasing former ones.
//!
//! A name belongs to one tenant at a time, present or former. It is looked for in both tables by one statement: a
//! name on its way from one table to the other is in one of them in every snapshot.

mod routes;
mod store;

use events::topic::tenant::TenantRenamed;
use kernel::{Subdomain, TenantId};

use crate::error::Error;
use crate::lifecycle;
use crate::outbox;
use crate::state::Resolver;
use crate::status::Status;

pub(crate) use routes::router;

/// Gives a tenant another subdomain; the former one keeps resolving to it.
pub async fn rename(
    resolver: &Resolver,
    tenant: TenantId,
    subdomain: &Subdomain,
) -> Result<(), Error> {
    let now = resolver.clock.now();
    let mut client = resolver.catalog.get().await?;
    let transaction = client.transaction().await?;
    let Some(former) = store::lock(&transaction, tenant).await? else {
        let state = lifecycle::state(&transaction, tenant).await?;
        lifecycle::refused(state.as_ref(), Status::Active)?;
        return Err(Error::Unknown);
    };
    if former == subdomain.as_str() {
        return Ok(());
    }
    if store::is_anothers(&transaction, subdomain, tenant).await? {
        return Err(Error::SubdomainTaken);
    }
    store::rename(&transaction, tenant, subdomain, now).await?;
    store::keep_former(&transaction, tenant, &former, subdomain, now).await?;
    let renamed = TenantRenamed {
        tenant_id: tenant,
        subdomain: subdomain.as_str().to_owned(),
        former_subdomain: former,
    };
    outbox::emit(&transaction, resolver, tenant, &renamed).await?;
    transaction.commit().await?;
    resolver.wake.outbox.notify();
    tracing::info!(tenant.id = %tenant, "tenant renamed");
    Ok(())
}

/// Gives a former subdomain up: it leads nowhere and can be had by others.
pub async fn release(resolver: &Resolver, subdomain: &Subdomain) -> Result<(), Error> {
    let client = resolver.catalog.get().await?;
    if store::release(&client, subdomain, resolver.clock.now()).await? {
        Ok(())
    } else {
        Err(Error::Unknown)
    }
}
