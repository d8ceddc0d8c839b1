//! Erasing an organization: everything of it in one transaction, and the people who are in no other. Its sessions end
//! for everybody who hears of it.

use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbErr, raw_sql};
use serde::Serialize;

use crate::state::Identity;
use crate::{account, audit, invitation, mail, member, organization, session, signup};

/// How many rows were removed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Erased {
    organizations: u64,
    memberships: u64,
    invitations: u64,
    sessions: u64,
    mails: u64,
    signups: u64,
    answers: u64,
    audit_events: u64,
    /// Who was in this organization alone.
    people: u64,
}

/// Removes everything of an organization.
pub(super) async fn erase(identity: &Identity, tenant: TenantId) -> Result<Erased, DbErr> {
    let transaction = identity.begin().await?;
    // Who is about to join waits, and finds nothing to join.
    organization::store::locked(&transaction, tenant).await?;
    let people = member::store::everybody(&transaction, tenant).await?;
    let mut erased = Erased {
        sessions: session::remove_of(identity, &transaction, tenant).await?,
        invitations: invitation::store::remove_of(&transaction, tenant).await?,
        memberships: member::store::remove_of(&transaction, tenant).await?,
        mails: mail::remove_of(&transaction, tenant).await?,
        signups: signup::store::forget_of(&transaction, tenant).await?,
        answers: remove_answers(&transaction, tenant).await?,
        organizations: organization::store::remove(&transaction, tenant).await?,
        audit_events: 0,
        people: 0,
    };
    erased.audit_events = audit::forget_of(&transaction, tenant).await?;
    erased.people = account::store::remove_homeless(&transaction, &people).await?;
    identity.commit(transaction).await?;
    tracing::info!(tenant.id = %tenant, memberships = erased.memberships, people = erased.people, "organization erased");
    Ok(erased)
}

/// Answers of keyed requests name their organization in the scope, and hold addresses.
async fn remove_answers(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let scopes = format!("%:{tenant}:%");
    let removed = db.execute_raw(raw_sql!(
        Postgres,
        "delete from idempotency_keys where scope like {scopes}"
    ));
    Ok(removed.await?.rows_affected())
}
