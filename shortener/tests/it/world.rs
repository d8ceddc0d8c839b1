//! A shortener with a database of its own, and people of two organizations to ask it.

use axum::body::Body;
use chrono::{TimeDelta, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, Request, StatusCode};
use httpkit::tokens::{AccessSigner, SERVICE_TOKEN_HEADER, ServiceSigner};
use httpkit::{CLIENT_ADDRESS_HEADER, Service};
use kernel::{Clock, Ids, Role, TaskId, TenantId};
use runtime::App;
use sea_orm::sqlx::{self, PgPool};
use secrecy::SecretString;
use serde_json::{Value, json};
use shortener::{Config, Quick};
use testkit::{Database, SECRET};
use tower::ServiceExt;
use url::Url;

use crate::neighbours::{self, Tenants};

/// Each by itself: an index is built outside of transactions.
const SCHEMA: [&str; 7] = [
    include_str!("../../../migrator/schema/shortener/0001_links.up.sql"),
    include_str!("../../../migrator/schema/shortener/0002_link_options.up.sql"),
    include_str!("../../../migrator/schema/shortener/0003_link_options_checked.up.sql"),
    include_str!("../../../migrator/schema/shortener/0004_links_by_slug.up.sql"),
    include_str!("../../../migrator/schema/shortener/0005_links_to_end.up.sql"),
    include_str!("../../../migrator/schema/shortener/0006_links_by_person.up.sql"),
    include_str!("../../../migrator/schema/shortener/0007_link_policies.up.sql"),
];
/// The schema grants to it; tests of other crates may make it at the same moment.
const ROLE: &str = "do $$ begin create role shortener_app login; \
    exception when duplicate_object or unique_violation then null; end $$";
pub(crate) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0";

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) tenant: TenantId,
    pub(crate) other_tenant: TenantId,
    pub(crate) db: PgPool,
    pub(crate) tenants: Tenants,
    pub(crate) app: App,
    service: Quick,
    settings: Value,
    config: Config,
    gateway: ServiceSigner,
    access: AccessSigner,
    database: Database,
}

