//! Building a spare, step by step.

use kernel::{TenantId, WorkspaceId, secret};
use secrecy::SecretString;

use super::cluster::Cluster;
use super::session::Session;
use super::store;
use crate::error::Error;
use crate::state::Resolver;

/// A build that has its row and its session. Dropped before its end, it leaves the row to the sweeper.
pub struct Build<'a> {
    resolver: &'a Resolver,
    session: Session,
    tenant: TenantId,
    password: SecretString,
}

impl<'a> Build<'a> {
    /// Chooses a cluster, by name or by its room, opens the session of a new tenant and writes its row: a row without a session has lost its
    /// builder.
    pub async fn begin(resolver: &'a Resolver, cluster: Option<&str>) -> Result<Self, Error> {
        let cluster = {
            let client = resolver.catalog.get().await?;
            Cluster::for_placement(&client, &resolver.seal, cluster).await?
        };
        let (cluster_id, tenant) = (cluster.id, resolver.ids.next());
        let password = SecretString::from(secret::random_token()?);
        let sealed = store::seal_password(&resolver.seal, tenant, &password)?;
        let session = Session::open(cluster, tenant).await?;
        let session = session.ok_or(Error::Superseded)?;
        let client = resolver.catalog.get().await?;
        store::begun(&client, tenant, cluster_id, &sealed, resolver.clock.now()).await?;
        Ok(Self {
            resolver,
            session,
            tenant,
            password,
        })
    }

    /// Every step in order.
    pub async fn run(self) -> Result<TenantId, Error> {
        self.create_role().await?;
        self.create_database().await?;
        self.restrict_access().await?;
        let schema_version = self.initialize().await?;
        self.finish(&schema_version).await?;
        Ok(self.tenant)
    }

    /// The tenant being built.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Step 1: the tenant's login role.
    pub async fn create_role(&self) -> Result<(), Error> {
        self.session.create_role(&self.password).await
    }

    /// Step 2: its database, a copy of the cluster's template.
    pub async fn create_database(&self) -> Result<(), Error> {
        self.session.create_database().await
    }

    /// Step 3: nobody else may connect to it.
    pub async fn restrict_access(&self) -> Result<(), Error> {
        self.session.restrict_access().await
    }

    /// Step 4: the database learns whose it is. Answers its schema version.
    pub async fn initialize(&self) -> Result<String, Error> {
        let workspace: WorkspaceId = self.resolver.ids.next();
        self.session.initialize(workspace).await
    }

    /// Step 5: the row becomes a spare that a sign-up may claim.
    async fn finish(&self, schema_version: &str) -> Result<(), Error> {
        let client = self.resolver.catalog.get().await?;
        let now = self.resolver.clock.now();
        if store::finished(&client, self.tenant, schema_version, now).await? {
            Ok(())
        } else {
            Err(Error::Superseded)
        }
    }
}
