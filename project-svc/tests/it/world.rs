//! One test's world: a tenant database made by the migrator, the service on it, and a stand-in for the
//! two services it asks (resolver and identity), all on free ports.

use std::sync::Arc;
use std::time::Duration;

use events::FleetWake;
use httpkit::Service;
use httpkit::tokens::{AccessClaims, AccessSigner, SERVICE_TOKEN_HEADER, ServiceSigner};
use kernel::{Clock, Ids, Role, TenantId, UserId};
use migrator::Address;
use project_svc::{AppState, Config};
use runtime::{App, Common};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sea_orm::sqlx::{AssertSqlSafe, Executor};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::client::{Answer, Person, read, text};
use crate::neighbours::{self, Neighbours, listen};

const SECRET: &str = "a secret that all services of this test share";
const PASSWORD: &str = "test-only";
const SEAL_KEY: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) state: AppState,
    pub(crate) tenant: TenantId,
    /// The tenant's database as the operator sees it.
    pub(crate) database: PgPool,
    pub(crate) wake: FleetWake,
    pub(crate) base: String,
    pub(crate) neighbours: Arc<Neighbours>,
    admin: PgPool,
    signer: Arc<AccessSigner>,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Clock::system(), |_| {}).await
    }

    /// A world whose service goes by this clock, with other settings.
    pub(crate) async fn with(clock: Clock, set: impl FnOnce(&mut Config)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address: Address = environment("TENANTRY_TEST_ADMIN_URL").parse().unwrap();
        let tenant: TenantId = Ids::system().next();
        let options: PgConnectOptions = address.url().as_str().parse().unwrap();
        let admin = PgPoolOptions::new().max_connections(1);
        let admin = admin.connect_with(options.clone()).await.unwrap();
        create_database(&admin, &address, tenant).await;
        let database = PgPoolOptions::new().max_connections(2);
        let database = database
            .connect_with(options.database(&name(tenant)))
            .await
            .unwrap();
        let fill = format!("select initialize_tenant('{tenant}', gen_random_uuid())");
        database.execute(AssertSqlSafe(fill)).await.unwrap();

        let signer = AccessSigner::new("test", &[7; 32]);
        let keys = json!({"keys": [signer.public_jwk().unwrap()]});
        let neighbours = Neighbours::new(tenant, descriptor(&address, tenant), keys);
        let neighbour = listen(neighbours::router(Arc::clone(&neighbours))).await;
        let mut app = App::new(common(&neighbour));
        app.clock = clock;
        let wake = FleetWake::default();
        let mut config = Config {
            connection_budget: Some(20),
            instances: None,
            hold_timeout_ms: 3_000,
            // Tests may run on a machine that does much else.
            acquire_timeout_ms: 10_000,
            sweep_seconds: 1,
            seal_key: SEAL_KEY.into(),
            former_seal_keys: None,
            webhook_networks: vec!["127.0.0.0/8".parse().unwrap()],
            webhook_timeout_ms: 1_000,
        };
        set(&mut config);
        let state = project_svc::connect(&config, &app, wake.clone()).unwrap();
        let router = project_svc::router(state.clone());
        Self {
            base: listen(runtime::layers::wrap(router, Ids::system())).await,
            http: httpkit::client::http_client().unwrap(),
            signer: Arc::new(signer),
            app,
            state,
            tenant,
            database,
            wake,
            neighbours,
            admin,
        }
    }

    /// A new person of this organization.
    pub(crate) fn person(&self, role: Role) -> Person {
        self.stranger(role, self.tenant)
    }

    /// A new person of this organization who said where they live.
    pub(crate) fn person_in(&self, zone: &str) -> Person {
        let id = Ids::system().next();
        let mut claims = claims(id, Role::Owner, self.tenant);
        claims.zoneinfo = Some(zone.to_owned());
        let token = self.signer.sign(&claims).unwrap();
        self.client(id, Some(token))
    }

    /// A person whose token is for `tenant`, calling through this organization's host.
    pub(crate) fn stranger(&self, role: Role, tenant: TenantId) -> Person {
        let id = Ids::system().next();
        let token = self.signer.sign(&claims(id, role, tenant)).unwrap();
        self.client(id, Some(token))
    }

    /// Somebody who is not signed in.
    pub(crate) fn nobody(&self) -> Person {
        self.client(Ids::system().next(), None)
    }

    /// The same person a while later: tokens of the gateway are good for a minute.
    pub(crate) fn renewed(&self, person: &Person) -> Person {
        self.client(person.id, person.token.clone())
    }

    fn client(&self, id: UserId, token: Option<String>) -> Person {
        let signer = ServiceSigner::new(&SecretString::from(SECRET), Service::Gateway);
        let service = signer
            .token(Service::ProjectSvc, Some(self.tenant))
            .unwrap();
        Person {
            id,
            base: self.base.clone(),
            token,
            service,
            http: self.http.clone(),
        }
    }

    /// Calls as another service does.
    pub(crate) async fn get_with_service_token(&self, path: &str, token: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.base));
        read(request.header(SERVICE_TOKEN_HEADER, token)).await
    }

    /// Calls as identity does, for this organization.
    pub(crate) async fn as_identity(&self, method: reqwest::Method, path: &str) -> Answer {
        let signer = Self::signer_of(Service::Identity);
        let token = signer
            .token(Service::ProjectSvc, Some(self.tenant))
            .unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base));
        read(request.header(SERVICE_TOKEN_HEADER, &*token)).await
    }

    pub(crate) fn signer_of(service: Service) -> ServiceSigner {
        ServiceSigner::new(&SecretString::from(SECRET), service)
    }

    /// Types of the events that wait in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        let types = sea_orm::sqlx::query_scalar("select type from outbox order by seq");
        types.fetch_all(&self.database).await.unwrap()
    }

    /// The data of the last event of a type.
    pub(crate) async fn last_event(&self, kind: &str) -> Value {
        let sql = "select event -> 'data' from outbox where type = $1 order by seq desc limit 1";
        let data = sea_orm::sqlx::query_scalar(sql).bind(kind);
        data.fetch_one(&self.database).await.unwrap()
    }

    /// A webhook and a delivery that is over. An organization has few: old ones go.
    pub(crate) async fn webhook(&self, owner: &Person) -> (String, String) {
        let old = "delete from webhooks where id in
            (select id from webhooks order by created_at desc, id desc offset 10)";
        self.database.execute(old).await.unwrap();
        let body = json!({"url": "https://example.com/hooks", "events": ["*"]});
        let webhook = owner.post("/webhooks", body).await.expect(201);
        let webhook = text(&webhook, "id");
        let test = format!("/webhooks/{webhook}/test");
        let delivery = owner.post(&test, Value::Null).await.expect(201);
        let delivery = text(&delivery, "id");
        let over = "update webhook_deliveries set state = 'failed', due_at = null";
        self.database.execute(over).await.unwrap();
        (webhook, delivery)
    }

    pub(crate) async fn end(self) {
        self.app.stop().await;
        self.database.close().await;
        let name = name(self.tenant);
        let drop = format!("drop database \"{name}\" with (force)");
        self.admin.execute(AssertSqlSafe(drop)).await.unwrap();
        let drop = format!("drop role \"{name}\"");
        self.admin.execute(AssertSqlSafe(drop)).await.unwrap();
    }
}

