//! A bare server made ready: roles, databases, grants, the catalog's first version, the first cluster's row.
//!
//! Every step may be repeated; passwords are set anew each time, so that a changed secret takes effect.

use std::time::Duration;

use kernel::{ClusterId, Ids, SealKey};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::address::Address;
use crate::database::Session;
use crate::registry::Registry;
use crate::schema::{CATALOG, TENANT_OWNER};

/// Two preparations of one server must not create the same role at once. The lock is one of the operator's database,
/// so it does not keep out who changes the same rows from another one.
pub const LOCK_KEY: i64 = 0x696e_6974;
/// How often a change of a row that somebody else changes at the same time is tried.
const ATTEMPTS: u32 = 20;
/// Between two of them: the other's transaction has to end.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections the first cluster gives to tenants until an operator says otherwise.
const CONNECTION_BUDGET: i32 = 80;
/// The group that every tenant's own role is in.
const TENANT_APP: &str = "tenant_app";

/// What to make, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The operator's role, on a database that always exists.
    pub admin: Address,
    /// The catalog as its service connects to it.
    pub catalog: Address,
    /// Identity's database as its service connects to it.
    pub identity: Address,
    /// The shortener's database as its service connects to it.
    pub shortener: Address,
    /// The role that creates tenant databases, and where.
    pub provisioner: Address,
    /// The first cluster's name.
    pub cluster: String,
    /// The database that tenants are copied from.
    pub template: String,
    /// Seals the provisioner's password.
    pub seal: SealKey,
}

