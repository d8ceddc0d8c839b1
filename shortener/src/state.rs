//! What the shortener works with; shared by handlers and jobs.

use std::sync::Arc;

use axum::extract::FromRef;
use events::{Envelope, Event};
use httpkit::client::Upstream;
use httpkit::{Guard, Service, context};
use kernel::{Clock, Ids, SealKey, TenantId, UserId};
use passwords::Hasher;
use sea_orm::DatabaseConnection;

use crate::guest::{Pages, Sessions, Throttle};
use crate::known::Known;
use crate::tenants::Tenants;
use crate::visits::{Agents, Journal};

/// The shortener itself. Any number of instances may work on one database.
pub(crate) struct Shortener {
    /// Database `shortener`.
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    /// Seals codes.
    pub(crate) seal: SealKey,
    /// Knows what is behind a link and who may share it.
    pub(crate) project: Upstream,
    pub(crate) tenants: Tenants,
    pub(crate) passwords: Hasher,
    pub(crate) throttle: Throttle,
    pub(crate) sessions: Sessions,
    /// Links that were looked up lately.
    pub(crate) known: Known,
    pub(crate) agents: Agents,
    pub(crate) visits: Journal,
    pub(crate) pages: Pages,
    /// Wakes the relay after a commit.
    pub(crate) wake: events::Wake,
}

impl Shortener {
    /// An event that happens now, tied to the request's trace.
    pub(crate) fn envelope(
        &self,
        tenant: TenantId,
        actor: Option<UserId>,
        event: &impl Event,
    ) -> Envelope {
        let traceparent = context::current().and_then(|current| current.traceparent.clone());
        let source = Service::Shortener.name();
        Envelope::new(&self.ids, &self.clock, source, tenant, actor, event)
            .with_traceparent(traceparent)
    }
}

/// What handlers get.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) shortener: Arc<Shortener>,
    /// Knows who calls.
    pub(crate) guard: Guard,
}
