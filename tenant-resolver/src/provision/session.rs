//! The only place with DDL. A session holds a PostgreSQL advisory lock for its tenant, so that two instances never
//! build or drop one database at once; the lock dies with the connection, so that a crash frees it.

use std::time::Duration;

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
        // The server is given the verifier only: the password is in none of its logs.
        let verifier =
            postgres_protocol::password::scram_sha_256(password.expose_secret().as_bytes());
        let sql = format!(
            r#"create role "{}" login in role {GROUP} password '{verifier}'"#,
            self.name
        );
        self.client
            .batch_execute(&sql)
            .await
            .map_err(step("create role"))
    }

    /// Copies the template, waiting for others to leave it.
    pub(crate) async fn create_database(&self) -> Result<(), Error> {
        let template = self.cluster.template.replace('"', r#""""#);
        let sql = format!(
            r#"create database "{}" template "{template}" owner {OWNER}"#,
            self.name
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
            r#"revoke all on database "{name}" from public; grant connect on database "{name}" to "{name}""#
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
        owner
            .query_one("select max(version) from seaql_migrations", &[])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(step("read schema version"))
    }

    /// Drops database and role, in this order: the role is granted a right on the database.
    pub(crate) async fn drop_all(&self) -> Result<(), Error> {
        let name = &self.name;
        // Who drops a database may end only sessions of roles it is a member of.
        let join = format!(r#"grant "{name}" to current_user"#);
        match self.client.batch_execute(&join).await {
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_OBJECT) => {}
            joined => joined.map_err(step("join role"))?,
        }
        let drop_database = format!(r#"drop database if exists "{name}" with (force)"#);
        let dropped = self.client.batch_execute(&drop_database).await;
        dropped.map_err(step("drop database"))?;
        let drop_role = format!(r#"drop role if exists "{name}""#);
        let dropped = self.client.batch_execute(&drop_role).await;
        dropped.map_err(step("drop role"))
    }
}

fn step(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| Error::Cluster { step, source }
}
