//! The only public door: finds the organization by the host, keeps limits, checks tokens, and passes requests
//! to the services with the gateway's word for who asks. What a service is told comes from here alone.

mod access_log;
mod breaker;
mod client;
mod cold;
mod config;
mod cookies;
mod edge;
mod exchange;
mod forward;
mod headers;
mod host;
mod limit;
mod limits;
mod live;
mod news;
mod path;
mod personal;
mod plan;
mod route;
mod session;
mod tenant;

use std::sync::Arc;

use anyhow::Context;
use events::{Amqp, Publisher};
use httpkit::Service;
use httpkit::browser::Csrf;
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::{Keys, ServiceSigner};
use runtime::App;
use secrecy::ExposeSecret;

pub use cold::Compressed;
pub use config::Config;

use crate::access_log::AccessLog;
use crate::client::ClientAddress;
use crate::edge::{Edge, Gateway, Meters};
use crate::forward::Forward;
use crate::host::Domain;
use crate::limits::Limits;
use crate::live::{Hub, Live, Tools};
use crate::news::News;
use crate::personal::PersonalTokens;
use crate::plan::Plans;
use crate::session::Sessions;
use crate::tenant::Tenants;

/// Where identity serves its public keys.
const JWKS: &str = "/.well-known/jwks.json";

/// Puts the gateway together and starts its jobs.
pub fn start(config: &Config, app: &App) -> anyhow::Result<Compressed> {
    let common = &app.common;
    let http = http_client().context("set up the HTTP client")?;
    let signer = ServiceSigner::new(&common.service_secret, Service::Gateway);
    let upstream =
        |service, url: &url::Url| Upstream::new(http.clone(), url.clone(), service, signer.clone());
    let jwks = common
        .identity_url
        .join(JWKS)
        .context("TENANTRY_IDENTITY_URL")?;

    let tenants = Tenants::new(upstream(Service::TenantResolver, &common.resolver_url));
    let sessions = Sessions::new(Keys::remote(jwks, http.clone()), app.clock.clone());
    let identity = upstream(Service::Identity, &common.identity_url);
    let personal = PersonalTokens::new(identity.clone());
    let client = ClientAddress::new(&config.trusted_proxies);
    let limits = Limits::new(config, &client)?;
    limits.keep_small(app);
    let forward = Arc::new(Forward::new(common, signer)?);
    let amqp =
        Amqp::new(common.amqp_url.expose_secret(), "gateway").context("TENANTRY_AMQP_URL")?;
    let hub = Hub::new(
        config,
        Tools {
            ids: app.ids.clone(),
            clock: app.clock.clone(),
            sessions: sessions.clone(),
            forward: Arc::clone(&forward),
            limits: limits.clone(),
            publisher: Publisher::new(amqp.clone()),
        },
    );
    let live = Live::start(app, &hub);
    News {
        tenants: tenants.clone(),
        sessions: sessions.clone(),
        hub,
        identity,
    }
    .start(app, amqp);
    let gateway = Gateway::new(Edge {
        domain: Domain::new(&common.domain),
        csrf: Csrf::new(&common.service_secret),
        common: Arc::clone(common),
        client,
        limits,
        plans: Plans::new(),
        tenants,
        sessions,
        personal,
        forward,
        live,
        own: cold::router(common, config, http),
        log: AccessLog::start(app),
        ids: app.ids.clone(),
        meters: Meters::new(),
        traced: common.otlp_endpoint.is_some(),
    });
    Ok(Compressed::new(gateway))
}
