//! Dashboards: consumes the events of all organizations (`ingest`) and answers with numbers
//! (`dashboard`).
//!
//! The numbers are rollups that move in the same MongoDB transaction as the events that move them, so
//! they are exact whatever comes twice, late or in between a crash.

pub mod config;
mod counter;
mod custom_report;
mod dashboard;
mod erasure;
mod flow;
pub mod ingest;
mod numbers;
mod organization;
mod overview;
mod period;
mod personal;
mod rebuild;
pub mod report;
pub mod schedule;
mod scope;
mod state;
pub mod store;
pub mod upkeep;

use axum::Router;
use events::{Amqp, BrokerState, Publisher};
use httpkit::client::Upstream;
use httpkit::tokens::{Keys, ServiceSigner};
use httpkit::{Guard, Service, openapi};
use kernel::Ids;
use runtime::App;
use secrecy::ExposeSecret;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use config::Config;
pub use state::{AppState, Projects};
pub use store::Store;

/// The queue all instances of this service share.
pub const QUEUE: &str = events::queues::ANALYTICS_EVENTS;

#[derive(OpenApi)]
#[openapi(info(
    title = "Tenantry analytics",
    description = "What happens in an organization, in numbers."
))]
struct Document;

/// Puts the service together, starts its consumer and answers its router.
pub async fn start(config: Config, app: App) -> anyhow::Result<Router> {
    let store = Store::new(config.mongo_url.expose_secret(), &config.mongo_database).await?;
    let amqp = Amqp::new(app.common.amqp_url.expose_secret(), "analytics")?;
    let publisher = Publisher::new(amqp.clone());
    let consumer = ingest::consumer(amqp, QUEUE);
    check_health(&app, &store, consumer.state());
    app.spawn(
        "event consumer",
        ingest::run(store.clone(), consumer, app.shutdown.clone()),
    );
    app.spawn(
        "upkeep",
        upkeep::run(store.clone(), app.clock.clone(), app.shutdown.clone()),
    );
    let wake = report::Wake::default();
    let workers = report::run(
        store.clone(),
        app.clock.clone(),
        wake.clone(),
        app.shutdown.clone(),
    );
    app.spawn("report workers", workers);
    app.spawn("publisher", publisher.clone().run(app.shutdown.clone()));
    let schedules = schedule::run(
        store.clone(),
        app.clock.clone(),
        publisher,
        app.shutdown.clone(),
    );
    app.spawn("schedules", schedules);
    let jwks = app.common.identity_url.join("/.well-known/jwks.json")?;
    let http = httpkit::client::http_client()?;
    let keys = Keys::remote(jwks, http.clone());
    let signer = ServiceSigner::new(&app.common.service_secret, Service::Analytics);
    let projects = app.common.project_url.first().clone();
    let projects = Upstream::new(http, projects, Service::ProjectSvc, signer);
    let guard = Guard::new(&app.common.service_secret, Service::Analytics, keys);
    Ok(router(AppState {
        store,
        guard,
        clock: app.clock,
        ids: Ids::system(),
        wake,
        projects: Projects(projects),
    }))
}

/// Every route, and the document that describes them.
pub fn router(state: AppState) -> Router {
    let routes = OpenApiRouter::with_openapi(Document::openapi())
        .merge(dashboard::router())
        .merge(overview::router())
        .merge(flow::router())
        .merge(custom_report::router())
        .merge(report::router())
        .merge(schedule::router())
        .merge(erasure::router())
        .merge(personal::router())
        .merge(organization::router())
        .merge(rebuild::router());
    openapi::serve(routes).with_state(state)
}

fn check_health(app: &App, store: &Store, broker: BrokerState) {
    let store = store.clone();
    app.health.add("mongodb", move || {
        let store = store.clone();
        async move { store.ping().await }
    });
    app.health.add_optional("broker", move || {
        let connected = broker.connected();
        async move { connected.then_some(()).ok_or("not connected") }
    });
}
