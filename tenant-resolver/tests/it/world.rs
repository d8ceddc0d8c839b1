//! One test's world: a catalog and a template made by the migrator, the resolver on them, its HTTP, its clock.

use std::sync::Arc;
use std::time::Duration;

use httpkit::tokens::{Keys, SERVICE_TOKEN_HEADER, ServiceSigner};
use httpkit::{Guard, Service};
use kernel::{Clock, Ids, SealKey, SealKeys, Subdomain, TenantId};
use migrator::Address;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tenant_resolver::claim::{Claim, Claimed, claim};
use tenant_resolver::{AppState, Error, Neighbours, Resolver};
use tokio_postgres::{Client, NoTls};

use crate::neighbours::FakeNeighbours;
use crate::second::Second;

pub(crate) const SEAL_KEY: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
pub(crate) const PASSWORD: &str = "test-only";
pub(crate) const CLAIM_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) clock: Clock,
    pub(crate) services: FakeNeighbours,
    pub(crate) neighbours: Neighbours,
    pub(crate) admin: Client,
    pub(crate) admin_address: Address,
    second: Option<Second>,
    http: reqwest::Client,
    base: String,
    secret: SecretString,
    pub(crate) names: [String; 4],
}

impl World {
    /// Nothing is built yet, and no job runs.
    pub(crate) async fn new() -> Self {
        Self::keeping(0).await
    }

    /// The same, for a test that runs the refill.
    pub(crate) async fn keeping(spares: u32) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let admin_address: Address = testkit::setting("TENANTRY_TEST_ADMIN_URL").parse().unwrap();
        let mark = testkit::unique("");
        let names = ["catalog", "template", "catalog_role", "provisioner"]
            .map(|name| format!("it_{name}_{mark}"));
        let [catalog, template, catalog_role, provisioner] = &names;
        let plan = plan(&admin_address, catalog, template, catalog_role, provisioner);
        migrator::init::init(&plan, &Ids::system()).await.unwrap();
        migrate_template(&admin_address.with_database(template)).await;

