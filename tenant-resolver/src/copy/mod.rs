//! A new tenant with a copy of another one's database, for a sandbox or a rehearsal.
//!
//! Until the copy is whole its row is a half-built database that nobody's name points to; then it becomes a claim
//! like any other. The source is held only while its database is read, and its hold ends by itself.

mod routes;
mod store;

use std::time::Duration;

use kernel::{TenantId, secret};
use secrecy::SecretString;

pub(crate) use routes::router;

use crate::claim::{Claim, Claimed};
use crate::error::Error;
use crate::hold;
use crate::lifecycle::Purpose;
use crate::provision::{self, Cluster, Session};
use crate::state::Resolver;
use crate::status::Status;

/// A source whose copier died is free again after this.
const HOLD: Duration = Duration::from_secs(5);
/// Two prolongations may fail before a hold ends.
const PROLONG_EVERY: Duration = Duration::from_millis(1500);

/// A copy that has its row and both sessions. Dropped before its end, it leaves the row to the sweeper and the
/// source's hold to its end.
pub struct Copy<'a> {
    resolver: &'a Resolver,
    source: Session,
    source_id: TenantId,
    session: Session,
    tenant: TenantId,
    password: SecretString,
}

/// Copies a tenant, or answers the copy that this request id has made before.
pub async fn copy(resolver: &Resolver, source: TenantId, claim: &Claim) -> Result<Claimed, Error> {
    if let Some(earlier) = known(resolver, claim).await? {
        return Ok(earlier);
    }
    let copy = Copy::begin(resolver, source).await?;
    let tenant = copy.tenant;
    match Box::pin(copy.run(claim)).await {
        Ok(()) => {
            tracing::info!(tenant.id = %tenant, source.id = %source, "tenant copied");
            Ok(Claimed {
                id: tenant,
                status: Status::Provisioning,
                new: true,
            })
        }
        Err(error) => {
            provision::failed(resolver, tenant, &error).await;
            // The same request may have been quicker elsewhere.
            known(resolver, claim).await?.ok_or(error)
        }
    }
}

/// The tenant of this request id, if it has one; an error when the name is somebody else's.
async fn known(resolver: &Resolver, claim: &Claim) -> Result<Option<Claimed>, Error> {
    let client = resolver.catalog.get().await?;
    store::known(&client, claim).await
}

impl<'a> Copy<'a> {
    /// Step 1: the sessions of both tenants and the row of the new one, on the cluster of its source.
    pub async fn begin(resolver: &'a Resolver, source_id: TenantId) -> Result<Self, Error> {
        let cluster = Cluster::of_tenant(resolver, source_id).await?;
        let tenant = resolver.ids.next();
        let password = SecretString::from(secret::random_token()?);
        let sealed = provision::seal_password(&resolver.seal, tenant, &password)?;
        let source = Session::open(cluster.clone(), source_id).await?;
        let source = source.ok_or(Error::Busy)?;
        let session = Session::open(cluster, tenant).await?;
        let session = session.ok_or(Error::Superseded)?;
        let cluster_id = session.cluster().id;
        let client = resolver.catalog.get().await?;
        provision::begun(&client, tenant, cluster_id, &sealed, resolver.clock.now()).await?;
        Ok(Self {
            resolver,
            source,
            source_id,
            session,
            tenant,
            password,
        })
    }

    /// The tenant being made.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    async fn run(self, claim: &Claim) -> Result<(), Error> {
        self.create_role().await?;
        self.hold().await?;
        let copied = self.copy_database().await;
        let released = self.release().await;
        copied?;
        released?;
        self.restrict_access().await?;
        let schema_version = self.adopt().await?;
        self.finish(claim, &schema_version).await
    }

    /// Step 2: the new tenant's login role.
    pub async fn create_role(&self) -> Result<(), Error> {
        self.session.create_role(&self.password).await
    }

    /// Step 3: requests to the source wait.
    pub async fn hold(&self) -> Result<(), Error> {
        hold::hold(self.resolver, self.source_id, Purpose::Clone, HOLD)
            .await
            .map(drop)
    }

    /// Step 4: the source's connections have gone and its database is copied. The hold goes on as long as it takes.
    pub async fn copy_database(&self) -> Result<(), Error> {
        let copy = async {
            self.source.wait_until_left().await?;
            self.session.copy_database(self.source.database()).await
        };
        let prolong = async {
            loop {
                tokio::time::sleep(PROLONG_EVERY).await;
                if let Err(error) = self.hold().await {
                    return error;
                }
            }
        };
        tokio::select! {
            copied = copy => copied,
            error = prolong => Err(error),
        }
    }

    /// Step 5: the source serves again, whatever became of the copy.
    pub async fn release(&self) -> Result<(), Error> {
        hold::release(self.resolver, self.source_id, None).await
    }

    /// Step 6: nobody but its own role may connect to it.
    pub async fn restrict_access(&self) -> Result<(), Error> {
        self.session.restrict_access().await
    }

    /// Step 7: the database learns whose it is now. Answers its schema version.
    pub async fn adopt(&self) -> Result<String, Error> {
        self.session.adopt().await
    }

    /// Step 8: it becomes a claim that can be confirmed.
    async fn finish(&self, claim: &Claim, schema_version: &str) -> Result<(), Error> {
        let client = self.resolver.catalog.get().await?;
        let now = self.resolver.clock.now();
        store::finished(
            &client,
            self.tenant,
            self.source_id,
            claim,
            schema_version,
            now,
        )
        .await
    }
}
