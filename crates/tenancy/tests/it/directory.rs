//! A resolver that can be told what to say, over real HTTP; and tenants' databases, each with a
//! role of its own, on either of two clusters.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{IntoResponse, Response};
use events::FleetWake;
use http::Uri;
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::ServiceSigner;
use httpkit::{Json, Problem, Service};
use kernel::{ClusterId, Ids, TenantId};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, query_scalar};
use serde_json::{Value, json};
use tenancy::{PoolSettings, Pools, Resolver};
use testkit::{SECRET, listen, unique};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::world::SCHEMA;

/// What the resolver says of a tenant.
type Said = Box<dyn Fn() -> Response + Send + Sync>;

#[derive(Default)]
pub(crate) struct Directory {
    said: Mutex<HashMap<TenantId, Said>>,
    asked: AtomicUsize,
}

impl Directory {
    pub(crate) fn say(&self, tenant: TenantId, connection: Value) {
        let said: Said = Box::new(move || Json(connection.clone()).into_response());
        self.said.lock().unwrap().insert(tenant, said);
    }

    pub(crate) fn hold(&self, tenant: TenantId) {
        let said: Said = Box::new(|| Problem::unavailable("tenant_held", 1).into_response());
        self.said.lock().unwrap().insert(tenant, said);
    }

    /// How often a tenant was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The client of this resolver.
    pub(crate) async fn client(self: &Arc<Self>) -> Resolver {
        // A second install fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = Arc::clone(self);
        let answer = async move |uri: Uri| directory.answer(&uri);
        let base = listen(Router::new().fallback(answer)).await;
        let signer = ServiceSigner::new(&SECRET.into(), Service::ProjectSvc);
        Resolver::remote(Upstream::new(
            http_client().unwrap(),
            base.parse().unwrap(),
            Service::TenantResolver,
            signer,
        ))
    }

    fn answer(&self, uri: &Uri) -> Response {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let path = uri.path().strip_prefix("/internal/v1/tenants/");
        let tenant = path.and_then(|path| path.strip_suffix("/connection"));
        let tenant = tenant.and_then(|tenant| tenant.parse().ok());
        let said = self.said.lock().unwrap();
        match tenant.and_then(|tenant: TenantId| said.get(&tenant)) {
            Some(said) => said(),
            None => Problem::not_found().into_response(),
        }
    }
}

/// A PostgreSQL server.
pub(crate) struct Place {
    pub(crate) id: ClusterId,
    url: Url,
}

impl Place {
    pub(crate) fn new(setting: &str) -> Self {
        let url = testkit::setting(setting).parse().unwrap();
        let id = Ids::system().next();
        Self { id, url }
    }

    /// As the operator, in a database of this server.
    pub(crate) async fn admin(&self, database: &str) -> PgConnection {
        self.options().database(database).connect().await.unwrap()
    }

    fn options(&self) -> PgConnectOptions {
        self.url.as_str().parse().unwrap()
    }

    /// Runs SQL as the operator.
    pub(crate) async fn execute(&self, database: &str, sql: String) {
        let mut connection = self.admin(database).await;
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// A tenant as the operator knows it.
#[derive(Clone)]
pub(crate) struct Home {
    pub(crate) id: TenantId,
    pub(crate) generation: i32,
    /// Which of the places.
    pub(crate) place: usize,
    pub(crate) name: String,
    pub(crate) password: String,
}

/// Two clusters, tenants and the pools over them.
pub(crate) struct Region {
    pub(crate) pools: Pools,
    pub(crate) directory: Arc<Directory>,
    pub(crate) places: [Place; 2],
    pub(crate) homes: Vec<Home>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Region {
    /// `count` tenants on the first cluster.
    pub(crate) async fn new(count: usize, settings: PoolSettings) -> Self {
        let directory = Arc::<Directory>::default();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let resolver = directory.client().await;
        let wake = FleetWake::default();
        let mut region = Self {
            pools: Pools::new(resolver, settings, wake, &tasks, shutdown.clone()),
            directory,
            places: ["TENANTRY_TEST_ADMIN_URL", "TENANTRY_TEST_ADMIN_URL_2"].map(Place::new),
            homes: Vec::new(),
            tasks,
            shutdown,
        };
        for _ in 0..count {
            let id: TenantId = Ids::system().next();
            let home = Home {
                id,
                generation: 1,
                place: 0,
                name: format!("tenant_{}", id.uuid().simple()),
                password: unique("p"),
            };
            region.build(&home).await;
            region.tell(&home);
            region.homes.push(home);
        }
        region
    }

    /// Makes role and database of a tenant where its home says.
    pub(crate) async fn build(&self, home: &Home) {
        let place = &self.places[home.place];
        let Home {
            id, name, password, ..
        } = home;
        for sql in [
            format!("create role {name} login password '{password}'"),
            format!("create database {name}"),
            format!("revoke connect on database {name} from public"),
            format!("grant connect on database {name} to {name}"),
        ] {
            place.execute("postgres", sql).await;
        }
        let fill = format!("{SCHEMA}; insert into tenant_identity (tenant_id) values ('{id}')");
        place.execute(name, fill).await;
    }

    /// Removes what [`Region::build`] made.
    pub(crate) async fn raze(&self, home: &Home) {
        let (place, name) = (&self.places[home.place], &home.name);
        let drop_database = format!("drop database {name} with (force)");
        place.execute("postgres", drop_database).await;
        place.execute("postgres", format!("drop role {name}")).await;
    }

    /// Lets the resolver say where the tenant is.
    pub(crate) fn tell(&self, home: &Home) {
        self.directory.say(home.id, self.connection(home));
    }

    /// What the resolver says of the tenant.
    pub(crate) fn connection(&self, home: &Home) -> Value {
        let place = &self.places[home.place];
        json!({
            "id": home.id, "generation": home.generation, "cluster": place.id,
            "host": place.url.host_str(), "port": place.url.port(),
            "database": home.name, "role": home.name, "password": home.password,
            "schema_version": "0001_foundation", "connection_budget": 100, "limits": {},
        })
    }

    /// Sessions of the tenant's role on its server.
    pub(crate) async fn sessions(&self, home: &Home) -> i64 {
        self.count(
            home,
            "select count(*) from pg_stat_activity where usename = $1",
        )
        .await
    }

    /// Those that wait for their client in the middle of a transaction.
    pub(crate) async fn in_transaction(&self, home: &Home) -> i64 {
        let sql = "select count(*) from pg_stat_activity
            where usename = $1 and state = 'idle in transaction' and query like 'insert%'";
        self.count(home, sql).await
    }

    async fn count(&self, home: &Home, sql: &'static str) -> i64 {
        let mut admin = self.places[home.place].admin("postgres").await;
        let count = query_scalar(sql)
            .bind(&home.name)
            .fetch_one(&mut admin)
            .await;
        admin.close().await.unwrap();
        count.unwrap()
    }

    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        assert_eq!(self.pools.open_connections(), 0, "a permit has leaked");
        for home in &self.homes {
            self.raze(home).await;
        }
    }
}
