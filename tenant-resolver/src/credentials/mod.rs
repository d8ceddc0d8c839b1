//! Passwords of tenants' roles, and the key they are sealed under.
//!
//! A rotation writes the next password before the role gets it and promotes it after, so that after a crash at any
//! step the catalog knows a password the role has. Open sessions stay; who connects with the former password meanwhile
//! is refused and asks for the descriptor again.

mod reseal;
mod routes;
mod store;

use kernel::{TenantId, secret};
use secrecy::SecretString;

pub use reseal::{Resealed, reseal};
pub(crate) use routes::router;
pub(crate) use store::rotating;

use crate::error::Error;
use crate::lifecycle;
use crate::provision::{self, Cluster, Session};
use crate::state::Resolver;
use crate::status::Status;

/// A rotation that has its session and has noted the next password. Dropped before its end, it leaves the rest to the
/// sweeper.
pub struct Rotation<'a> {
    resolver: &'a Resolver,
    session: Session,
    tenant: TenantId,
    next: Vec<u8>,
}

/// Gives a tenant's role a new password; finishes a rotation that died instead, if there is one.
pub async fn rotate(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let rotation = Rotation::begin(resolver, tenant).await?;
    rotation.alter_role().await?;
    rotation.promote().await?;
    tracing::info!(tenant.id = %tenant, "password rotated");
    Ok(())
}

impl<'a> Rotation<'a> {
    /// Step 1: the next password is noted, unless one is noted already.
    pub async fn begin(resolver: &'a Resolver, tenant: TenantId) -> Result<Self, Error> {
        let password = SecretString::from(secret::random_token()?);
        let sealed = provision::seal_password(&resolver.seal, tenant, &password)?;
        let cluster = Cluster::of_tenant(resolver, tenant).await?;
        let cluster_id = cluster.id;
        let session = Session::open(cluster, tenant).await?.ok_or(Error::Busy)?;
        let (client, now) = (resolver.catalog.get().await?, resolver.clock.now());
        let Some(next) = store::begin(&client, tenant, cluster_id, &sealed, now).await? else {
            let state = lifecycle::state(&client, tenant).await?;
            lifecycle::refused(state.as_ref(), Status::Active)?;
            // It moves: its role is made anew over there.
            return Err(Error::Held);
        };
        Ok(Self {
            resolver,
            session,
            tenant,
            next,
        })
    }

    /// Takes up a rotation that died; `None` when somebody is at it or nothing is left to do.
    pub(crate) async fn resume(
        resolver: &'a Resolver,
        tenant: TenantId,
    ) -> Result<Option<Self>, Error> {
        let cluster = Cluster::of_tenant(resolver, tenant).await?;
        let cluster_id = cluster.id;
        let Some(session) = Session::open(cluster, tenant).await? else {
            return Ok(None);
        };
        let client = resolver.catalog.get().await?;
        let next = store::unfinished(&client, tenant, cluster_id).await?;
        Ok(next.map(|next| Self {
            resolver,
            session,
            tenant,
            next,
        }))
    }

    /// Step 2: the role gets it.
    pub async fn alter_role(&self) -> Result<(), Error> {
        let password = provision::open_password(&self.resolver.seal, self.tenant, &self.next)?;
        self.session.alter_password(&password).await
    }

    /// Step 3: descriptors tell it.
    pub async fn promote(&self) -> Result<(), Error> {
        let client = self.resolver.catalog.get().await?;
        store::promote(&client, self.tenant, self.resolver.clock.now()).await
    }
}
