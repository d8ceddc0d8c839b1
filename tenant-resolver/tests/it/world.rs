//! One test's world: a catalog and a template made by the migrator, the resolver on them, its HTTP, its clock.

use std::sync::Arc;
use std::time::Duration;

use httpkit::tokens::{Keys, SERVICE_TOKEN_HEADER, ServiceSigner};
use httpkit::{Guard, Service};
use kernel::{Clock, Ids, SealKey, Subdomain, TenantId};
use migrator::Address;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tenant_resolver::claim::{Claim, Claimed, claim};
use tenant_resolver::{AppState, Error, Organizations, Resolver};
use tokio_postgres::{Client, NoTls};

use crate::identity::FakeIdentity;

const SEAL_KEY: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const PASSWORD: &str = "test-only";
pub(crate) const CLAIM_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) clock: Clock,
    pub(crate) identity: FakeIdentity,
    pub(crate) organizations: Organizations,
    pub(crate) admin: Client,
    pub(crate) admin_address: Address,
    http: reqwest::Client,
    base: String,
    secret: SecretString,
    names: [String; 4],
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
        let resolver = Resolver::new(
            pool,
            seal,
            clock.clone(),
            Ids::system(),
            spares,
            CLAIM_TIMEOUT,
        );
        let resolver = Arc::new(resolver);
        let secret = SecretString::from(testkit::SECRET);
        let identity = FakeIdentity::start().await;
        Self {
            base: serve(&resolver, &secret).await,
            organizations: identity.client(&secret),
            admin: connect(&admin_address).await.unwrap(),
            http: httpkit::client::http_client().unwrap(),
            resolver,
            clock,
            identity,
            admin_address,
            secret,
            names,
        }
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
        tenant_resolver::jobs::sweep(&self.resolver, &self.organizations).await;
    }

    /// Calls the resolver as `service`.
    pub(crate) async fn call(
        &self,
        service: Service,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let token = ServiceSigner::new(&self.secret, service)
            .token(Service::TenantResolver, None)
            .unwrap();
        let url = format!("{}/internal/v1{path}", self.base);
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
        let sql = "select exists (select from pg_database where datname = $1), exists (select from pg_roles where rolname = $1)";
        let row = self.admin.query_one(sql, &[&name]).await.unwrap();
        (row.get(0), row.get(1))
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

async fn migrate_template(template: &Address) {
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
