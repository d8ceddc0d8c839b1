//! Pools of every tenant under one budget of connections per cluster.
//!
//! `state` decides, `cluster` acts, `lease` is the right to use a connection, `physical` is the
//! connection. Nothing runs per tenant; one janitor serves all.

mod cluster;
mod lease;
mod meters;
mod physical;
mod state;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::FleetWake;
use kernel::{ClusterId, TenantId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::cluster::Cluster;
pub(crate) use self::lease::Lease;
use crate::{PoolError, PoolSettings, Resolver, TenantConnection, TenantDescriptor};

/// How often the janitor looks for connections to close and sets the gauges.
const JANITOR_PERIOD: Duration = Duration::from_secs(1);

/// Connections to the databases of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Pools(Arc<Shared>);

struct Shared {
    resolver: Resolver,
    settings: Arc<PoolSettings>,
    clusters: Mutex<HashMap<ClusterId, Arc<Cluster>>>,
    wake: FleetWake,
    tasks: TaskTracker,
}

impl Pools {
    /// Pools and their janitor, which stops with `shutdown`: from then on idle connections are closed.
    /// A unit of work that told events wakes the relay through `wake`.
    pub fn new(
        resolver: Resolver,
        settings: PoolSettings,
        wake: FleetWake,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let pools = Self(Arc::new(Shared {
            resolver,
            settings: Arc::new(settings),
            clusters: Mutex::default(),
            wake,
            tasks: tasks.clone(),
        }));
        let janitor = pools.clone();
        tasks.spawn(async move { janitor.keep_tidy(shutdown).await });
        pools
    }

    /// A connection of the tenant, clean and in no transaction.
    pub async fn acquire(&self, tenant: TenantId) -> Result<TenantConnection, PoolError> {
        let target = self.0.resolver.descriptor(tenant).await?;
        if !target.serves(&self.0.settings.schema_versions) {
            return Err(PoolError::SchemaVersion);
        }
        let lease = self.cluster(&target).acquire(&target).await?;
        Ok(TenantConnection::new(tenant, lease, self.0.wake.clone()))
    }

    /// Forgets what is known of the tenant and closes its connections: idle ones now, those in
    /// use when they come back. To be called when the tenant is suspended, moved or deleted.
    pub async fn evict(&self, tenant: TenantId) {
        self.0.resolver.forget(tenant).await;
        for cluster in self.all() {
            cluster.evict(tenant);
        }
    }

    /// The client of the resolver, for sweeps over all tenants.
    pub fn resolver(&self) -> &Resolver {
        &self.0.resolver
    }

    /// Physical connections open now, of all clusters.
    pub fn open_connections(&self) -> usize {
        let clusters = self.all();
        clusters.iter().map(|cluster| cluster.counts().open).sum()
    }

    async fn keep_tidy(&self, shutdown: CancellationToken) {
        while shutdown
            .run_until_cancelled(tokio::time::sleep(JANITOR_PERIOD))
            .await
            .is_some()
        {
            self.all().iter().for_each(|cluster| cluster.reap());
        }
        self.all().iter().for_each(|cluster| cluster.retire());
    }

    fn cluster(&self, target: &TenantDescriptor) -> Arc<Cluster> {
        let mut clusters = self.clusters();
        let cluster = clusters.entry(target.cluster).or_insert_with(|| {
            let settings = Arc::clone(&self.0.settings);
            Cluster::new(target.cluster, settings, self.0.tasks.clone())
        });
        Arc::clone(cluster)
    }

    fn all(&self) -> Vec<Arc<Cluster>> {
        self.clusters().values().map(Arc::clone).collect()
    }

    fn clusters(&self) -> std::sync::MutexGuard<'_, HashMap<ClusterId, Arc<Cluster>>> {
        let clusters = self.0.clusters.lock();
        clusters.unwrap_or_else(PoisonError::into_inner)
    }
}
