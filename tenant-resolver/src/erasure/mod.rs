//! Erasing a tenant whose grace is over, with a certificate of what was removed.
//!
//! Every step may run again. The first one takes the password and cannot be taken back; the row stays `deleting` until
//! nothing is left anywhere, so that the sweeper comes again as long as a service or a cluster is away.

mod neighbours;
mod store;

use events::topic::tenant::TenantDeleted;
use httpkit::Service;
use kernel::TenantId;

pub use neighbours::Neighbours;
pub(crate) use store::due;

use crate::error::Error;
use crate::outbox;
use crate::provision::{Cluster, Session};
use crate::state::Resolver;

/// Who keeps something of a tenant beside its own database, in the order they are asked.
pub const KEEPERS: [Service; 3] = [Service::Identity, Service::Shortener, Service::Analytics];

/// An erasure that has its session and has begun. Dropped before its end, it is begun again by the next sweep.
pub struct Erasure<'a> {
    resolver: &'a Resolver,
    session: Session,
    tenant: TenantId,
    subdomain: String,
    /// Services that have reported already.
    reported: Vec<String>,
}

/// Every step in order; false when it is not due, or somebody is at it right now.
pub(crate) async fn erase(
    resolver: &Resolver,
    neighbours: &Neighbours,
    tenant: TenantId,
) -> Result<bool, Error> {
    let Some(erasure) = Erasure::begin(resolver, tenant).await? else {
        return Ok(false);
    };
    for keeper in KEEPERS {
        erasure.ask(neighbours, keeper).await?;
    }
    erasure.drop_database().await?;
    erasure.finish().await?;
    tracing::info!(tenant.id = %tenant, "tenant erased");
    Ok(true)
}

impl<'a> Erasure<'a> {
    /// Step 1: there is no way back, and no way to its database, from here on. `None` when it is not due.
    pub async fn begin(resolver: &'a Resolver, tenant: TenantId) -> Result<Option<Self>, Error> {
        let cluster = Cluster::of_tenant(resolver, tenant).await?;
        let Some(session) = Session::open(cluster, tenant).await? else {
            return Ok(None);
        };
        let client = resolver.catalog.get().await?;
        let begun = store::begin(&client, tenant, resolver.clock.now()).await?;
        Ok(begun.map(|begun| Self {
            resolver,
            session,
            tenant,
            subdomain: begun.subdomain,
            reported: begun.reported,
        }))
    }

    /// Step 2, for each keeper: it removes what it has and reports how much that was.
    pub async fn ask(&self, neighbours: &Neighbours, keeper: Service) -> Result<(), Error> {
        if self.reported.iter().any(|name| name == keeper.name()) {
            return Ok(());
        }
        let report = neighbours.erase(keeper, self.tenant).await?;
        let client = self.resolver.catalog.get().await?;
        store::report(&client, self.tenant, keeper.name(), &report).await
    }

    /// Step 3: its database and its role.
    pub async fn drop_database(&self) -> Result<(), Error> {
        self.session.drop_all().await
    }

    /// Step 4: the row keeps nothing but its id, and the certificate is complete.
    async fn finish(&self) -> Result<(), Error> {
        let mut client = self.resolver.catalog.get().await?;
        let transaction = client.transaction().await?;
        let now = self.resolver.clock.now();
        if !store::finish(&transaction, self.tenant, now).await? {
            return Err(Error::Superseded);
        }
        let deleted = TenantDeleted {
            tenant_id: self.tenant,
            subdomain: self.subdomain.clone(),
        };
        outbox::emit(&transaction, self.resolver, self.tenant, &deleted).await?;
        transaction.commit().await?;
        self.resolver.wake.outbox.notify();
        Ok(())
    }
}