/// Asks until the answer is yes.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(
            tokio::time::Instant::now() < deadline,
            "not in time: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How often a table was read as a whole, and by its indexes. The server counts some time after it reads.
pub(crate) async fn scans(world: &World, table: &str) -> (i64, i64) {
    let sql = "select seq_scan, coalesce(idx_scan, 0) from pg_stat_user_tables where relname = $1";
    let counts = sea_orm::sqlx::query_as(sql).bind(table);
    counts.fetch_one(&world.database).await.unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told where the servers are by `./dev test`"
)]
pub(crate) fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run it through ./dev test"))
}

fn claims(user: UserId, role: Role, tenant: TenantId) -> AccessClaims {
    let now = Clock::system().now().timestamp();
    AccessClaims {
        iss: httpkit::tokens::ISSUER.to_owned(),
        aud: httpkit::tokens::AUDIENCE.to_owned(),
        sub: user,
        tenant_id: tenant,
        sid: Ids::system().next(),
        jti: user.uuid(),
        iat: now,
        nbf: now,
        exp: now + 900,
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        roles: vec![role],
        permissions: role.permissions(),
        via: httpkit::tokens::Via::Session,
        zoneinfo: None,
    }
}

fn name(tenant: TenantId) -> String {
    format!("tenant_{}", tenant.uuid().simple())
}

/// A database at the newest version and its own login role, as the resolver makes them.
async fn create_database(admin: &PgPool, address: &Address, tenant: TenantId) {
    let name = name(tenant);
    // Tests start side by side; two that make the shared roles at once would meet.
    let shared = "select pg_advisory_lock(4711);
        do $$ begin
            if not exists (select from pg_roles where rolname = 'tenant_owner') then create role tenant_owner nologin; end if;
            if not exists (select from pg_roles where rolname = 'tenant_app') then create role tenant_app nologin; end if;
        end $$;
        select pg_advisory_unlock(4711)";
    admin.execute(shared).await.unwrap();
    for statement in [
        format!("create database \"{name}\" owner tenant_owner"),
        format!("create role \"{name}\" login password '{PASSWORD}' in role tenant_app"),
    ] {
        admin.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    let database = address.with_database(&name);
    let session = migrator::Session::open(&database, migrator::schema::TENANT);
    let session = session.await.unwrap();
    session.up(migrator::schema::TENANT.head()).await.unwrap();
    session.close().await;
}

fn descriptor(address: &Address, tenant: TenantId) -> Value {
    let cluster: kernel::ClusterId = Ids::system().next();
    let version = migrator::schema::TENANT.version(migrator::schema::TENANT.head());
    json!({
        "id": tenant, "generation": 1, "cluster": cluster, "host": address.host(), "port": address.port(),
        "database": name(tenant), "role": name(tenant), "password": PASSWORD, "schema_version": version,
    })
}

fn common(neighbour: &str) -> Common {
    let url: url::Url = neighbour.parse().unwrap();
    Common {
        domain: "localhost".to_owned(),
        scheme: runtime::Scheme::Http,
        service_secret: SECRET.into(),
        amqp_url: environment("TENANTRY_TEST_AMQP_URL").into(),
        resolver_url: url.clone(),
        identity_url: url.clone(),
        project_url: url.clone().into(),
        shortener_url: url.clone(),
        analytics_url: url,
        log: "info".to_owned(),
        log_format: runtime::LogFormat::Text,
        otlp_endpoint: None,
        drain_seconds: 1,
    }
}
