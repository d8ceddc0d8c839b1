//! Short links: a code that shows one thing to whoever has it, until it expires, is used up or is
//! taken back, and only after a password where it has one.
//!
//! `links` is for owners, `guest` for opening. The shortener knows nothing of what it shows: it asks
//! project-svc whether a member may share a thing, and for the guest's view of it.

mod code;
mod config;
mod entity;
mod erasure;
mod guest;
mod known;
mod leaving;
mod links;
mod openapi;
mod password;
mod personal;
mod policy;
mod state;
mod sweep;
mod tenants;
mod visits;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use events::{Amqp, DatabaseOutbox, Publisher};
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::{Keys, ServiceSigner};
use httpkit::{Guard, Service};
use kernel::{EventId, SealKey};
use passwords::Hasher;
use runtime::{App, Scheme, database, layers};
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use guest::Quick;

use crate::guest::{Pages, Sessions, Throttle};
use crate::known::Known;
use crate::state::{AppState, Shortener};
use crate::tenants::Tenants;
use crate::visits::{Agents, Journal, Recorder, Visitors};

/// How often attempts that no longer count are forgotten.
const FORGET_PERIOD: Duration = Duration::from_secs(60);

/// Puts the service together, starts its jobs and answers it, layers included.
pub async fn start(config: &Config, app: &App) -> anyhow::Result<Quick> {
    let name = Service::Shortener.name();
    let db = database::connect(name, &config.database_url, config.database_connections).await?;
    let (http, common) = (http_client()?, &app.common);
    let signer = ServiceSigner::new(&common.service_secret, Service::Shortener);
    let upstream =
        |url: &url::Url, service| Upstream::new(http.clone(), url.clone(), service, signer.clone());
    let resolver = upstream(&common.resolver_url, Service::TenantResolver);
    let wake = events::Wake::default();
    let visitors = Visitors::new(&config.cookie_secret)?;
    let (visits, writer) = Journal::open(config.journal.clone(), app.ids.clone(), visitors)?;
    let recorder = Recorder {
        journal: visits.clone(),
        writer,
        db: db.clone(),
        wake: wake.clone(),
        clock: app.clock.clone(),
        ids: app.ids.clone(),
    };
    let shortener = Arc::new(Shortener {
        clock: app.clock.clone(),
        ids: app.ids.clone(),
        seal: SealKey::parse(config.seal_key.expose_secret())?,
        project: upstream(common.project_url.first(), Service::ProjectSvc),
        tenants: Tenants::new(resolver, Arc::clone(common)),
        passwords: Hasher::new()?,
        throttle: Throttle::new(),
        sessions: Sessions::new(&config.cookie_secret, common.scheme == Scheme::Https)?,
        known: Known::default(),
        agents: Agents::default(),
        visits,
        pages: Pages::new()?,
        wake,
        db,
    });
    check_health(app, &shortener);
    app.spawn("visit recorder", recorder.run(app.shutdown.clone()));
    let known = shortener.known.clone();
    let listening = known.listen(shortener.db.clone(), app.shutdown.clone());
    app.spawn("changed links", listening);
    let sweeping = sweep::run(Arc::clone(&shortener), app.shutdown.clone());
    app.spawn("ended links", sweeping);
    app.spawn(
        "throttle",
        forget_attempts(Arc::clone(&shortener), app.shutdown.clone()),
    );
    spawn_relay(app, &shortener)?;
    spawn_news(config, app, &shortener)?;

    let keys = Keys::remote(common.identity_url.join(JWKS_PATH)?, http.clone());
    let guard = Guard::new(&common.service_secret, Service::Shortener, keys);
    let state = AppState { shortener, guard };
    let router = layers::wrap(router(state.clone()), app.ids.clone());
    let router = layers::tell_of_leaving(router, app.health.clone());
    Ok(Quick::new(&state, app.health.clone(), router))
}

/// Where identity serves the keys of access tokens.
const JWKS_PATH: &str = "/.well-known/jwks.json";

fn router(state: AppState) -> Router {
    openapi::serve(
        links::router()
            .merge(policy::router())
            .merge(guest::router())
            .merge(erasure::router())
            .merge(personal::router()),
    )
    .with_state(state)
}

async fn forget_attempts(shortener: Arc<Shortener>, shutdown: CancellationToken) {
    while shutdown
        .run_until_cancelled(tokio::time::sleep(FORGET_PERIOD))
        .await
        .is_some()
    {
        shortener.throttle.forget_old();
    }
}

fn check_health(app: &App, shortener: &Shortener) {
    let db = shortener.db.clone();
    app.health.add("database", move || {
        let db = db.clone();
        async move { db.execute_unprepared("select 1").await.map(drop) }
    });
}

/// Without a broker answers of the resolver serve for a while.
fn spawn_news(config: &Config, app: &App, shortener: &Arc<Shortener>) -> anyhow::Result<()> {
    let amqp = Amqp::new(
        app.common.amqp_url.expose_secret(),
        Service::Shortener.name(),
    )?;
    let queue = format!("shortener.tenants.{}", app.ids.next::<EventId>());
    let consumer = tenants::consumer(amqp, &queue);
    let state = consumer.state();
    app.health.add_optional("tenant news", move || {
        let connected = state.connected();
        async move { connected.then_some(()).ok_or("not connected") }
    });
    let listening = tenants::listen(shortener.tenants.clone(), consumer, app.shutdown.clone());
    app.spawn("tenant news", listening);

    let amqp = Amqp::new(
        app.common.amqp_url.expose_secret(),
        Service::Shortener.name(),
    )?;
    let consumer = leaving::consumer(amqp, &config.members_queue);
    let state = consumer.state();
    app.health.add_optional("news of members", move || {
        let connected = state.connected();
        async move { connected.then_some(()).ok_or("not connected") }
    });
    let listening = leaving::listen(Arc::clone(shortener), consumer, app.shutdown.clone());
    app.spawn("news of members", listening);
    Ok(())
}

fn spawn_relay(app: &App, shortener: &Shortener) -> anyhow::Result<()> {
    let amqp = Amqp::new(
        app.common.amqp_url.expose_secret(),
        Service::Shortener.name(),
    )?;
    let publisher = Publisher::new(amqp);
    let state = publisher.state();
    app.health.add_optional("broker", move || {
        let connected = state.connected();
        async move {
            if connected {
                Ok(())
            } else {
                Err("not connected")
            }
        }
    });
    app.spawn("publisher", publisher.clone().run(app.shutdown.clone()));
    let outbox = DatabaseOutbox::new(&shortener.db);
    let (wake, shutdown) = (shortener.wake.clone(), app.shutdown.clone());
    app.spawn(
        "outbox relay",
        events::relay::run(outbox, publisher, wake, shutdown),
    );
    Ok(())
}
