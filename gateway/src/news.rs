//! What the gateway learns from events: organizations and roles that changed, sessions that ended. On every connection
//! to the broker it first catches up with what it may have missed.

use chrono::{DateTime, Utc};
use events::topic::session::SessionRevoked;
use events::topic::tenant::{TenantHeld, TenantReleased};
use events::topic::user::UserPermissionChanged;
use events::{Action, Amqp, Consumer, Envelope, EnvelopeError, Event, Queue};
use httpkit::client::Upstream;
use kernel::{EventId, Permissions, SessionId, Subdomain, TenantId, UserId};
use runtime::App;
use serde::Deserialize;

use crate::live::{self, Hub};
use crate::session::Sessions;
use crate::tenant::Tenants;

const REVOKED: &str = "/internal/v1/sessions/revoked";
const CHANGED: &str = "/internal/v1/members/changed";

/// A session that identity has ended, its access tokens not yet expired.
#[derive(Debug, Deserialize)]
struct Revoked {
    session_id: SessionId,
    expires_at: DateTime<Utc>,
}

/// A member whose role may be another than an access token says that has not yet expired.
#[derive(Debug, Deserialize)]
struct Changed {
    tenant_id: TenantId,
    user_id: UserId,
    permissions: Permissions,
    changed_at: DateTime<Utc>,
}

/// Keeps the caches true.
#[derive(Clone)]
pub(crate) struct News {
    pub tenants: Tenants,
    pub sessions: Sessions,
    /// Live connections, which hear of most events.
    pub hub: Hub,
    pub identity: Upstream,
}

impl News {
    /// Listens until shutdown, on a queue of this instance alone.
    pub(crate) fn start(self, app: &App, amqp: Amqp) {
        let name = format!("gateway.{}", app.ids.next::<EventId>());
        let caught_up = self.clone();
        let own = [SessionRevoked::TYPE, UserPermissionChanged::TYPE];
        let bindings = [&own[..], &live::TOPICS].concat();
        let consumer = Consumer::new(amqp, Queue::live(&name, &bindings)).on_connected(move || {
            let news = caught_up.clone();
            async move { news.catch_up().await }
        });
        let state = consumer.state();
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
        let shutdown = app.shutdown.clone();
        app.spawn("news", async move {
            let handler = move |batch: Vec<Envelope>| {
                let news = self.clone();
                async move { batch.iter().map(|envelope| news.hear(envelope)).collect() }
            };
            consumer.run(handler, shutdown).await;
        });
    }

    /// Asks for what was missed while there was no connection.
    async fn catch_up(&self) -> Result<(), events::BoxError> {
        self.tenants.doubt_all();
        self.hub.missed();
        let revoked: Vec<Revoked> = self.identity.get(REVOKED, None).await?;
        for session in revoked {
            self.sessions.revoke(session.session_id, session.expires_at);
        }
        let changed: Vec<Changed> = self.identity.get(CHANGED, None).await?;
        for member in changed {
            let Changed {
                tenant_id,
                user_id,
                permissions,
                changed_at,
            } = member;
            self.sessions
                .give(tenant_id, user_id, permissions, changed_at);
        }
        Ok(())
    }

    /// Sessions first: who is put out of a live connection must not come back in by a session that has ended.
    fn hear(&self, envelope: &Envelope) -> Action {
        let action = self.take(envelope);
        self.hub.take(envelope);
        action
    }

    fn take(&self, envelope: &Envelope) -> Action {
        if envelope.is::<SessionRevoked>() {
            let ended = envelope.data::<SessionRevoked>();
            return settle(ended.map(|ended| {
                self.sessions.revoke(ended.session_id, ended.expires_at);
            }));
        }
        if envelope.is::<UserPermissionChanged>() {
            let changed = envelope.data::<UserPermissionChanged>();
            return settle(changed.map(|changed| {
                if let Some(tenant) = envelope.tenantid {
                    let UserPermissionChanged {
                        user_id,
                        role,
                        permissions,
                    } = changed;
                    let permissions = permissions.unwrap_or_else(|| role.permissions());
                    self.sessions
                        .give(tenant, user_id, permissions, envelope.time);
                }
            }));
        }
        // The door stays open for who is held, as it was before.
        let held = envelope.is::<TenantHeld>() || envelope.is::<TenantReleased>();
        if !held && envelope.kind.starts_with("tenant.") {
            self.take_change(envelope);
        }
        Action::Ack
    }

    /// Whatever happened to an organization, what is remembered of its names may be wrong.
    fn take_change(&self, envelope: &Envelope) {
        let names = ["subdomain", "former_subdomain"].map(|field| {
            let name = envelope.raw_data().get(field)?.as_str()?;
            Subdomain::of_host_label(name)
        });
        if names.iter().all(Option::is_none) {
            self.tenants.doubt_all();
        }
        for name in names.iter().flatten() {
            self.tenants.forget(name);
        }
    }
}

/// What is none of ours goes to the dead letters.
fn settle(taken: Result<(), EnvelopeError>) -> Action {
    match taken {
        Ok(()) => Action::Ack,
        Err(error) => Action::Dead(error.to_string().into()),
    }
}
