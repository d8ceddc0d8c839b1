//! What really stands in the databases, read as the operator.

use kernel::TenantId;
use testkit::setting;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls};

/// A connection to one database.
pub struct Sql(Client);

impl Sql {
    /// A platform database: `catalog`, `identity`, `shortener`.
    pub async fn platform(database: &str) -> Self {
        let mut config = admin();
        config.dbname(database);
        Self::connect(&config).await.expect("connect as operator")
    }

    /// An organization's database.
    pub async fn tenant(tenant: TenantId) -> Self {
        Self::platform(&database_of(tenant)).await
    }

    /// A database on the second cluster.
    pub async fn second(database: &str) -> Self {
        let mut config: Config = setting("TENANTRY_TEST_ADMIN_URL_2")
            .parse()
            .expect("an address of PostgreSQL");
        config.dbname(database);
        Self::connect(&config).await.expect("connect as operator")
    }

    /// Any role with any password, which may be refused.
    pub async fn as_role(
        role: &str,
        password: &str,
        database: &str,
    ) -> Result<Self, tokio_postgres::Error> {
        let mut config = admin();
        config.user(role).password(password).dbname(database);
        Self::connect(&config).await
    }

    async fn connect(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.0.batch_execute(sql).await
    }

    /// The one number a query answers.
    pub async fn number(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> i64 {
        self.0.query_one(sql, values).await.expect(sql).get(0)
    }

    /// The first column of all rows, as text.
    pub async fn texts(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Vec<String> {
        self.0
            .query(sql, values)
            .await
            .expect(sql)
            .iter()
            .map(|row| row.get(0))
            .collect()
    }
}

/// Database and role of an organization.
pub fn database_of(tenant: TenantId) -> String {
    format!("tenant_{}", tenant.uuid().simple())
}

fn admin() -> Config {
    setting("TENANTRY_TEST_ADMIN_URL")
        .parse()
        .expect("an address of PostgreSQL")
}
