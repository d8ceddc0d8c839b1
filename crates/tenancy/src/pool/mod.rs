//! Pools of every tenant under one budget of connections per cluster.
//!
//! `state` decides, `exchange` is its lock and its queue, `cluster` acts, `lease` is the right to
//! use a connection, `physical` is the connection; `hold` is where requests wait for a tenant that
//! is being moved. Nothing runs per tenant; one janitor serves all.

mod cluster;
mod exchange;
mod hold;
mod lease;
mod meters;
mod physical;
mod state;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::FleetWake;
use kernel::{ClusterId, TenantId};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::cluster::Cluster;
use self::exchange::Setback;
use self::hold::Holding;
pub(crate) use self::lease::Lease;
use self::state::Purpose;
use crate::session::Session;
use crate::{PoolError, PoolSettings, Resolver, TenantConnection, TenantDescriptor};

/// How often the janitor looks for connections to close and sets the gauges; a period of `state`.
const JANITOR_PERIOD: Duration = Duration::from_secs(1);

/// Connections to the databases of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Pools(Arc<Shared>);

struct Shared {
    resolver: Resolver,
    settings: Arc<PoolSettings>,
    clusters: Mutex<HashMap<ClusterId, Arc<Cluster>>>,
    holding: Holding,
    /// Rings at every eviction.
    evicted: Notify,
    wake: FleetWake,
    tasks: TaskTracker,
}

/// One of the busiest tenants of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusyTenant {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenant.
    pub tenant: TenantId,
    /// Connections it acquired in the last minute.
    pub acquires: u32,
    /// Connections it uses now.
    pub in_use: usize,
    /// Its requests that wait now.
    pub waiting: usize,
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
            holding: Holding::new(settings.queue),
            settings: Arc::new(settings),
            clusters: Mutex::default(),
            evicted: Notify::new(),
            wake,
            tasks: tasks.clone(),
        }));
        let janitor = pools.clone();
        tasks.spawn(async move { janitor.keep_tidy(shutdown).await });
        pools
    }

    /// A connection of the tenant, clean and in no transaction, for somebody who waits for an
    /// answer. While the tenant is held it waits.
    pub async fn acquire(&self, tenant: TenantId) -> Result<TenantConnection, PoolError> {
        let lease = self.lease(tenant).await?;
        Ok(self.connection(tenant, lease))
    }

    /// The same for work that may wait: sweeps and jobs. It comes after every request, uses a part
    /// of the budget, takes no connection that a request used lately from its tenant, and does not
    /// wait for a tenant that is held.
    pub async fn acquire_background(
        &self,
        tenant: TenantId,
    ) -> Result<TenantConnection, PoolError> {
        let deadline = Instant::now() + self.0.settings.background_timeout;
        let mut setback = None;
        // An eviction in between says that the resolver has news; a second one may come later.
        for _ in 0..2 {
            match self.attempt(tenant, Purpose::Background, deadline).await {
                Ok(lease) => return Ok(self.connection(tenant, lease)),
                Err(Setback::Refused(login)) => {
                    self.0.resolver.forget_login(tenant, &login).await;
                    setback = Some(PoolError::Unavailable);
                }
                Err(Setback::Evicted) => setback = Some(PoolError::Held),
                Err(Setback::Held) => return Err(PoolError::Held),
                Err(Setback::Final(error)) => return Err(error),
            }
        }
        Err(setback.unwrap_or(PoolError::Unavailable))
    }

    /// Forgets what is known of the tenant and closes its connections: idle ones now, those in
    /// use when they come back. Who waits asks the resolver again. To be called when the tenant is
    /// held, suspended, moved or deleted.
    pub async fn evict(&self, tenant: TenantId) {
        let number = self.0.resolver.forget(tenant).await;
        for cluster in self.all() {
            cluster.evict(tenant, number);
        }
        self.0.evicted.notify_waiters();
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

    /// The tenants of each cluster that acquired most in the last minute, busiest first.
    pub fn busiest(&self, most: usize) -> Vec<BusyTenant> {
        let mut busiest = Vec::new();
        for cluster in self.all() {
            let busy = cluster.busiest(most).into_iter().map(|busy| BusyTenant {
                cluster: cluster.id(),
                tenant: busy.tenant,
                acquires: busy.acquires,
                in_use: busy.in_use,
                waiting: busy.waiting,
            });
            busiest.extend(busy);
        }
        busiest
    }

    /// Ends when the connection should be given back: its tenant is held or otherwise evicted.
    pub(crate) async fn revoked(&self, connection: &TenantConnection) {
        loop {
            let evicted = self.0.evicted.notified();
            if !connection.is_current().await {
                return;
            }
            evicted.await;
        }
    }

    /// Gives a session whose connection was lost another one; whether there was one.
    pub(crate) async fn replace(&self, tenant: TenantId, session: &Session) -> bool {
        match Box::pin(self.lease(tenant)).await {
            Ok(lease) => {
                session.replace(lease).await;
                true
            }
            Err(_) => false,
        }
    }

    /// Rings the relay after a commit.
    pub(crate) fn wake(&self) -> FleetWake {
        self.0.wake.clone()
    }

    /// What units of work note goes here.
    pub(crate) fn journal(&self) -> Option<&'static str> {
        self.0.settings.journal
    }

    async fn lease(&self, tenant: TenantId) -> Result<Lease, PoolError> {
        let deadline = Instant::now() + self.0.settings.acquire_timeout;
        match self.attempt(tenant, Purpose::Request, deadline).await {
            Ok(lease) => Ok(lease),
            Err(Setback::Final(error)) => Err(error),
            Err(setback) => Box::pin(self.wait_out(tenant, setback)).await,
        }
    }

    async fn attempt(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Lease, Setback> {
        let told = self.0.resolver.told(tenant).await.map_err(setback)?;
        if !told.descriptor.serves(&self.0.settings.schema_versions) {
            return Err(Setback::Final(PoolError::SchemaVersion));
        }
        let cluster = self.cluster(&told.descriptor);
        cluster.acquire(&told, purpose, deadline).await
    }

    fn connection(&self, tenant: TenantId, lease: Lease) -> TenantConnection {
        TenantConnection::new(tenant, lease, self.clone())
    }

    async fn keep_tidy(&self, shutdown: CancellationToken) {
        while shutdown
            .run_until_cancelled(tokio::time::sleep(JANITOR_PERIOD))
            .await
            .is_some()
        {
            self.all().iter().for_each(Cluster::keep_tidy);
            self.0.holding.show();
        }
        self.all().iter().for_each(Cluster::retire);
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

fn setback(error: PoolError) -> Setback {
    match error {
        PoolError::Held => Setback::Held,
        error => Setback::Final(error),
    }
}
