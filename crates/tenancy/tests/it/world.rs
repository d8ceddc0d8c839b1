//! A handful of tenant databases of the test's own, dropped when it ends well.

use std::time::Duration;

use events::FleetWake;
use kernel::{ClusterId, Ids, TenantId};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgPool};
use tenancy::{PoolSettings, Pools, Resolver, TenantDescriptor, TenantLimits};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

pub(crate) const SCHEMA: &str = "
    create table tenant_identity (singleton boolean primary key default true, tenant_id uuid not null);
    create table outbox (seq bigint generated always as identity primary key, id uuid not null unique,
        type text not null, tenant_id uuid, event jsonb not null, created_at timestamptz not null default now());
    create table notes (id int primary key, body text);
    grant select, insert, update, delete on all tables in schema public to public";

pub(crate) struct World {
    pub(crate) pools: Pools,
    pub(crate) tenants: Vec<TenantId>,
    admin: PgPool,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl World {
    /// `count` tenants, sharing `settings.budget` connections.
    pub(crate) async fn new(count: usize, settings: PoolSettings) -> Self {
        let admin_url = admin_url();
        let options: PgConnectOptions = admin_url.as_str().parse().unwrap();
        let admin = PgPoolOptions::new()
            .max_connections(2)
            .connect_with(options.clone())
            .await
            .unwrap();
        let cluster = Ids::system().next();
        let mut described = Vec::new();
        for _ in 0..count {
            described.push(create_tenant(&admin, &options, &admin_url, cluster).await);
        }
        let tenants = described.iter().map(|tenant| tenant.id).collect();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let resolver = Resolver::fixed(described);
        let wake = FleetWake::default();
        let pools = Pools::new(resolver, settings, wake, &tasks, shutdown.clone());
        Self {
            pools,
            tenants,
            admin,
            tasks,
            shutdown,
        }
    }

    /// Server processes that serve the tenants' databases.
    pub(crate) async fn backends(&self) -> i64 {
        let sql = "select count(*) from pg_stat_activity where datname = any($1)";
        let names: Vec<String> = self.tenants.iter().map(|id| database(*id)).collect();
        let count = sea_orm::sqlx::query_scalar(sql).bind(names);
        count.fetch_one(&self.admin).await.unwrap()
    }

    /// Runs SQL in the tenant's database as the operator.
    pub(crate) async fn as_operator(&self, tenant: TenantId, sql: &'static str) {
        let options: PgConnectOptions = admin_url().as_str().parse().unwrap();
        let mut connection = options.database(&database(tenant)).connect().await.unwrap();
        connection.execute(sql).await.unwrap();
    }

    /// Ends every session of the tenant from outside.
    pub(crate) async fn terminate(&self, tenant: TenantId) {
        let sql = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1";
        let kill = sea_orm::sqlx::query(sql).bind(database(tenant));
        kill.execute(&self.admin).await.unwrap();
    }

    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        assert_eq!(self.pools.open_connections(), 0, "a permit has leaked");
        for tenant in self.tenants {
            let drop = format!("drop database \"{}\" with (force)", database(tenant));
            self.admin.execute(AssertSqlSafe(drop)).await.unwrap();
        }
    }
}

async fn create_tenant(
    admin: &PgPool,
    options: &PgConnectOptions,
    url: &Url,
    cluster: ClusterId,
) -> TenantDescriptor {
    let id: TenantId = Ids::system().next();
    let database = database(id);
    let create = format!("create database \"{database}\"");
    admin.execute(AssertSqlSafe(create)).await.unwrap();
    let inside = options.clone().database(&database);
    let mut connection = inside.connect().await.unwrap();
    let mark = format!("{SCHEMA}; insert into tenant_identity (tenant_id) values ('{id}')");
    connection.execute(AssertSqlSafe(mark)).await.unwrap();
    TenantDescriptor {
        id,
        generation: 1,
        cluster,
        host: url.host_str().unwrap().to_owned(),
        port: url.port().unwrap(),
        database,
        role: url.username().to_owned(),
        password: url.password().unwrap_or_default().into(),
        schema_version: Some("0001_foundation".to_owned()),
        connection_budget: None,
        limits: TenantLimits::default(),
        weight: None,
        connection_cap: None,
    }
}

pub(crate) fn settings(budget: usize) -> PoolSettings {
    let mut settings = PoolSettings::new("tenancy-test", 1..=1).with_budget(budget);
    settings.acquire_timeout = Duration::from_secs(5);
    settings
}

fn database(tenant: TenantId) -> String {
    format!("tenant_{}", tenant.uuid().simple())
}

fn admin_url() -> Url {
    testkit::setting("TENANTRY_TEST_ADMIN_URL").parse().unwrap()
}
