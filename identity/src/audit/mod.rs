//! The log of security events: who did what, from where, and whether it was let. Ids only; a name or an address is
//! looked up when the log is read, and gone with its person.

mod store;

use httpkit::Problem;
use kernel::{TenantId, UserId};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::entity::audit_event;
use crate::state::Identity;

/// Something to remember.
#[derive(Debug, Clone)]
pub(crate) struct Event<'a> {
    /// The organization it happened in; none on the bare domain.
    pub(crate) tenant: Option<TenantId>,
    /// Who did it, or tried; none when nobody is known by that address.
    pub(crate) actor: Option<UserId>,
    /// `subject.verb` in the past tense, as `session.opened`.
    pub(crate) action: &'static str,
    /// Whom or what it was done to.
    pub(crate) target: Option<Uuid>,
    /// Whether it was let.
    pub(crate) succeeded: bool,
    /// Where it came from.
    pub(crate) client: &'a Client,
    /// What else matters, never a secret, a name or an address.
    pub(crate) detail: Value,
}

impl<'a> Event<'a> {
    /// Something that was done.
    pub(crate) fn done(action: &'static str, actor: UserId, client: &'a Client) -> Self {
        Self {
            tenant: None,
            actor: Some(actor),
            action,
            target: None,
            succeeded: true,
            client,
            detail: json!({}),
        }
    }

    /// Something that was refused.
    pub(crate) fn refused(
        action: &'static str,
        actor: Option<UserId>,
        client: &'a Client,
        code: &str,
    ) -> Self {
        Self {
            tenant: None,
            actor,
            action,
            target: None,
            succeeded: false,
            client,
            detail: json!({ "code": code }),
        }
    }

    pub(crate) fn at(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    pub(crate) fn on(mut self, target: impl Into<Uuid>) -> Self {
        self.target = Some(target.into());
        self
    }

    pub(crate) fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Writes the event into the transaction that makes it true.
pub(crate) async fn record(
    identity: &Identity,
    db: &impl ConnectionTrait,
    event: Event<'_>,
) -> Result<(), Problem> {
    let row = audit_event::Model {
        id: identity.ids.next(),
        tenant_id: event.tenant,
        actor_id: event.actor,
        action: event.action.to_owned(),
        target_id: event.target,
        succeeded: event.succeeded,
        address: event.client.address.map(|address| address.to_string()),
        user_agent: event.client.user_agent.clone(),
        detail: event.detail,
        created_at: identity.clock.now(),
    };
    metrics::counter!("identity_audit_events_total", "action" => event.action).increment(1);
    Ok(store::insert(db, row).await?)
}
