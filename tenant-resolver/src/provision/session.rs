//! The only place with DDL. A session holds a PostgreSQL advisory lock for its tenant, so that two instances never
//! build or drop one database at once; the lock dies with the connection, so that a crash frees it.

use std::time::{Duration, Instant};

use kernel::{TenantId, WorkspaceId};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::cluster::Cluster;
use crate::error::Error;

/// Owns every tenant database and what is in it.
pub(super) const OWNER: &str = "tenant_owner";
/// What every tenant's role may do in its database.
const GROUP: &str = "tenant_app";
/// PostgreSQL itself waits 5 s for others to leave the template before it refuses; then we pause and ask again.
const TEMPLATE_BUSY_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];

/// Sessions learn of a hold within a second; statements end within five.
const IDLING_PATIENCE: Duration = Duration::from_millis(1200);
const LEAVING_PATIENCE: Duration = Duration::from_secs(6);
const LEAVING_PAUSE: Duration = Duration::from_millis(10);

/// The right to change one tenant's role and database.
pub(crate) struct Session {
    client: Client,
    cluster: Cluster,
    tenant: TenantId,
    name: String,
}

/// The database of a tenant and the role that may connect to it: one name for both, of the opaque id alone.
pub(crate) fn database_name(tenant: TenantId) -> String {
    format!("tenant_{}", tenant.uuid().simple())
}

impl Session {
    /// `None` when another session works on this tenant.
    pub(crate) async fn open(cluster: Cluster, tenant: TenantId) -> Result<Option<Self>, Error> {
        let client = cluster.connect().await?;
        let (_, key) = tenant.uuid().as_u64_pair();
        let row = client
            .query_one("select pg_try_advisory_lock($1)", &[&key.cast_signed()])
            .await
            .map_err(step("lock tenant"))?;
        let locked = row.try_get(0).map_err(step("lock tenant"))?;
        let name = database_name(tenant);
        Ok(if locked {
            Some(Self {
                client,
                cluster,
                tenant,
                name,
            })
        } else {
            None
        })
    }

    /// Creates the login role.
    pub(crate) async fn create_role(&self, password: &SecretString) -> Result<(), Error> {
        let sql = format!(
            r#"create role "{}" login in role {GROUP} password '{}'"#,
            self.name,
            verifier(password),
        );
        self.client
            .batch_execute(&sql)
            .await
            .map_err(step("create role"))
    }

    /// Gives the role another password; sessions that are open stay.
    pub(crate) async fn alter_password(&self, password: &SecretString) -> Result<(), Error> {
        let sql = format!(
            r#"alter role "{}" password '{}'"#,
            self.name,
            verifier(password)
        );
        self.client
            .batch_execute(&sql)
            .await
            .map_err(step("alter role"))
    }

    /// Copies the template, waiting for others to leave it.
    pub(crate) async fn create_database(&self) -> Result<(), Error> {
        self.copy_database(&self.cluster.template).await
    }

    /// Copies another database of the cluster, by its WAL: a copy of files would force a checkpoint and wait for it.
    /// Nobody can connect to the copy before access is restricted.
    pub(crate) async fn copy_database(&self, template: &str) -> Result<(), Error> {
        let sql = format!(
            r#"create database "{}" template "{}" owner {OWNER} strategy wal_log allow_connections false"#,
            self.name,
            template.replace('"', r#""""#),
        );
        for pause in TEMPLATE_BUSY_PAUSES {
            match self.client.batch_execute(&sql).await {
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {
                    tokio::time::sleep(pause).await;
                }
                copied => return copied.map_err(step("create database")),
            }
        }
        self.client
            .batch_execute(&sql)
            .await
            .map_err(step("create database"))
    }

    /// Lets only the tenant's own role (and the owner) in.
    pub(crate) async fn restrict_access(&self) -> Result<(), Error> {
        let name = &self.name;
        let sql = format!(
            r#"revoke all on database "{name}" from public; grant connect on database "{name}" to "{name}";
            alter database "{name}" allow_connections true"#
        );
        self.client
            .batch_execute(&sql)
            .await
            .map_err(step("restrict access to database"))
    }

    /// Writes whose database it is and the first workspace; answers the schema version the copy stands at.
    pub(crate) async fn initialize(&self, workspace: WorkspaceId) -> Result<String, Error> {
        let owner = self.cluster.connect_as_owner(&self.name).await?;
        owner
            .execute(
                "select initialize_tenant($1, $2)",
                &[&self.tenant.uuid(), &workspace.uuid()],
            )
            .await
            .map_err(step("initialize database"))?;
        schema_version(&owner).await
    }

    /// Makes a copy of another tenant's database this tenant's own: what was on its way there is not told twice.
    pub(crate) async fn adopt(&self) -> Result<String, Error> {
        let owner = self.cluster.connect_as_owner(&self.name).await?;
        let sql = format!(
            "update tenant_identity set tenant_id = '{}'; truncate outbox, idempotency_keys",
            self.tenant
        );
        owner
            .batch_execute(&sql)
            .await
            .map_err(step("adopt database"))?;
        schema_version(&owner).await
    }

    /// The database all this is about.
    pub(crate) fn database(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Waits until nobody is connected to the tenant's database. Who was told to leave and idles on is thrown out; who
    /// is in the middle of a statement may end it.
    pub(crate) async fn wait_until_left(&self) -> Result<(), Error> {
        self.join_role().await?;
        let started = Instant::now();
        loop {
            let count =
                "select count(*) from pg_stat_activity where datname = $1 and usesysid is not null";
            let row = self.client.query_one(count, &[&self.name]).await;
            let connected: i64 = row
                .and_then(|row| row.try_get(0))
                .map_err(step("count connections"))?;
            if connected == 0 {
                return Ok(());
            }
            if started.elapsed() > LEAVING_PATIENCE {
                return Err(Error::InUse);
            }
            if started.elapsed() > IDLING_PATIENCE {
                let end = "select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = $1 and usename = $1 and state = 'idle'";
                let ended = self.client.execute(end, &[&self.name]).await;
                ended.map_err(step("end idle connections"))?;
            }
            tokio::time::sleep(LEAVING_PAUSE).await;
        }
    }

    /// Only a member of a role sees what its sessions do, and may end them.
    async fn join_role(&self) -> Result<(), Error> {
        let join = format!(r#"grant "{}" to current_user"#, self.name);
        match self.client.batch_execute(&join).await {
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_OBJECT) => Ok(()),
            joined => joined.map_err(step("join role")),
        }
    }

    /// Drops database and role, in this order: the role is granted a right on the database.
    pub(crate) async fn drop_all(&self) -> Result<(), Error> {
        let name = &self.name;
        self.join_role().await?;
        let drop_database = format!(r#"drop database if exists "{name}" with (force)"#);
        let dropped = self.client.batch_execute(&drop_database).await;
        dropped.map_err(step("drop database"))?;
        let drop_role = format!(r#"drop role if exists "{name}""#);
        let dropped = self.client.batch_execute(&drop_role).await;
        dropped.map_err(step("drop role"))
    }
}

/// What the server is given instead of the password, which is then in none of its logs.
fn verifier(password: &SecretString) -> String {
    postgres_protocol::password::scram_sha_256(password.expose_secret().as_bytes())
}

async fn schema_version(owner: &Client) -> Result<String, Error> {
    owner
        .query_one("select max(version) from seaql_migrations", &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(step("read schema version"))
}

fn step(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| Error::Cluster { step, source }
}
