//! Webhooks: endpoints outside that are told what happens in the organization, as Standard Webhooks says
//! (<https://www.standardwebhooks.com>). Here is who is told what, and the log of it; `jobs::webhooks` does the telling.
//!
//! What is told are ids and facts of all projects, private ones too, hence a permission of its own.

mod deliveries;
mod document;
pub(crate) mod event;
mod log;
mod routes;
pub(crate) mod secret;
mod store;
mod target;
mod view;

use std::time::Duration;

use anyhow::Context;
use httpkit::outbound::Outbound;
use kernel::seal::SealKeys;
use secrecy::ExposeSecret;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use deliveries::DeliveryState;
pub(crate) use document::Requests;
pub(crate) use store::WebhookRow;
pub(crate) use view::DisabledReason;

use crate::config::Config;
use crate::jobs::webhooks::Due;
use crate::state::AppState;

/// A receiver may take no longer, whatever the setting says: claims of deliveries must hold longer.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What it takes to tell endpoints of events.
pub struct Webhooks {
    /// The way out.
    pub(crate) outbound: Outbound,
    /// Seals the secrets that requests are signed with.
    pub(crate) seal: SealKeys,
    /// The system's own domain, without a port: nothing is told to it.
    pub(crate) domain: String,
    /// Tenants that have something to be sent.
    pub(crate) due: Due,
}

impl Webhooks {
    pub(crate) fn new(config: &Config, domain: &str) -> anyhow::Result<Self> {
        let former = config.former_seal_keys.as_ref();
        let seal = SealKeys::parse(
            config.seal_key.expose_secret(),
            former.map(ExposeSecret::expose_secret),
        );
        let timeout = Duration::from_millis(config.webhook_timeout_ms).min(LONGEST_TIMEOUT);
        Ok(Self {
            outbound: Outbound::new(&config.webhook_networks, timeout)?,
            seal: seal.context("PROJECT_SEAL_KEY")?,
            domain: target::without_port(domain).to_owned(),
            due: Due::default(),
        })
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_webhook, routes::list_webhooks))
        .routes(routes!(
            routes::get_webhook,
            routes::update_webhook,
            routes::delete_webhook
        ))
        .routes(routes!(routes::rotate_webhook_secret))
        .routes(routes!(log::test_webhook))
        .routes(routes!(log::list_deliveries))
        .routes(routes!(log::get_delivery))
        .routes(routes!(log::resend_delivery))
}
