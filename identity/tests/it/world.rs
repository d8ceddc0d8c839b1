//! One test's world: a database made by the migrator, identity on it, a resolver, and calls as the gateway makes them.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use httpkit::{Guard, Service};
use identity::{AppState, Config, Identity};
use kernel::{Clock, TenantId};
use migrator::{Address, schema};
use runtime::App;
use sea_orm::sqlx::{self, AssertSqlSafe, Postgres, Transaction};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::{Database, SECRET};
use tower::ServiceExt;

use crate::call::{Answer, Call};
use crate::resolver::FakeResolver;

const SEAL_KEY: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct World {
    pub(crate) identity: Arc<Identity>,
    pub(crate) resolver: FakeResolver,
    pub(crate) clock: Clock,
    pub(crate) app: App,
    pub(crate) config: Config,
    router: Router,
    database: Database,
}

/// An organization with its owner signed in.
pub(crate) struct Organization {
    pub(crate) id: TenantId,
    pub(crate) owner: String,
    pub(crate) owner_id: String,
    pub(crate) refresh_token: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings than usual.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = Database::create(testkit::unique("it_identity_")).await;
        let address = fill(&database).await;

        let (resolver, resolver_url) = FakeResolver::start(&SecretString::from(SECRET)).await;
        let settings = testkit::shared_settings(&resolver_url);
        let mut app = App::new(serde_json::from_value(settings).unwrap());
        app.clock = Clock::fixed(Clock::system().now());
        let mut config = config(&address);
        change(&mut config);
        let identity = Arc::new(identity::assemble(&config, &app).await.unwrap());
        let secret = &app.common.service_secret;
        let guard = Guard::new(secret, Service::Identity, identity.keys.verifier());
        let router = identity::router(AppState {
            identity: Arc::clone(&identity),
            guard,
        });
        Self {
            identity,
            resolver,
            clock: app.clock.clone(),
            router: runtime::layers::wrap(router, app.ids.clone()),
            app,
            config,
            database,
        }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path);
        Call {
            router: self.router.clone(),
            request,
            service: Service::Gateway,
            tenant: None,
            address: "192.0.2.1",
            body: Body::empty(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call<'_> {
        self.call(Method::POST, path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Call<'_> {
        self.call(Method::PUT, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// Id of the person whose access token it is.
    pub(crate) async fn user_id(&self, tenant: TenantId, token: &str) -> String {
        let me = self.get("/api/v1/auth/me").at(tenant).bearer(token);
        let me = me.send().await.expect(200).body;
        me["user"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Call<'_> {
        self.call(Method::PATCH, path).json(body)
    }

    /// Signs up `subdomain` with the owner `<subdomain>@example.com`.
    pub(crate) async fn organization(&self, subdomain: &str) -> Organization {
        let body = sign_up(subdomain, &format!("{subdomain}@example.com"));
        let answer = self
            .post("/api/v1/organizations", &body)
            .send()
            .await
            .expect(201);
        let text = |pointer: &str| {
            answer
                .body
                .pointer(pointer)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        Organization {
            id: text("/organization/id").parse().unwrap(),
            owner: text("/session/access_token"),
            owner_id: text("/user/id"),
            refresh_token: text("/session/refresh_token"),
        }
    }

    pub(crate) async fn login(&self, tenant: TenantId, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/v1/auth/login", &body)
            .at(tenant)
            .send()
            .await
    }

    pub(crate) async fn refresh(&self, tenant: TenantId, token: &str) -> Answer {
        let body = json!({"refresh_token": token});
        self.post("/api/v1/auth/refresh", &body)
            .at(tenant)
            .send()
            .await
    }

    /// Signs a new member in, who was invited as `role`; answers the session.
    pub(crate) async fn member(
        &self,
        organization: &Organization,
        email: &str,
        role: &str,
    ) -> Answer {
        let token = self.invite(organization, email, role).await;
        let body = json!({"token": token, "name": "New Member", "password": PASSWORD});
        let call = self
            .post("/api/v1/invitations/accept", &body)
            .at(organization.id);
        call.send().await.expect(200)
    }

    /// Invites as the owner; answers the token out of the mail.
    pub(crate) async fn invite(
        &self,
        organization: &Organization,
        email: &str,
        role: &str,
    ) -> String {
        let body = json!({"email": email, "role": role});
        let call = self.post("/api/v1/invitations", &body).at(organization.id);
        call.bearer(&organization.owner).send().await.expect(201);
        self.token_of_newest_mail(email).await
    }

    /// Writes the letters that were asked for, as the job does.
    pub(crate) async fn letters(&self) {
        identity::letter::write_all(&self.identity).await.unwrap();
    }

    /// Subjects of all mail to an address, in order.
    pub(crate) async fn subjects(&self, email: &str) -> Vec<String> {
        let sql = "select subject from mail_queue where recipient = $1 order by id";
        let rows = self
            .identity
            .db
            .query_all_raw(statement(sql, [email.into()]));
        let rows = rows.await.unwrap();
        let subjects = rows.iter().map(|row| row.try_get("", "subject").unwrap());
        subjects.collect()
    }

    /// Why the only mail was not sent.
    pub(crate) async fn mail_error(&self) -> String {
        let sql = "select last_error from mail_queue";
        let row = self.identity.db.query_one_raw(statement(sql, [])).await;
        let error: Option<String> = row.unwrap().unwrap().try_get("", "last_error").unwrap();
        error.unwrap_or_default()
    }

    pub(crate) async fn token_of_newest_mail(&self, email: &str) -> String {
        let sql = "select text_body from mail_queue where recipient = $1 order by id desc limit 1";
        let statement = statement(sql, [email.to_lowercase().into()]);
        let row = self
            .identity
            .db
            .query_one_raw(statement)
            .await
            .unwrap()
            .unwrap();
        let text: String = row.try_get("", "text_body").unwrap();
        let (_, rest) = text.split_once("#token=").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Calls past the gateway: without a service token.
    pub(crate) async fn direct(&self, path: &str, token: &str) -> StatusCode {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    /// Begins a transaction of somebody else's.
    pub(crate) async fn meanwhile(&self) -> Transaction<'static, Postgres> {
        self.database.pool().begin().await.unwrap()
    }

    /// Until so many wait for a lock.
    pub(crate) async fn waiting(&self, sessions: i64) {
        let waiting =
            "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        testkit::until("sessions wait for a lock", async || {
            let waiting = format!("select count(*) from {waiting}");
            let waiting = sqlx::query_scalar(AssertSqlSafe(waiting));
            let waiting: i64 = waiting.fetch_one(self.database.pool()).await.unwrap();
            waiting >= sessions
        })
        .await;
    }

    /// Changes the schema, as its owner.
    pub(crate) async fn alter(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// Counts what a statement selects.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) as count from {table}");
        let row = self
            .identity
            .db
            .query_one_raw(statement(&sql, []))
            .await
            .unwrap();
        row.unwrap().try_get("", "count").unwrap()
    }

    /// Types of all events in the outbox, in order.
    pub(crate) async fn events(&self) -> Vec<String> {
        #[derive(FromQueryResult)]
        struct Row {
            kind: String,
        }
        let sql = "select type as kind from outbox order by seq";
        let rows = Row::find_by_statement(statement(sql, []))
            .all(&self.identity.db)
            .await;
        rows.unwrap().into_iter().map(|row| row.kind).collect()
    }

    /// Drops the database.
    pub(crate) async fn close(self) {
        self.identity.db.clone().close().await.unwrap();
        let role = self.database.name().to_owned();
        self.database.drop_with_role(&role).await;
    }
}

/// The body of a sign-up.
pub(crate) fn sign_up(subdomain: &str, email: &str) -> Value {
    json!({
        "name": format!("The {subdomain} company"),
        "subdomain": subdomain,
        "owner": {"name": "Ada Lovelace", "email": email, "password": PASSWORD},
    })
}

fn statement<const N: usize>(sql: &str, values: [sea_orm::Value; N]) -> Statement {
    Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, values)
}

/// The schema, and a role of the database's name that may use it as the service does.
async fn fill(database: &Database) -> Address {
    let name = database.name();
    let group = "do $$ begin create role identity_app; exception when duplicate_object or unique_violation then null; end $$";
    let role = format!(r#"create role "{name}" login password 'test-only' in role identity_app"#);
    database.execute(group).await;
    database.execute(&role).await;
    let operator: Address = database.url().as_str().parse().unwrap();
    let session = migrator::Session::open(&operator, schema::IDENTITY)
        .await
        .unwrap();
    session.up(schema::IDENTITY.head()).await.unwrap();
    session.close().await;
    let (host, port) = (operator.host(), operator.port());
    format!("postgres://{name}:test-only@{host}:{port}/{name}")
        .parse()
        .unwrap()
}

fn config(address: &Address) -> Config {
    Config {
        database_url: SecretString::from(address.url().as_str()),
        database_connections: 8,
        seal_key: SecretString::from(SEAL_KEY),
        smtp_url: SecretString::from("smtp://127.0.0.1:1"),
        smtp_ca_file: None,
        mail_from: "Tenantry <no-reply@tenantry.localhost>".to_owned(),
        access_token_minutes: 15,
        refresh_token_days: 30,
        key_rotation_days: 90,
        sweep_seconds: 1,
        free_attempts: NonZeroU32::new(10).unwrap(),
        free_attempts_of_address: NonZeroU32::new(1000).unwrap(),
        providers: None,
        provider_networks: vec!["127.0.0.0/8".parse().unwrap()],
    }
}