/// Why the server is not ready.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A URL lacks a part that has to be set up.
    #[error("{0} must name a user, a password and a database")]
    Incomplete(&'static str),
    /// The server refused.
    #[error("set up the server")]
    Server(#[from] tokio_postgres::Error),
    /// The catalog's schema was not made.
    #[error("make the catalog")]
    Schema(#[from] crate::Error),
    /// The catalog did not take the cluster.
    #[error("register the cluster")]
    Registry(#[from] crate::registry::RegistryError),
    /// The provisioner's password was not sealed.
    #[error("seal the provisioner's password")]
    Seal(#[from] kernel::seal::SealError),
    /// The cluster is another one, or cannot be reached.
    #[error(transparent)]
    Cluster(#[from] crate::tenants::Error),
}

/// Makes everything that is missing; answers what was created.
pub async fn init(plan: &Plan, ids: &Ids) -> Result<Vec<String>, InitError> {
    let mut server = Server::connect(&plan.admin).await?;
    server.cluster(&plan.provisioner, &plan.template).await?;
    server.services(plan).await?;
    let mut created = server.created;
    catalog(plan).await?;
    let address = plan
        .admin
        .with_database(plan.catalog.database().unwrap_or_default());
    let registry = Registry::open(&address).await?;
    let row = ClusterRow {
        name: &plan.cluster,
        provisioner: &plan.provisioner,
        template: &plan.template,
        budget: CONNECTION_BUDGET,
        open: true,
        seal: &plan.seal,
    };
    if register(&registry, &row, ids).await? {
        created.push(format!("cluster {}", plan.cluster));
    }
    Ok(created)
}

/// Makes on one server what tenants need there: roles, and a template without a schema yet.
pub(crate) async fn prepare_cluster(
    admin: &Address,
    provisioner: &Address,
    template: &str,
) -> Result<Vec<String>, InitError> {
    let mut server = Server::connect(admin).await?;
    server.cluster(provisioner, template).await?;
    Ok(server.created)
}

struct Server {
    client: Client,
    created: Vec<String>,
}

impl Server {
    async fn connect(admin: &Address) -> Result<Self, InitError> {
        let (client, connection) = admin.config().connect(NoTls).await?;
        // Ends with the client.
        tokio::spawn(connection);
        // Statements with passwords must not reach the server's log, whatever it is set to.
        let quiet = "set log_statement = 'none'; set log_min_duration_statement = -1; set log_min_error_statement = 'panic'";
        client.batch_execute(quiet).await?;
        client
            .execute("select pg_advisory_lock($1)", &[&LOCK_KEY])
            .await?;
        Ok(Self {
            client,
            created: Vec::new(),
        })
    }

    /// What every cluster has.
    async fn cluster(&mut self, provisioner: &Address, template: &str) -> Result<(), InitError> {
        self.tenant_roles(provisioner).await?;
        self.database(template, Some(TENANT_OWNER)).await
    }

    /// What only the first one has.
    async fn services(&mut self, plan: &Plan) -> Result<(), InitError> {
        let services = [
            ("the catalog's URL", &plan.catalog, "catalog_app"),
            ("identity's URL", &plan.identity, "identity_app"),
            ("the shortener's URL", &plan.shortener, "shortener_app"),
        ];
        for (what, address, group) in services {
            self.service(what, address, group).await?;
        }
        Ok(())
    }

    async fn tenant_roles(&mut self, provisioner: &Address) -> Result<(), InitError> {
        self.role(TENANT_OWNER).await?;
        self.role(TENANT_APP).await?;
        let (user, password, database) = parts("the provisioner's URL", provisioner)?;
        self.role(user).await?;
        self.login(user, password).await?;
        self.execute("alter role %I createdb createrole", &[user])
            .await?;
        self.execute("grant %I to %I", &[TENANT_OWNER, user])
            .await?;
        self.execute("grant %I to %I with admin option", &[TENANT_APP, user])
            .await?;
        // A tenant's role has no business in the maintenance database either.
        self.execute("revoke all on database %I from public", &[database])
            .await?;
        self.execute("grant connect on database %I to %I", &[database, user])
            .await
    }

    /// A service's own database. The schema grants to `group`; a URL may log in under another name.
    async fn service(
        &mut self,
        what: &'static str,
        address: &Address,
        group: &'static str,
    ) -> Result<(), InitError> {
        let (user, password, database) = parts(what, address)?;
        self.role(group).await?;
        self.role(user).await?;
        self.login(user, password).await?;
        if user != group {
            self.execute("grant %I to %I", &[group, user]).await?;
        }
        self.database(database, None).await?;
        self.execute("grant connect on database %I to %I", &[database, user])
            .await
    }

    async fn role(&mut self, name: &str) -> Result<(), InitError> {
        let found = "select from pg_roles where rolname = $1";
        if self.client.query_opt(found, &[&name]).await?.is_none() {
            self.execute("create role %I nologin", &[name]).await?;
            self.created.push(format!("role {name}"));
        }
        Ok(())
    }

    async fn login(&self, name: &str, password: &str) -> Result<(), InitError> {
        let sql = "alter role %I login password %L";
        self.execute(sql, &[name, password]).await
    }

    async fn database(&mut self, name: &str, owner: Option<&str>) -> Result<(), InitError> {
        let found = "select from pg_database where datname = $1";
        if self.client.query_opt(found, &[&name]).await?.is_none() {
            // template0 cannot be in use by another session, template1 can.
            let sql = "create database %I template template0 encoding 'UTF8'";
            self.execute(sql, &[name]).await?;
            self.created.push(format!("database {name}"));
        }
        if let Some(owner) = owner {
            let sql = "alter database %I owner to %I";
            self.execute(sql, &[name, owner]).await?;
        }
        self.execute("revoke all on database %I from public", &[name])
            .await
    }

    /// Runs a statement that takes no parameters, with names and literals quoted by the server.
    async fn execute(&self, sql: &str, values: &[&str]) -> Result<(), InitError> {
        let quoted = "select format($1, variadic $2::text[])";
        let statement: String = self
            .client
            .query_one(quoted, &[&sql, &values])
            .await?
            .try_get(0)?;
        self.run(&statement).await
    }

    /// Runs a statement that may be repeated. Roles, memberships and databases are rows that a whole server shares:
    /// two changes of one at once do not wait for each other, the later is refused.
    async fn run(&self, statement: &str) -> Result<(), InitError> {
        let mut attempt = 1;
        loop {
            match self.client.batch_execute(statement).await {
                Err(error) if is_overtaken(&error) && attempt < ATTEMPTS => attempt += 1,
                answer => return Ok(answer?),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether somebody else changed the same row of the server's catalog meanwhile. PostgreSQL has no code of its own
/// for it (`simple_heap_update` in `heapam.c`), and does not translate the text.
fn is_overtaken(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::INTERNAL_ERROR
            && error.message().starts_with("tuple concurrently ")
    })
}

fn parts<'a>(
    what: &'static str,
    address: &'a Address,
) -> Result<(&'a str, &'a str, &'a str), InitError> {
    match (address.user(), address.password(), address.database()) {
        (Some(user), Some(password), Some(database)) => Ok((user, password, database)),
        _ => Err(InitError::Incomplete(what)),
    }
}

/// The cluster's row needs a table; later versions are `up`'s business, under the fleet's lease.
async fn catalog(plan: &Plan) -> Result<(), InitError> {
    let address = plan
        .admin
        .with_database(plan.catalog.database().unwrap_or_default());
    let session = Session::open(&address, CATALOG).await?;
    if session.steps().await? == 0 {
        session.up(CATALOG.head()).await?;
    }
    session.close().await;
    Ok(())
}

/// A cluster as the catalog is told of it.
pub(crate) struct ClusterRow<'a> {
    pub(crate) name: &'a str,
    /// Role and password, at the cluster's own address.
    pub(crate) provisioner: &'a Address,
    pub(crate) template: &'a str,
    /// Budget and openness count only for a cluster that is new.
    pub(crate) budget: i32,
    pub(crate) open: bool,
    pub(crate) seal: &'a SealKey,
}

/// Writes a cluster's row; true when it is a new one.
pub(crate) async fn register(
    registry: &Registry,
    cluster: &ClusterRow<'_>,
    ids: &Ids,
) -> Result<bool, InitError> {
    let (user, password, _) = parts("the provisioner's URL", cluster.provisioner)?;
    let connection = registry.connection().await?;
    let known = connection
        .query_opt("select id from clusters where name = $1", &[&cluster.name])
        .await?;
    let id = match &known {
        Some(row) => ClusterId::from(row.try_get::<_, uuid::Uuid>(0)?),
        None => ids.next(),
    };
    let context = format!("cluster:{id}");
    let sealed = cluster.seal.seal(password.as_bytes(), context.as_bytes())?;
    let sql = "insert into clusters
        (id, name, host, port, provisioner_role, provisioner_password, template_database, connection_budget,
         open_for_placement)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (name) do update set host = excluded.host, port = excluded.port,
            provisioner_role = excluded.provisioner_role, provisioner_password = excluded.provisioner_password,
            template_database = excluded.template_database";
    let address = cluster.provisioner;
    let (host, port) = (address.host(), i32::from(address.port()));
    let row: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
        &id.uuid(),
        &cluster.name,
        &host,
        &port,
        &user,
        &sealed,
        &cluster.template,
        &cluster.budget,
        &cluster.open,
    ];
    connection.execute(sql, &row).await?;
    Ok(known.is_none())
}
