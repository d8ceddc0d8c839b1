//! One test's own installation on the shared test server, and tenants made the way the resolver makes them.

use std::process::Output;

use kernel::{Clock, Ids, TenantId, WorkspaceId};
use migrator::Address;
use migrator::registry::Registry;
use migrator::schema;
use migrator::tenants::Operator;
use tokio::process::Command;
use tokio_postgres::{Client, NoTls};

pub(crate) const SEAL_KEY: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(crate) struct World {
    pub(crate) admin: Address,
    pub(crate) suffix: String,
    pub(crate) client: Client,
}

/// A tenant's database and the role that may use it.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) name: String,
}

/// The newest version of a tenant's schema.
pub(crate) fn newest() -> &'static str {
    schema::TENANT.migrations.last().expect("a version").name
}

pub(crate) async fn connect(address: &Address) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = address.config().connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl World {
    /// Nothing made yet.
    pub(crate) async fn bare() -> Self {
        let admin: Address = testkit::setting("TENANTRY_TEST_ADMIN_URL")
            .parse()
            .expect("a PostgreSQL URL");
        Self {
            client: connect(&admin).await.expect("the test server"),
            suffix: testkit::unique(""),
            admin,
        }
    }

    /// After `init`.
    pub(crate) async fn new() -> Self {
        let world = Self::bare().await;
        world.expect(0, &["init"]).await;
        world
    }

    pub(crate) fn name(&self, base: &str) -> String {
        format!("{base}_{}", self.suffix)
    }

    /// The operator's way into a database.
    pub(crate) fn database(&self, name: &str) -> Address {
        self.admin.with_database(name)
    }

    /// A role's way into a database, with the password that all roles of a test have.
    pub(crate) fn login(&self, role: &str, database: &str) -> Address {
        let mut url = self.database(database).url().clone();
        url.set_username(role).expect("a user");
        url.set_password(Some("secret")).expect("a password");
        url.as_str().parse().expect("an address")
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.output().await.expect("the migrator runs")
    }

    /// The migrator with this installation's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let own =
            |role: &str, database: &str| self.login(&self.name(role), database).url().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrator"));
        command
            .args(arguments)
            .env("MIGRATOR_ADMIN_URL", self.admin.url().as_str())
            .env(
                "MIGRATOR_CATALOG_URL",
                own("catalog_app", &self.name("catalog")),
            )
            .env(
                "MIGRATOR_IDENTITY_URL",
                own("identity_app", &self.name("identity")),
            )
            .env(
                "MIGRATOR_SHORTENER_URL",
                own("shortener_app", &self.name("shortener")),
            )
            .env("MIGRATOR_PROVISIONER_URL", own("provisioner", "postgres"))
            .env("MIGRATOR_SEAL_KEY", SEAL_KEY)
            .env("MIGRATOR_TEMPLATE", self.name("template"));
        command
    }

    /// Runs the migrator, checks its exit code, and answers what it printed.
    pub(crate) async fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(code),
            "migrator {arguments:?}: {text}{errors}"
        );
        text
    }

    pub(crate) async fn json(&self, code: i32, arguments: &[&str]) -> serde_json::Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.expect(code, &arguments).await).expect("one JSON document")
    }

    pub(crate) async fn sql(&self, database: &str, sql: &str) {
        let client = connect(&self.database(database)).await.expect("connect");
        client.batch_execute(sql).await.expect(sql);
    }

    pub(crate) async fn text(&self, database: &str, sql: &str) -> String {
        let client = connect(&self.database(database)).await.expect("connect");
        client.query_one(sql, &[]).await.expect(sql).get(0)
    }

    /// What the commands of an operator work with.
    pub(crate) async fn operator(&self) -> Operator {
        let catalog = self.database(&self.name("catalog"));
        Operator {
            registry: Registry::open(&catalog).await.expect("the catalog"),
            admin: self.admin.clone(),
            clock: Clock::system(),
            ids: Ids::system(),
            holder: "a test".to_owned(),
        }
    }

    /// Builds a tenant with nothing but the provisioner's rights.
    pub(crate) async fn tenant(&self, subdomain: &str) -> Tenant {
        let id = Ids::system().next::<TenantId>();
        let name = format!("tenant_{}", id.uuid().simple());
        let provisioner = self.name("provisioner");
        let client = connect(&self.login(&provisioner, "postgres"))
            .await
            .expect("provisioner");
        for sql in [
            format!("create role {name} login password 'secret' in role tenant_app"),
            format!(
                "create database {name} template {} owner tenant_owner",
                self.name("template")
            ),
            format!("revoke all on database {name} from public"),
            format!("grant connect on database {name} to {name}"),
        ] {
            client.batch_execute(&sql).await.expect(&sql);
        }
        let workspace = Ids::system().next::<WorkspaceId>().uuid();
        let own = connect(&self.login(&provisioner, &name))
            .await
            .expect("provisioner");
        let initialize = "select initialize_tenant($1, $2)";
        own.execute(initialize, &[&id.uuid(), &workspace])
            .await
            .expect(initialize);
        let row = format!(
            "insert into tenants (id, subdomain, name, status, cluster_id, database_name, role_name, sealed_password)
             select '{id}', '{subdomain}', 'Demo', 'active', id, '{name}', '{name}', '' from clusters"
        );
        self.sql(&self.name("catalog"), &row).await;
        Tenant { id, name }
    }

    /// Removes all that the test made. A failed test leaves it for looking at.
    pub(crate) async fn remove(self, tenants: &[Tenant]) {
        // What roles own in the operator's database is changed by every `init`; the lock ends with the session.
        let lock = "select pg_advisory_lock($1)";
        let alone = self.client.execute(lock, &[&migrator::init::LOCK_KEY]);
        alone.await.expect(lock);
        let shared = ["catalog", "identity", "shortener", "template"].map(|base| self.name(base));
        let own = tenants.iter().map(|tenant| tenant.name.clone());
        for database in shared.into_iter().chain(own.clone()) {
            let sql = format!("drop database if exists {database} with (force)");
            self.client.batch_execute(&sql).await.expect(&sql);
        }
        let roles = [
            "catalog_app",
            "identity_app",
            "shortener_app",
            "provisioner",
        ];
        for role in own.chain(roles.map(|base| self.name(base))) {
            // One that moved to another server is not here any more.
            let sql = format!(
                "do $$ begin if to_regrole('{role}') is not null then drop owned by {role}; drop role {role}; end if; end $$"
            );
            self.client.batch_execute(&sql).await.expect(&sql);
        }
    }
}
