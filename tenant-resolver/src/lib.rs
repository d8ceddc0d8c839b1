//! Control plane: which tenant lives under a subdomain, where its database is, how to log in to it; makes
//! databases ahead of need, hands them to sign-ups, and removes what nobody uses.
//!
//! Only this service changes a tenant's status, place and credentials; each change is one conditional update by the
//! table in `lifecycle::model`, its line in the history and its event. What takes several steps notes the first one in
//! the catalog before it does the second, so that the jobs finish or remove whatever a crash leaves.

mod access;
mod catalog;
pub mod claim;
pub mod config;
pub mod copy;
pub mod credentials;
pub mod erasure;
mod error;
mod hold;
pub mod jobs;
mod lease;
pub mod lifecycle;
pub mod limits;
mod lookup;
pub mod names;
pub mod outbox;
mod placement;
pub mod provision;
mod state;
mod status;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use events::{Amqp, Publisher};
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::{Keys, ServiceSigner};
use httpkit::{Guard, Service};
use runtime::App;
use secrecy::ExposeSecret;
use url::Url;

pub use catalog::pool;
pub use config::Config;
pub use erasure::Neighbours;
pub use error::Error;
pub use outbox::CatalogOutbox;
pub use state::{AppState, Resolver, Wake};
pub use status::Status;

/// Puts the service together, starts its jobs and answers its router.
pub fn start(config: &Config, app: &App) -> anyhow::Result<Router> {
    let mut resolver = Resolver::new(
        catalog::pool(&config.database_url)?,
        config.seal_keys()?,
        app.clock.clone(),
        app.ids.clone(),
        config.spares,
        Duration::from_secs(config.claim_timeout_seconds),
    );
    resolver.delete_grace = config.delete_grace();
    let resolver = Arc::new(resolver);
    let http = http_client()?;
    let secret = &app.common.service_secret;
    let signer = ServiceSigner::new(secret, Service::TenantResolver);
    let upstream =
        |url: &Url, service| Upstream::new(http.clone(), url.clone(), service, signer.clone());
    let neighbours = Neighbours::new(
        upstream(&app.common.identity_url, Service::Identity),
        upstream(&app.common.shortener_url, Service::Shortener),
        upstream(&app.common.analytics_url, Service::Analytics),
    );

    check_health(app, &resolver);
    spawn_relay(app, &resolver)?;
    app.spawn(
        "refill",
        jobs::refill(Arc::clone(&resolver), app.shutdown.clone()),
    );
    app.spawn(
        "mend",
        jobs::mend_forever(Arc::clone(&resolver), app.shutdown.clone()),
    );
    app.spawn(
        "sweep",
        jobs::sweep_forever(
            Arc::clone(&resolver),
            neighbours,
            Duration::from_secs(config.sweep_seconds),
            app.shutdown.clone(),
        ),
    );
    // Nobody shows this service a user's token.
    let guard = Guard::new(secret, Service::TenantResolver, Keys::local());
    Ok(router(AppState { resolver, guard }))
}

/// Every route, for callers inside the system alone.
pub fn router(state: AppState) -> Router {
    lookup::router()
        .merge(claim::router())
        .merge(lifecycle::router())
        .merge(hold::router())
        .merge(names::router())
        .merge(limits::router())
        .merge(credentials::router())
        .merge(copy::router())
        .with_state(state)
}

fn check_health(app: &App, resolver: &Arc<Resolver>) {
    let catalog = resolver.catalog.clone();
    app.health.add("catalog", move || {
        let catalog = catalog.clone();
        async move {
            catalog.get().await?.simple_query("select 1").await?;
            anyhow::Ok(())
        }
    });
}

fn spawn_relay(app: &App, resolver: &Arc<Resolver>) -> anyhow::Result<()> {
    let amqp = Amqp::new(
        app.common.amqp_url.expose_secret(),
        Service::TenantResolver.name(),
    )?;
    let publisher = Publisher::new(amqp);
    let state = publisher.state();
    app.health.add_optional("broker", move || {
        let state = state.clone();
        async move {
            if state.connected() {
                Ok(())
            } else {
                Err("not connected")
            }
        }
    });
    app.spawn("publisher", publisher.clone().run(app.shutdown.clone()));
    let outbox = CatalogOutbox::new(resolver.catalog.clone());
    let wake = resolver.wake.outbox.clone();
    app.spawn(
        "outbox relay",
        events::relay::run(outbox, publisher, wake, app.shutdown.clone()),
    );
    Ok(())
}
