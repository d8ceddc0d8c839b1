//! One test's world: a database of its own, the service's router on it, and an organization whose story
//! the test tells in events.

use std::collections::BTreeMap;

use analytics::{AppState, Projects, Store, ingest};
use axum::Router;
use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use events::topic::task::{
    TaskAssigned, TaskCreated, TaskDeleted, TaskPriority, TaskStatus, TaskStatusChanged,
};
use events::{Action, Envelope, Event};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::{AccessSigner, Keys, SERVICE_TOKEN_HEADER, ServiceSigner};
use httpkit::{Guard, Service};
use kernel::{Clock, Ids, ProjectId, Role, TaskId, TenantId, UserId};
use mongodb::bson::{Document, doc};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::SECRET;
use tower::ServiceExt;

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: mongodb::Database,
    pub(crate) clock: Clock,
    router: Router,
    signer: AccessSigner,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(&testkit::setting("TENANTRY_TEST_MONGO_URL")).await
    }

    /// With MongoDB at another address, such as a door's.
    pub(crate) async fn at(url: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let name = format!(
            "analytics_{}",
            Ids::system().next::<TenantId>().uuid().simple()
        );
        let store = Store::new(url, &name).await.unwrap();
        let direct = testkit::setting("TENANTRY_TEST_MONGO_URL");
        let client = mongodb::Client::with_uri_str(direct).await.unwrap();
        store.prepare().await.unwrap();
        let signer = AccessSigner::new("test", &[7; 32]);
        let keys = Keys::local();
        let jwks = vec![signer.public_jwk().unwrap()];
        keys.replace(&jsonwebtoken::jwk::JwkSet { keys: jwks });
        let clock = Clock::fixed(day("2026-03-31"));
        let state = AppState {
            store: store.clone(),
            guard: Guard::new(&SecretString::from(SECRET), Service::Analytics, keys),
            clock: clock.clone(),
            ids: Ids::system(),
            wake: analytics::report::Wake::default(),
            projects: Projects(nobody()),
        };
        Self {
            clock,
            router: analytics::router(state),
            database: client.database(&name),
            store,
            signer,
        }
    }

    /// Takes events in, all at once.
    pub(crate) async fn take_in(&self, events: &[Envelope]) {
        let actions = ingest::take_in(&self.store, events.to_vec()).await;
        assert_eq!(actions, vec![Action::Ack; events.len()]);
    }

    /// The dashboard of March 2026, asked for by a manager.
    pub(crate) async fn march(&self, tenant: TenantId) -> Value {
        let query = "?from=2026-03-01&to=2026-03-31";
        let (status, body) = self.dashboard(tenant, Role::Manager, query).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    pub(crate) async fn dashboard(
        &self,
        tenant: TenantId,
        role: Role,
        query: &str,
    ) -> (StatusCode, Value) {
        self.get(tenant, role, &format!("dashboard{query}")).await
    }

    /// Some of the numbers, or the settings.
    pub(crate) async fn get(
        &self,
        tenant: TenantId,
        role: Role,
        what: &str,
    ) -> (StatusCode, Value) {
        let request = Request::get(format!("/api/v1/analytics/{what}"));
        self.ask(tenant, role, request, Body::empty()).await
    }

    /// The settings, to be replaced.
    pub(crate) async fn put_settings(
        &self,
        tenant: TenantId,
        role: Role,
        if_match: Option<&str>,
        settings: &Value,
    ) -> (StatusCode, Value) {
        let mut request =
            Request::put("/api/v1/analytics/settings").header("content-type", "application/json");
        if let Some(version) = if_match {
            request = request.header("if-match", version);
        }
        let body = Body::from(settings.to_string());
        self.ask(tenant, role, request, body).await
    }

    async fn ask(
        &self,
        tenant: TenantId,
        role: Role,
        request: http::request::Builder,
        body: Body,
    ) -> (StatusCode, Value) {
        let service = ServiceSigner::new(&SecretString::from(SECRET), Service::Gateway)
            .token(Service::Analytics, Some(tenant))
            .unwrap();
        let own = format!("Bearer {}", self.token(tenant, role));
        let request = request.header(SERVICE_TOKEN_HEADER, &*service);
        let request = request.header("authorization", own).body(body).unwrap();
        self.send(request).await
    }

    /// What a person asks for, and the answer as it comes.
    pub(crate) async fn call(
        &self,
        who: Who,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> http::Response<Body> {
        let service = ServiceSigner::new(&SecretString::from(SECRET), Service::Gateway)
            .token(Service::Analytics, Some(who.tenant))
            .unwrap();
        let mut claims = testkit::claims(who.tenant, who.role);
        claims.sub = who.user;
        let own = format!("Bearer {}", self.signer.sign(&claims).unwrap());
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/analytics/{path}"))
            .header(SERVICE_TOKEN_HEADER, &*service)
            .header("content-type", "application/json")
            .header("authorization", own);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The same, with the answer's body as JSON; null if there is none.
    pub(crate) async fn call_json(
        &self,
        who: Who,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let response = self.call(who, method, path, body).await;
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Something of a person, asked for by identity.
    pub(crate) async fn personal(
        &self,
        tenant: TenantId,
        method: Method,
        person: UserId,
    ) -> (StatusCode, Value) {
        let token = ServiceSigner::new(&SecretString::from(SECRET), Service::Identity)
            .token(Service::Analytics, Some(tenant))
            .unwrap();
        let request = Request::builder()
            .method(method)
            .uri(format!("/internal/v1/people/{person}"))
            .header(SERVICE_TOKEN_HEADER, &*token)
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    /// A rebuild from begin to end, or only the comparison; answers the last step.
    pub(crate) async fn rebuild(&self, tenant: TenantId, check: bool) -> Value {
        let mut begin = true;
        loop {
            let step = json!({"begin": begin, "check": check});
            let (status, progress) = self.rebuild_step(Service::Migrator, tenant, &step).await;
            assert_eq!(status, StatusCode::OK, "{progress}");
            if progress["done"] == true {
                return progress;
            }
            begin = false;
        }
    }

    /// One step of a rebuild, asked for by `service`.
    pub(crate) async fn rebuild_step(
        &self,
        service: Service,
        tenant: TenantId,
        step: &Value,
    ) -> (StatusCode, Value) {
        let token = ServiceSigner::new(&SecretString::from(SECRET), service)
            .token(Service::Analytics, Some(tenant))
            .unwrap();
        let request = Request::post(format!("/internal/v1/organizations/{tenant}/rebuild"))
            .header(SERVICE_TOKEN_HEADER, &*token)
            .header("content-type", "application/json")
            .body(Body::from(step.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// The erasure of an organization, asked for by `service`.
    pub(crate) async fn erase(&self, service: Service, tenant: TenantId) -> (StatusCode, Value) {
        let token = ServiceSigner::new(&SecretString::from(SECRET), service)
            .token(Service::Analytics, Some(tenant))
            .unwrap();
        let request = Request::delete(format!("/internal/v1/organizations/{tenant}"))
            .header(SERVICE_TOKEN_HEADER, &*token)
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn token(&self, tenant: TenantId, role: Role) -> String {
        self.signer.sign(&testkit::claims(tenant, role)).unwrap()
    }

    /// Everything that is stored, whatever its order.
    pub(crate) async fn contents(&self) -> BTreeMap<String, Vec<String>> {
        let mut contents = BTreeMap::new();
        for name in [
            "events",
            "tasks",
            "days",
            "months",
            "totals",
            "custom_reports",
            "reports",
            "report_rows",
            "report_schedules",
        ] {
            contents.insert(name.to_owned(), self.documents(name, doc! {}).await);
        }
        contents
    }

    pub(crate) async fn documents(&self, collection: &str, filter: Document) -> Vec<String> {
        let collection = self.database.collection::<Document>(collection);
        let mut cursor = collection.find(filter).await.unwrap();
        let mut documents = Vec::new();
        while cursor.advance().await.unwrap() {
            documents.push(cursor.deserialize_current().unwrap().to_string());
        }
        documents.sort();
        documents
    }

    /// Whether the server writes down what it is asked.
    pub(crate) async fn profile(&self, on: bool) {
        let level = if on { 2 } else { 0 };
        let command = doc! { "profile": level };
        self.database.run_command(command).await.unwrap();
    }

    /// What it wrote down of questions; writes have an entry for each of their statements.
    pub(crate) async fn questions(&self) -> u64 {
        let name = self.database.name();
        let asked = doc! {
            "op": { "$in": ["query", "getmore", "command"] },
            "ns": { "$ne": format!("{name}.system.profile") },
        };
        let profile = self.database.collection::<Document>("system.profile");
        profile.count_documents(asked).await.unwrap()
    }

    pub(crate) async fn drop(self) {
        self.database.drop().await.unwrap();
    }
}

/// Somebody of an organization.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) role: Role,
}

impl Who {
    pub(crate) fn new(tenant: TenantId, role: Role) -> Self {
        let user = Ids::system().next();
        Self { tenant, user, role }
    }
}

/// A project-svc that is away.
fn nobody() -> Upstream {
    let signer = ServiceSigner::new(&SecretString::from(SECRET), Service::Analytics);
    let address = "http://127.0.0.1:9".parse().unwrap();
    Upstream::new(http_client().unwrap(), address, Service::ProjectSvc, signer)
}

pub(crate) fn day(date: &str) -> DateTime<Utc> {
    format!("{date}T12:00:00Z").parse().unwrap()
}

/// An organization of one project; each deed is an event.
pub(crate) struct Organization {
    pub(crate) tenant: TenantId,
    pub(crate) project: ProjectId,
    versions: BTreeMap<TaskId, i32>,
}

impl Organization {
    pub(crate) fn new() -> Self {
        let ids = Ids::system();
        Self {
            tenant: ids.next(),
            project: ids.next(),
            versions: BTreeMap::new(),
        }
    }

    pub(crate) fn event<E: Event>(&self, date: &str, event: &E) -> Envelope {
        let (ids, clock) = (Ids::system(), Clock::system());
        Envelope::new(&ids, &clock, "test", self.tenant, None, event).at(day(date))
    }

    pub(crate) fn create(&mut self, date: &str, task: TaskId, assignees: &[UserId]) -> Envelope {
        let event = TaskCreated {
            task_id: task,
            project_id: self.project,
            status: TaskStatus::Todo,
            priority: TaskPriority::Medium,
            created_by: Ids::system().next(),
            assignee_ids: assignees.to_vec(),
            created_at: None,
            completed_at: None,
            estimate_seconds: None,
            version: self.next_version(task),
        };
        self.event(date, &event)
    }

    pub(crate) fn set_status(
        &mut self,
        date: &str,
        task: TaskId,
        from: TaskStatus,
        to: TaskStatus,
    ) -> Envelope {
        let event = TaskStatusChanged {
            task_id: task,
            project_id: self.project,
            from,
            to,
            assignee_ids: Vec::new(),
            completed_at: (to == TaskStatus::Done).then(|| day(date) + TimeDelta::minutes(1)),
            version: self.next_version(task),
        };
        self.event(date, &event)
    }

    pub(crate) fn assign(&mut self, date: &str, task: TaskId, to: &[UserId]) -> Envelope {
        let event = TaskAssigned {
            task_id: task,
            project_id: self.project,
            assignee_ids: to.to_vec(),
            previous_ids: Vec::new(),
            version: self.next_version(task),
        };
        self.event(date, &event)
    }

    pub(crate) fn delete(&mut self, date: &str, task: TaskId, status: TaskStatus) -> Envelope {
        let event = TaskDeleted {
            task_id: task,
            project_id: self.project,
            status,
            version: self.next_version(task),
        };
        self.event(date, &event)
    }

    fn next_version(&mut self, task: TaskId) -> Option<i32> {
        let version = self.versions.entry(task).or_default();
        *version += 1;
        Some(*version)
    }
}
