//! Everything an organization works with, in its own database: projects, boards, columns, tasks, comments.
//!
//! A handler's arguments say what it may touch: `access` finds the thing of the path in the caller's own
//! organization, `tenant` is the only way to that organization's database.

mod access;
mod activity;
mod api;
mod board;
mod checklist;
mod column;
mod comment;
mod config;
mod dependency;
mod entity;
mod favourite;
mod field;
mod filter;
pub mod jobs;
mod label;
mod live;
mod markdown;
mod order;
mod patch;
mod people;
mod personal;
mod project;
mod rules;
mod saved_view;
mod search;
mod share;
mod state;
mod task;
mod team;
mod tenant;
mod turns;
mod versions;
mod webhook;
mod workspace;

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use events::FleetWake;
use httpkit::client::{Upstream, http_client};
use httpkit::openapi::DOCUMENT_PATH;
use httpkit::tokens::{Keys, ServiceSigner};
use httpkit::{Guard, Json, Service};
use runtime::App;
use tenancy::{PoolSettings, Pools, Resolver};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use config::Config;
pub use people::Known;
pub use state::{AppState, Parts};
pub use turns::Turns;
pub use webhook::Webhooks;

/// Versions of the tenant schema that this release can serve: databases are moved to the next one while
/// it is still running.
const SCHEMA_VERSIONS: std::ops::RangeInclusive<u32> = 23..=24;

/// Tenants of a cluster that the admin listener's `/pools` shows.
const BUSIEST_SHOWN: usize = 10;

/// Puts the service together, starts its jobs and answers its router.
pub fn start(config: &Config, app: &App) -> anyhow::Result<Router> {
    let wake = FleetWake::default();
    let state = connect(config, app, wake.clone())?;
    jobs::spawn(config, app, &state, wake)?;
    let pools = state.pools.clone();
    app.pages
        .add("/pools", move || pools.busiest(BUSIEST_SHOWN));
    Ok(router(state))
}

/// What handlers and jobs work with. Nothing is contacted yet.
pub fn connect(config: &Config, app: &App, wake: FleetWake) -> anyhow::Result<AppState> {
    let (common, http) = (&app.common, http_client()?);
    let signer = ServiceSigner::new(&common.service_secret, Service::ProjectSvc);
    let upstream =
        |url: &url::Url, service| Upstream::new(http.clone(), url.clone(), service, signer.clone());
    let resolver = Resolver::remote(upstream(&common.resolver_url, Service::TenantResolver));
    let name = Service::ProjectSvc.name();
    let mut settings = PoolSettings::new(name, SCHEMA_VERSIONS);
    settings.journal = Some(activity::JOURNAL);
    settings.budget = config.connection_budget;
    let addresses = common.project_url.all().count();
    settings.instances = config.instances.unwrap_or(addresses);
    settings.acquire_timeout = Duration::from_millis(config.acquire_timeout_ms);
    settings.hold_timeout = Duration::from_millis(config.hold_timeout_ms);
    let jwks = common.identity_url.join("/.well-known/jwks.json")?;
    let keys = Keys::remote(jwks, http.clone());
    let parts = Parts {
        pools: Pools::new(resolver, settings, wake, &app.tasks, app.shutdown.clone()),
        guard: Guard::new(&common.service_secret, Service::ProjectSvc, keys),
        clock: app.clock.clone(),
        ids: app.ids.clone(),
        identity: upstream(&common.identity_url, Service::Identity),
        known: Known::default(),
        turns: Turns::default(),
        webhooks: Webhooks::new(config, &common.domain)?,
    };
    Ok(parts.into())
}

/// Every route: the public API, which the gateway passes on, and what other services ask.
pub fn router(state: AppState) -> Router {
    let (public, document) = OpenApiRouter::with_openapi(api::Document::openapi())
        .nest("/api/v1", public())
        .split_for_parts();
    public
        .merge(live::router())
        .merge(share::router())
        .merge(personal::router())
        .route(DOCUMENT_PATH, get(async move || Json(document.clone())))
        .with_state(state)
}

fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(workspace::router())
        .merge(activity::router())
        .merge(favourite::router())
        .merge(project::router())
        .merge(board::router())
        .merge(column::router())
        .merge(task::router())
        .merge(label::router())
        .merge(field::router())
        .merge(checklist::router())
        .merge(dependency::router())
        .merge(comment::router())
        .merge(search::router())
        .merge(saved_view::router())
        .merge(team::router())
        .merge(webhook::router())
}
