//! A PostgreSQL server that holds tenant databases, and how its provisioner reaches it.

use std::time::Duration;

use deadpool_postgres::GenericClient;
use kernel::{ClusterId, SealKeys, TenantId};
use tokio_postgres::{Client, Config, NoTls, Row};

use crate::catalog;
use crate::error::Error;
use crate::state::Resolver;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Copying the template may wait for a checkpoint of many files; nothing else takes long.
const SERVER_LIMITS: &str = "-c statement_timeout=60s -c lock_timeout=10s";

const COLUMNS: &str =
    "c.id, c.host, c.port, c.provisioner_role, c.provisioner_password, c.template_database";

/// One row of `clusters`, its password open.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) id: ClusterId,
    /// Copied to make a tenant's database.
    pub(crate) template: String,
    provisioner: Config,
}

/// What a provisioner's password's seal is bound to.
pub(crate) fn cluster_context(id: ClusterId) -> Vec<u8> {
    format!("cluster:{id}").into_bytes()
}

impl Cluster {
    /// The open cluster with the most room by its connection budget, or the open one of this name.
    pub(crate) async fn for_placement(
        client: &impl GenericClient,
        seal: &SealKeys,
        name: Option<&str>,
    ) -> Result<Self, Error> {
        let sql = format!(
            "select {COLUMNS} from clusters c left join tenants t on t.cluster_id = c.id and t.status <> 'deleted'
            where c.open_for_placement and ($1::text is null or c.name = $1)
            group by c.id order by count(t.id)::float8 / c.connection_budget, c.id limit 1"
        );
        let nowhere = match name {
            Some(_) => Error::ClusterUnknown,
            None => Error::NoPlacement,
        };
        let row = catalog::row(client, &sql, &[&name]).await?;
        Self::read(&row.ok_or(nowhere)?, seal)
    }

    /// The cluster a tenant lives on. Keeps no connection to the catalog: the cluster may take its time.
    pub(crate) async fn of_tenant(resolver: &Resolver, tenant: TenantId) -> Result<Self, Error> {
        let sql = format!(
            "select {COLUMNS} from clusters c join tenants t on t.cluster_id = c.id where t.id = $1"
        );
        let client = resolver.catalog.get().await?;
        let row = catalog::row(&client, &sql, &[&tenant.uuid()]).await?;
        Self::read(&row.ok_or(Error::Unknown)?, &resolver.seal)
    }

    /// A cluster by its id.
    pub(crate) async fn by_id(
        client: &impl GenericClient,
        seal: &SealKeys,
        id: ClusterId,
    ) -> Result<Self, Error> {
        let sql = format!("select {COLUMNS} from clusters c where c.id = $1");
        let row = catalog::row(client, &sql, &[&id.uuid()]).await?;
        Self::read(&row.ok_or(Error::Malformed("cluster"))?, seal)
    }

    fn read(row: &Row, seal: &SealKeys) -> Result<Self, Error> {
        let id = ClusterId::from(row.try_get::<_, uuid::Uuid>("id")?);
        let sealed: Vec<u8> = row.try_get("provisioner_password")?;
        let password = seal.open(&sealed, &cluster_context(id))?;
        let port: i32 = row.try_get("port")?;
        let mut provisioner = Config::new();
        provisioner
            .host(row.try_get::<_, &str>("host")?)
            .port(u16::try_from(port).map_err(|_out_of_range| Error::Malformed("port"))?)
            .user(row.try_get::<_, &str>("provisioner_role")?)
            .password(password)
            .application_name("tenant-resolver provisioning")
            .connect_timeout(CONNECT_TIMEOUT);
        Ok(Self {
            id,
            template: row.try_get("template_database")?,
            provisioner,
        })
    }

    /// Connects the provisioner as itself, outside any tenant's database.
    pub(crate) async fn connect(&self) -> Result<Client, Error> {
        self.open("postgres", SERVER_LIMITS).await
    }

    /// Connects the provisioner to a tenant's database with the rights of its owner.
    pub(crate) async fn connect_as_owner(&self, database: &str) -> Result<Client, Error> {
        let options = format!("{SERVER_LIMITS} -c role={}", super::session::OWNER);
        self.open(database, &options).await
    }

    /// How much has been written since the last checkpoint, as a share of what makes the server begin one by itself.
    /// The files of new databases wait for it, and it gets longer with each of them.
    pub(crate) async fn checkpoint_backlog(&self) -> Result<f64, Error> {
        let sql = "select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8
                / pg_size_bytes(current_setting('max_wal_size')) from pg_control_checkpoint()";
        let row = self.connect().await?.query_one(sql, &[]).await;
        row.and_then(|row| row.try_get(0))
            .map_err(|source| Error::Cluster {
                step: "read checkpoint backlog",
                source,
            })
    }

    async fn open(&self, database: &str, options: &str) -> Result<Client, Error> {
        let mut config = self.provisioner.clone();
        config.dbname(database).options(options);
        let (client, connection) =
            config
                .connect(NoTls)
                .await
                .map_err(|source| Error::Cluster {
                    step: "connect to cluster",
                    source,
                })?;
        // Ends by itself when the client is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "connection to cluster broke"
                );
            }
        });
        Ok(client)
    }
}
