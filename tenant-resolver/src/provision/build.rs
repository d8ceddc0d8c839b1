//! Building a spare, step by step. Each step may run again after a crash and changes nothing the second time.

use std::error::Error as _;

use kernel::{TenantId, WorkspaceId, secret};

use super::cluster::Cluster;
use super::session::Session;
use super::store::{self, HalfBuilt};
use crate::error::Error;
use crate::state::Resolver;

/// A build that has its row and its session. Dropping it leaves the row to the sweeper.
pub struct Build<'a> {
    resolver: &'a Resolver,
    session: Session,
    row: HalfBuilt,
}

impl<'a> Build<'a> {
    /// Chooses a cluster, takes the session of a new tenant and writes its row: the row is never without a session
    /// while its builder lives.
    pub async fn begin(resolver: &'a Resolver) -> Result<Self, Error> {
        let client = resolver.catalog.get().await?;
        let cluster = Cluster::for_placement(&client, &resolver.seal).await?;
        let row = HalfBuilt {
            id: resolver.ids.next(),
            cluster: cluster.id,
            password: secret::random_token()?.into(),
        };
        let session = Session::open(cluster, row.id)
            .await?
            .ok_or(Error::Superseded)?;
        row.insert(&client, &resolver.seal, resolver.clock.now())
            .await?;
        Ok(Self {
            resolver,
            session,
            row,
        })
    }

    /// Takes over what a crash left. `None` while its builder lives, or when it has just finished.
    pub(super) async fn resume(
        resolver: &'a Resolver,
        row: HalfBuilt,
    ) -> Result<Option<Self>, Error> {
        let client = resolver.catalog.get().await?;
        let cluster = Cluster::by_id(&client, &resolver.seal, row.cluster).await?;
        let Some(session) = Session::open(cluster, row.id).await? else {
            return Ok(None);
        };
        let build = Self {
            resolver,
            session,
            row,
        };
        let unfinished = store::is_half_built(&client, build.row.id).await?;
        Ok(unfinished.then_some(build))
    }

    /// Every step in order. A failure is noted in the row.
    pub async fn run(self) -> Result<TenantId, Error> {
        match self.steps().await {
            Ok(()) => Ok(self.row.id),
            Err(error) => {
                self.note(&error).await;
                Err(error)
            }
        }
    }

    /// The tenant being built.
    pub fn tenant(&self) -> TenantId {
        self.row.id
    }

    /// Step 1: the tenant's login role.
    pub async fn create_role(&self) -> Result<(), Error> {
        self.session.create_role(&self.row.password).await
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
    pub async fn finish(&self, schema_version: &str) -> Result<(), Error> {
        let client = self.resolver.catalog.get().await?;
        let now = self.resolver.clock.now();
        match store::finished(&client, self.row.id, schema_version, now).await? {
            true => Ok(()),
            false => Err(Error::Superseded),
        }
    }

    async fn steps(&self) -> Result<(), Error> {
        self.create_role().await?;
        self.create_database().await?;
        self.restrict_access().await?;
        let schema_version = self.initialize().await?;
        self.finish(&schema_version).await
    }

    async fn note(&self, error: &Error) {
        let text = match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        let noted = async {
            let client = self.resolver.catalog.get().await?;
            store::failed(&client, self.row.id, &text, self.resolver.clock.now()).await
        };
        if let Err(error) = noted.await {
            tracing::warn!(
                tenant.id = %self.row.id,
                error = &error as &dyn std::error::Error,
                "failure of a build could not be noted"
            );
        }
    }
}