        let clock = Clock::fixed(Clock::system().now());
        let pool = tenant_resolver::pool(&plan.catalog.url().as_str().into()).unwrap();
        let seal = SealKey::parse(SEAL_KEY).unwrap();
        let mut resolver = Resolver::new(
            pool,
            seal,
            clock.clone(),
            Ids::system(),
            spares,
            CLAIM_TIMEOUT,
        );
        // Other tests write to the same servers.
        resolver.checkpoint_backlog_limit = f64::INFINITY;
        let resolver = Arc::new(resolver);
        let secret = SecretString::from(testkit::SECRET);
        let services = FakeNeighbours::start().await;
        Self {
            base: serve(&resolver, &secret).await,
            neighbours: services.client(&secret),
            admin: connect(&admin_address).await.unwrap(),
            http: httpkit::client::http_client().unwrap(),
            resolver,
            clock,
            services,
            second: None,
            admin_address,
            secret,
            names,
        }
    }

    /// The same catalog with a second cluster, `second`, on the second server.
    pub(crate) async fn with_second_cluster(mut self, budget: i32) -> Self {
        self.second = Some(Second::register(&self, budget).await);
        self
    }

    /// Whether the second cluster has the tenant's database, and its role.
    pub(crate) async fn on_second_cluster(&self, tenant: TenantId) -> (bool, bool) {
        exist(&self.second.as_ref().unwrap().admin, &database(tenant)).await
    }

    pub(crate) async fn build_spares(&self, count: usize) {
        for _ in 0..count {
            tenant_resolver::provision::build_spare(&self.resolver)
                .await
                .unwrap();
        }
    }

    pub(crate) async fn claim(&self, request_id: &str, subdomain: &str) -> Result<Claimed, Error> {
        let ask = Claim {
            request_id: request_id.to_owned(),
            subdomain: Subdomain::parse(subdomain).unwrap(),
            name: format!("The {subdomain} company"),
            cluster: None,
        };
        claim(&self.resolver, &ask).await
    }

    pub(crate) async fn sweep(&self) {
        tenant_resolver::jobs::sweep(&self.resolver, &self.neighbours).await;
    }

    /// A tenant that answers requests.
    pub(crate) async fn active(&self, subdomain: &str) -> TenantId {
        let claimed = self.claim(&format!("sign-up-{subdomain}"), subdomain).await;
        let id = claimed.unwrap().id;
        tenant_resolver::claim::confirm(&self.resolver, id)
            .await
            .unwrap();
        id
    }

    /// A tenant that the operator switched off.
    pub(crate) async fn active_suspended(&self, subdomain: &str) -> TenantId {
        let id = self.active(subdomain).await;
        tenant_resolver::lifecycle::suspend(&self.resolver, id, Some("unpaid"))
            .await
            .unwrap();
        id
    }

    /// Another instance of the service on the same catalog.
    pub(crate) fn another_instance(&self) -> Arc<Resolver> {
        self.instance_with_keys(SealKey::parse(SEAL_KEY).unwrap().into())
    }

    /// The same with other sealing keys.
    pub(crate) fn instance_with_keys(&self, seal: SealKeys) -> Arc<Resolver> {
        Arc::new(self.instance(seal, f64::INFINITY))
    }

    /// The same that spares clusters with a backlog above this.
    pub(crate) fn instance_that_spares(&self, backlog_limit: f64) -> Arc<Resolver> {
        let seal = SealKey::parse(SEAL_KEY).unwrap();
        Arc::new(self.instance(seal.into(), backlog_limit))
    }

    fn instance(&self, seal: SealKeys, backlog_limit: f64) -> Resolver {
        let mut other = Resolver::new(
            tenant_resolver::pool(&self.catalog_url()).unwrap(),
            seal,
            self.clock.clone(),
            Ids::system(),
            self.resolver.spares_wanted,
            CLAIM_TIMEOUT,
        );
        other.checkpoint_backlog_limit = backlog_limit;
        other
    }

    /// What project-svc is told by an instance.
    pub(crate) async fn descriptor_of(&self, resolver: &Arc<Resolver>, tenant: TenantId) -> Value {
        let base = serve(resolver, &self.secret).await;
        let path = format!("/tenants/{tenant}/connection");
        let asked = self.call_at(&base, Service::ProjectSvc, Method::GET, &path, None);
        asked.await.1
    }

    /// What project-svc is told.
    pub(crate) async fn descriptor(&self, tenant: TenantId) -> Value {
        let path = format!("/tenants/{tenant}/connection");
        self.get(Service::ProjectSvc, &path).await.1
    }

    fn catalog_url(&self) -> SecretString {
        let [catalog, _, role, _] = &self.names;
        let (host, port) = (self.admin_address.host(), self.admin_address.port());
        format!("postgres://{role}:{PASSWORD}@{host}:{port}/{catalog}").into()
    }

    /// What the operator is told when it asks for something to be done.
    pub(crate) async fn operate(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        self.call(Service::Migrator, method, path, Some(body)).await
    }

    /// The types of the events that wait to be published, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        let catalog = self.resolver.catalog.get().await.unwrap();
        let rows = catalog.query("select type from outbox order by seq", &[]);
        rows.await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// One value of a tenant's row, as text.
    pub(crate) async fn column(&self, tenant: TenantId, column: &str) -> Option<String> {
        let catalog = self.resolver.catalog.get().await.unwrap();
        let sql = format!("select {column}::text from tenants where id = $1");
        catalog
            .query_one(&sql, &[&tenant.uuid()])
            .await
            .unwrap()
            .get(0)
    }

    /// Runs SQL on the catalog.
    pub(crate) async fn on_catalog(&self, sql: &str) {
        let catalog = self.resolver.catalog.get().await.unwrap();
        catalog.batch_execute(sql).await.unwrap();
    }

    /// Connects as project-svc would, with the descriptor told now.
    pub(crate) async fn log_in(
        &self,
        tenant: TenantId,
    ) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let path = format!("/tenants/{tenant}/connection");
        let (status, told) = self.get(Service::ProjectSvc, &path).await;
        if status != StatusCode::OK {
            return Err(told["code"].to_string().into());
        }
        Ok(connect(&login(&told)).await?)
    }

    /// Calls the resolver as `service`.
    pub(crate) async fn call(
        &self,
        service: Service,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        self.call_at(&self.base, service, method, path, body).await
    }

    async fn call_at(
        &self,
        base: &str,
        service: Service,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let token = ServiceSigner::new(&self.secret, service)
            .token(Service::TenantResolver, None)
            .unwrap();
        let url = format!("{base}/internal/v1{path}");
        let mut request = self
            .http
            .request(method, url)
            .header(SERVICE_TOKEN_HEADER, &*token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, service: Service, path: &str) -> (StatusCode, Value) {
        self.call(service, Method::GET, path, None).await
    }

    pub(crate) async fn post_claim(
        &self,
        request_id: &str,
        subdomain: &str,
    ) -> (StatusCode, Value) {
        let body = json!({"request_id": request_id, "subdomain": subdomain, "name": "Acme"});
        self.call(Service::Identity, Method::POST, "/tenants", Some(body))
            .await
    }

    pub(crate) async fn without_token(&self, path: &str) -> StatusCode {
        self.http
            .get(format!("{}/internal/v1{path}", self.base))
            .send()
            .await
            .unwrap()
            .status()
    }

    pub(crate) async fn status(&self, tenant: TenantId) -> String {
        let catalog = self.resolver.catalog.get().await.unwrap();
        let sql = "select status from tenants where id = $1";
        catalog
            .query_one(sql, &[&tenant.uuid()])
            .await
            .unwrap()
            .get(0)
    }

    pub(crate) async fn spares(&self) -> usize {
        let catalog = self.resolver.catalog.get().await.unwrap();
        let sql = "select id from tenants where status = 'spare'";
        catalog.query(sql, &[]).await.unwrap().len()
    }

    /// Whether the cluster has the tenant's database, and its role.
    pub(crate) async fn on_cluster(&self, tenant: TenantId) -> (bool, bool) {
        let name = database(tenant);
        exist(&self.admin, &name).await
    }

    /// All rows of this catalog, half-built and deleted ones too.
    pub(crate) async fn tenants(&self) -> Vec<TenantId> {
        let catalog = self.resolver.catalog.get().await.unwrap();
        let rows = catalog.query("select id from tenants", &[]).await.unwrap();
        rows.iter()
            .map(|row| row.get::<_, uuid::Uuid>(0).into())
            .collect()
    }

    /// Takes everything down again.
    pub(crate) async fn close(self) {
        let tenants = self.tenants().await.into_iter().map(database);
        if let Some(second) = &self.second {
            second.close(tenants.clone(), &self.names).await;
        }
        let [catalog, template, catalog_role, provisioner] = self.names;
        self.resolver.catalog.close();
        for database in tenants.clone().chain([catalog, template]) {
            self.admin
                .batch_execute(&format!(
                    r#"drop database if exists "{database}" with (force)"#
                ))
                .await
                .unwrap();
        }
        let owned = format!(r#"drop owned by "{provisioner}""#);
        self.admin.batch_execute(&owned).await.unwrap();
        for role in tenants.chain([catalog_role, provisioner]) {
            self.admin
                .batch_execute(&format!(r#"drop role if exists "{role}""#))
                .await
                .unwrap();
        }
    }
}

/// The name that a tenant's database and role share.
pub(crate) fn database(tenant: TenantId) -> String {
    format!("tenant_{}", tenant.uuid().simple())
}

pub(crate) async fn connect(address: &Address) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = address.config().connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn plan(
    admin: &Address,
    catalog: &str,
    template: &str,
    catalog_role: &str,
    provisioner: &str,
) -> migrator::init::Plan {
    let login = |role: &str, database: &str| -> Address {
        let (host, port) = (admin.host(), admin.port());
        format!("postgres://{role}:{PASSWORD}@{host}:{port}/{database}")
            .parse()
            .unwrap()
    };
    migrator::init::Plan {
        admin: admin.clone(),
        catalog: login(catalog_role, catalog),
        // Not under test: they share the catalog's database.
        identity: login(catalog_role, catalog),
        shortener: login(catalog_role, catalog),
        provisioner: login(provisioner, "postgres"),
        cluster: "first".to_owned(),
        template: template.to_owned(),
        seal: SealKey::parse(SEAL_KEY).unwrap(),
    }
}

/// The login a descriptor tells.
pub(crate) fn login(told: &Value) -> Address {
    let part = |name: &str| told[name].as_str().unwrap().to_owned();
    format!(
        "postgres://{}:{}@{}:{}/{}",
        part("role"),
        part("password"),
        part("host"),
        told["port"],
        part("database"),
    )
    .parse()
    .unwrap()
}

pub(crate) async fn exist(admin: &Client, name: &str) -> (bool, bool) {
    let sql = "select exists (select from pg_database where datname = $1), exists (select from pg_roles where rolname = $1)";
    let row = admin.query_one(sql, &[&name]).await.unwrap();
    (row.get(0), row.get(1))
}

pub(crate) async fn migrate_template(template: &Address) {
    let session = migrator::Session::open(template, migrator::schema::TENANT)
        .await
        .unwrap();
    session.up(migrator::schema::TENANT.head()).await.unwrap();
    session.close().await;
}

async fn serve(resolver: &Arc<Resolver>, secret: &SecretString) -> String {
    let guard = Guard::new(secret, Service::TenantResolver, Keys::local());
    let router = tenant_resolver::router(AppState {
        resolver: Arc::clone(resolver),
        guard,
    });
    testkit::listen(runtime::layers::wrap(router, Ids::system())).await
}
