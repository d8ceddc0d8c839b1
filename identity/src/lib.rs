//! People, organizations, memberships, sessions, invitations, signing keys, and the mail about them.
//!
//! The only service that sees a password and the only one that signs access tokens; all others verify with the
//! keys it serves.

mod account;
pub mod audit;
mod avatar;
mod client;
pub mod config;
pub mod entity;
mod invitation;
pub mod jobs;
pub mod keys;
pub mod letter;
pub mod lifecycle;
pub mod link_opened;
pub mod mail;
mod member;
mod one_time;
mod organization;
pub mod password;
pub mod person;
mod personal_token;
mod plan;
mod provider;
pub mod report_ready;
mod role;
mod second_factor;
mod session;
mod signup;
pub mod state;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use chrono::TimeDelta;
use events::{Amqp, DatabaseOutbox, Publisher};
use httpkit::browser::Csrf;
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::ServiceSigner;
use httpkit::{Guard, Service, openapi};
use kernel::SealKey;
use passwords::Hasher;
use runtime::{App, database};
use secrecy::ExposeSecret;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use account::EmailAddress;
pub use config::Config;
pub use provider::Providers;
pub use state::{AppState, Identity};

use crate::avatar::Studio;
use crate::keys::KeyRing;
use crate::mail::{Sender, Templates};
use crate::password::Throttle;
use crate::person::Keepers;
use crate::state::{Lifetimes, Wake};

/// Puts the service together, starts its jobs and answers its router.
pub async fn start(config: Config, app: App) -> anyhow::Result<Router> {
    let identity = Arc::new(assemble(&config, &app).await?);
    check_health(&app, &identity);
    spawn_events(&app, &identity)?;
    let sender = Sender::new(
        &config.smtp_url,
        &config.mail_from,
        config.smtp_ca_file.as_deref(),
    )?;
    app.spawn(
        "mail",
        sender.run(Arc::clone(&identity), app.shutdown.clone()),
    );
    let letters = letter::run(Arc::clone(&identity), app.shutdown.clone());
    app.spawn("letters", letters);
    let interval = Duration::from_secs(config.sweep_seconds.max(1));
    app.spawn(
        "sweep",
        jobs::sweep_forever(Arc::clone(&identity), interval, app.shutdown.clone()),
    );
    let lifetime = TimeDelta::days(config.key_rotation_days.into());
    let lifetime = (config.key_rotation_days > 0).then_some(lifetime);
    app.spawn(
        "signing keys",
        keys::keep(Arc::clone(&identity), lifetime, app.shutdown.clone()),
    );
    app.spawn(
        "people's requests",
        person::job::run(Arc::clone(&identity), app.shutdown.clone()),
    );
    let secret = &app.common.service_secret;
    let guard = Guard::new(secret, Service::Identity, identity.keys.verifier());
    Ok(router(AppState { identity, guard }))
}

/// Everything but jobs and routes.
pub async fn assemble(config: &Config, app: &App) -> anyhow::Result<Identity> {
    let name = Service::Identity.name();
    let db = database::connect(name, &config.database_url, config.database_connections).await?;
    let seal = SealKey::parse(config.seal_key.expose_secret())?;
    let signer = ServiceSigner::new(&app.common.service_secret, Service::Identity);
    let resolver_url = app.common.resolver_url.clone();
    Ok(Identity {
        resolver: Upstream::new(
            http_client()?,
            resolver_url,
            Service::TenantResolver,
            signer.clone(),
        ),
        keepers: Keepers::new(&app.common, &signer)?,
        csrf: Csrf::new(&app.common.service_secret),
        keys: KeyRing::open(&db, &seal, &app.ids, app.clock.now()).await?,
        passwords: Hasher::new()?,
        seal,
        throttle: Throttle::new(
            config.free_attempts,
            config.free_attempts_of_address,
            app.clock.clone(),
        ),
        studio: Studio::default(),
        templates: Templates::new()?,
        providers: Providers::new(config.providers.as_ref(), &config.provider_networks)?,
        lifetimes: Lifetimes {
            access: TimeDelta::minutes(config.access_token_minutes.into()),
            session: TimeDelta::days(config.refresh_token_days.into()),
        },
        common: Arc::clone(&app.common),
        clock: app.clock.clone(),
        ids: app.ids.clone(),
        wake: Wake::default(),
        db,
    })
}

/// The description of the public API that the routes fill in.
#[derive(OpenApi)]
#[openapi(info(
    title = "Tenantry identity",
    description = "People, organizations and sessions"
))]
struct Description;

/// Every route, with the document of the public ones.
pub fn router(state: AppState) -> Router {
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(signup::router())
        .merge(session::router())
        .merge(second_factor::router())
        .merge(account::router())
        .merge(avatar::router())
        .merge(password::router())
        .merge(invitation::router())
        .merge(member::router())
        .merge(organization::router())
        .merge(provider::router())
        .merge(role::router())
        .merge(ticket::router())
        .merge(lifecycle::router())
        .merge(audit::router())
        .merge(personal_token::router())
        .merge(person::router())
        .merge(keys::router());
    let denials = from_fn_with_state(state.clone(), audit::denials::note);
    openapi::serve(routes).layer(denials).with_state(state)
}

fn check_health(app: &App, identity: &Arc<Identity>) {
    let db = identity.db.clone();
    app.health.add("database", move || {
        let db = db.clone();
        async move { db.ping().await }
    });
}

fn spawn_events(app: &App, identity: &Arc<Identity>) -> anyhow::Result<()> {
    let amqp = Amqp::new(
        app.common.amqp_url.expose_secret(),
        Service::Identity.name(),
    )?;
    let news = lifecycle::news::consumer(amqp.clone(), lifecycle::news::QUEUE);
    let news = lifecycle::news::run(Arc::clone(identity), news, app.shutdown.clone());
    app.spawn("tenant news", news);
    let told = audit::news::consumer(amqp.clone(), audit::news::QUEUE);
    let told = audit::news::run(Arc::clone(identity), told, app.shutdown.clone());
    app.spawn("audit news", told);
    let opened = link_opened::consumer(amqp.clone(), link_opened::QUEUE);
    let opened = link_opened::run(Arc::clone(identity), opened, app.shutdown.clone());
    app.spawn("news of links", opened);
    let ready = report_ready::consumer(amqp.clone(), report_ready::QUEUE);
    let ready = report_ready::run(Arc::clone(identity), ready, app.shutdown.clone());
    app.spawn("news of reports", ready);
    let publisher = Publisher::new(amqp);
    let state = publisher.state();
    app.health.add_optional("broker", move || {
        let connected = state.connected();
        async move { connected.then_some(()).ok_or("not connected") }
    });
    app.spawn("publisher", publisher.clone().run(app.shutdown.clone()));
    let outbox = DatabaseOutbox::new(&identity.db);
    let wake = identity.wake.outbox.clone();
    let relay = events::relay::run(outbox, publisher, wake, app.shutdown.clone());
    app.spawn("outbox relay", relay);
    Ok(())
}
