//! The log of security events: who did what, from where, and whether it was let. Ids only; a name or an address is
//! looked up when the log is read, and gone with its person.
//!
//! The service adds and reads. What leaves the log leaves it by three functions of the database that look themselves
//! whether it may: see migration `0010_person_requests`.

pub(crate) mod denials;
mod export;
mod model;
pub mod news;
mod routes;
mod store;

use httpkit::Problem;
use kernel::{TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::account::EmailAddress;
use crate::client::Client;
use crate::entity::audit_event;
use crate::state::Identity;

pub(crate) use routes::router;
pub(crate) use store::anonymize;

/// Batches of old events removed at a time.
const FORGET_BATCHES: usize = 10;

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
    Ok(store::insert(db, row(identity, event)).await?)
}

/// Writes the event of something that was refused, which has no transaction. The refusal stands also where the log
/// cannot be written.
pub(crate) async fn record_alone(identity: &Identity, event: Event<'_>) {
    let action = event.action;
    log(
        action,
        store::insert(&identity.db, row(identity, event)).await,
    );
}

/// Writes that somebody who gave this address was not let in: a member, or nobody that the organization knows. The
/// same work for both.
pub(crate) async fn record_entry_refused(
    identity: &Identity,
    tenant: TenantId,
    email: &EmailAddress,
    client: &Client,
    code: &str,
) {
    let refused = Event::refused("session.refused", None, client, code).at(tenant);
    let (action, row) = (refused.action, row(identity, refused));
    log(
        action,
        store::insert_by_address(&identity.db, row, email).await,
    );
}

/// Removes events older than their organizations keep them.
pub(crate) async fn forget_old(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    for _ in 0..FORGET_BATCHES {
        if store::forget_old(db).await? < store::FORGET_BATCH {
            break;
        }
    }
    Ok(())
}

/// Removes the events of an organization that was removed in this transaction.
pub(crate) async fn forget_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let removed = store::forget_of(db, tenant).await?;
    Ok(removed.unsigned_abs())
}

fn row(identity: &Identity, event: Event<'_>) -> audit_event::Model {
    metrics::counter!("identity_audit_events_total", "action" => event.action).increment(1);
    audit_event::Model {
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
    }
}

fn log(action: &str, outcome: Result<(), DbErr>) {
    if let Err(error) = outcome {
        let error = &error as &dyn std::error::Error;
        tracing::error!(action, error, "security event not written");
    }
}