/// Somebody signed in.
pub(crate) struct Person {
    tenant: TenantId,
    token: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_broker("amqp://127.0.0.1:1").await
    }

    pub(crate) async fn with_broker(amqp: &str) -> Self {
        let database = Database::create(testkit::unique("shortener_")).await;
        database.execute(ROLE).await;
        for step in SCHEMA {
            database.execute(step).await;
        }

        let (secret, access) = (
            SecretString::from(SECRET),
            AccessSigner::new("k1", &[7; 32]),
        );
        let (tenants, neighbours) = neighbours::start(&secret, &access).await;
        let mut settings = testkit::shared_settings(&neighbours);
        settings["amqp_url"] = json!(amqp);
        let clock = Clock::fixed(Clock::system().now());
        let config = config(database.url());
        let (app, service) = start(&settings, &config, &clock).await;
        let ids = Ids::system();
        Self {
            clock,
            tenant: ids.next(),
            other_tenant: ids.next(),
            db: database.pool().clone(),
            tenants,
            service,
            settings,
            config,
            app,
            gateway: ServiceSigner::new(&secret, Service::Gateway),
            access,
            database,
        }
    }

    pub(crate) fn person(&self, role: Role) -> Person {
        self.person_of(self.tenant, role)
    }

    pub(crate) fn person_of(&self, tenant: TenantId, role: Role) -> Person {
        let token = self.access.sign(&testkit::claims(tenant, role)).unwrap();
        Person { tenant, token }
    }

    /// Waits until changes of links are heard, so that links are remembered.
    pub(crate) async fn remembers(&self) {
        let listening = "select count(*) from pg_stat_activity where datname = current_database() \
            and query ilike 'listen%'";
        testkit::until("changes are heard", async || {
            let listening = sqlx::query_scalar::<_, i64>(listening);
            listening.fetch_one(&self.db).await.unwrap() > 0
        })
        .await;
    }

    /// Another instance of the service, on the same database; the first one goes on.
    pub(crate) async fn another(&self) -> Instance {
        let (app, service) = start(&self.settings, &self.config, &self.clock).await;
        Instance { app, service }
    }

    /// The rest of the work is for another instance.
    pub(crate) fn hand_over_to(&mut self, instance: Instance) {
        self.app = instance.app;
        self.service = instance.service;
    }

    /// A request through the gateway for `tenant`.
    pub(crate) async fn send(&self, tenant: TenantId, request: Request<Body>) -> Answer {
        self.send_to(&self.service, tenant, request).await
    }

    /// The same to an instance.
    pub(crate) async fn send_to(
        &self,
        service: &Quick,
        tenant: TenantId,
        mut request: Request<Body>,
    ) -> Answer {
        let token = self
            .gateway
            .token(Service::Shortener, Some(tenant))
            .unwrap();
        let headers = request.headers_mut();
        headers.insert(SERVICE_TOKEN_HEADER, token.parse().unwrap());
        headers
            .entry(CLIENT_ADDRESS_HEADER)
            .or_insert("192.0.2.1".parse().unwrap());
        pass(service, request).await
    }

    /// How often the only link was opened, once that is counted.
    pub(crate) async fn opened(&self, times: i64) {
        testkit::until("opens are counted", async || {
            let opens = sqlx::query_scalar("select sum(opens)::bigint from links");
            let opens: i64 = opens.fetch_one(&self.db).await.unwrap();
            assert!(opens <= times, "{opens} opens");
            opens == times
        })
        .await;
    }

    async fn pass(&self, request: Request<Body>) -> Answer {
        pass(&self.service, request).await
    }

    /// PATCH of a link that must succeed.
    pub(crate) async fn change(&self, owner: &Person, link: &Value, fields: &Value) -> Value {
        let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
        let changed = self.ask(owner, "PATCH", &own, Some(fields)).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        changed.json()
    }

    /// The erasure of an organization, asked for by `service`.
    pub(crate) async fn erase(&self, service: Service, tenant: TenantId) -> Answer {
        let signer = ServiceSigner::new(&SecretString::from(SECRET), service);
        let token = signer.token(Service::Shortener, None).unwrap();
        let request = Request::delete(format!("/internal/v1/organizations/{tenant}"))
            .header(SERVICE_TOKEN_HEADER, &*token)
            .body(Body::empty());
        self.pass(request.unwrap()).await
    }

    /// POST of a link with an `Idempotency-Key`.
    pub(crate) async fn ask_once(&self, person: &Person, key: &str, body: &Value) -> Answer {
        let request = Request::post("/api/v1/links")
            .header(AUTHORIZATION, format!("Bearer {}", person.token))
            .header("idempotency-key", key)
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.send(person.tenant, request.unwrap()).await
    }

    pub(crate) async fn ask(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {}", person.token));
        let request = match body {
            Some(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(person.tenant, request.unwrap()).await
    }

    /// Makes a link to a task, unless `more`, further fields of the request, name something else.
    pub(crate) async fn link(&self, owner: &Person, more: &Value) -> Value {
        let mut body = json!({ "resource": { "kind": "task", "id": task() } });
        let fields = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let made = self.ask(owner, "POST", "/api/v1/links", Some(&body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()
    }

    /// The event types in the outbox, in order; nobody relays them here.
    pub(crate) async fn events(&self) -> Vec<String> {
        let types = sqlx::query_scalar("select type from outbox order by seq");
        types.fetch_all(&self.db).await.unwrap()
    }

    pub(crate) fn later(&self, by: TimeDelta) -> chrono::DateTime<Utc> {
        self.clock.now() + by
    }

    /// Stops the service and drops its database.
    pub(crate) async fn end(self) {
        self.app.stop().await;
        let _ = std::fs::remove_dir_all(&self.config.journal);
        self.database.drop().await;
    }

    /// Stops the service: what waits is written.
    pub(crate) async fn stop(&self) {
        self.app.stop().await;
    }
}

impl Person {
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The cookie to send back.
    pub(crate) fn cookie(&self) -> Option<String> {
        let set = self.header("set-cookie")?;
        Some(set.split(';').next().unwrap().to_owned())
    }

    /// Status and, for a problem, its code.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }
}

/// A browser's request for a link's page.
pub(crate) fn browse(path: &str, cookie: Option<&str>) -> Request<Body> {
    let request = Request::get(path)
        .header("accept", "text/html,*/*;q=0.8")
        .header("user-agent", BROWSER);
    let request = match cookie {
        Some(cookie) => request.header(COOKIE, cookie),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

/// A browser's form from a link's own page.
pub(crate) fn submit(path: &str, password: &str) -> Request<Body> {
    Request::post(path)
        .header("accept", "text/html")
        .header("user-agent", BROWSER)
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("password={password}")))
        .unwrap()
}

/// A program's request.
pub(crate) fn program(method: &str, path: &str, body: Option<&Value>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("accept", "application/json");
    match body {
        Some(body) => request
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    }
    .unwrap()
}

pub(crate) fn path(link: &Value) -> String {
    format!("/s/{}", link["code"].as_str().unwrap())
}

pub(crate) fn task() -> TaskId {
    Ids::system().next()
}

/// One instance of the service.
pub(crate) struct Instance {
    pub(crate) app: App,
    pub(crate) service: Quick,
}

async fn start(settings: &Value, config: &Config, clock: &Clock) -> (App, Quick) {
    let mut app = App::new(serde_json::from_value(settings.clone()).unwrap());
    app.clock = clock.clone();
    let service = shortener::start(config, &app).await.unwrap();
    (app, service)
}

async fn pass(service: &Quick, request: Request<Body>) -> Answer {
    let response = service.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        bytes: bytes.to_vec(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn config(database: &Url) -> Config {
    serde_json::from_value(json!({
        "members_queue": testkit::unique("shortener.members."),
        "journal": std::env::temp_dir().join(testkit::unique("visits-")),
        "database_url": database.as_str(),
        "seal_key": "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "cookie_secret": "a cookie secret of more than 32 characters",
    }))
    .unwrap()
}
