//! A PostgreSQL database of one test's own.

use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

use crate::setting;

/// A database on the test server, seen as the operator sees it.
#[derive(Debug)]
pub struct Database {
    server: Url,
    url: Url,
    name: String,
    pool: PgPool,
}

impl Database {
    /// Creates it, empty.
    pub async fn create(name: String) -> Self {
        let server: Url = setting("TENANTRY_TEST_ADMIN_URL")
            .parse()
            .expect("the server's URL");
        run(&server, format!(r#"create database "{name}""#)).await;
        let mut url = server.clone();
        url.set_path(&name);
        let pool = PgPoolOptions::new().max_connections(2);
        let pool = pool.connect(url.as_str()).await.expect("connect");
        Self {
            server,
            url,
            name,
            pool,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, as the operator.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Connections of the operator.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Runs statements as the operator, who may also make roles.
    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        self.pool.execute(sql).await.expect("run as the operator");
    }

    /// Drops it, whoever is connected.
    pub async fn drop(self) {
        self.pool.close().await;
        run(
            &self.server,
            format!(r#"drop database "{}" with (force)"#, self.name),
        )
        .await;
    }

    /// The same, with a login role that only it has.
    pub async fn drop_with_role(self, role: &str) {
        let server = self.server.clone();
        self.drop().await;
        run(&server, format!(r#"drop role "{role}""#)).await;
    }
}

async fn run(server: &Url, sql: String) {
    let mut connection = PgConnection::connect(server.as_str())
        .await
        .expect("the test server");
    connection
        .execute(AssertSqlSafe(sql))
        .await
        .expect("run on the test server");
}
