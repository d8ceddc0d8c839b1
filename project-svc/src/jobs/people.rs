//! Keeps each tenant's list of people as identity tells it. Safe to repeat and in any order: news that come late, after
//! newer ones or before the person was heard of, make it ask identity how things are now.

use events::topic::user::{MemberJoined, MemberLeft, UserPermissionChanged, UserUpdated};
use events::{Action, Envelope, EnvelopeError};
use futures::future::{BoxFuture, FutureExt};
use httpkit::Service;
use sea_orm::DbErr;
use tenancy::PoolError;

use crate::people;
use crate::people::store::{self, Person};
use crate::state::AppState;
use crate::{project, team, workspace};

/// Why an event was not taken in.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("event of no tenant")]
    NoTenant,
    #[error(transparent)]
    Malformed(#[from] EnvelopeError),
    #[error("connect to tenant database")]
    Connect(#[from] PoolError),
    #[error("write person")]
    Write(#[from] DbErr),
    #[error("put late news of a person right")]
    Unsure(#[from] people::Unsure),
}

/// The consumer's step from envelopes to actions.
pub fn handler(
    state: AppState,
) -> impl Fn(Vec<Envelope>) -> BoxFuture<'static, Vec<Action>> + Send + Sync {
    move |envelopes| {
        let state = state.clone();
        async move {
            let mut actions = Vec::with_capacity(envelopes.len());
            for envelope in &envelopes {
                actions.push(decide(take_in(&state, envelope).await));
            }
            actions
        }
        .boxed()
    }
}

async fn take_in(state: &AppState, envelope: &Envelope) -> Result<(), Failure> {
    let tenant = envelope.tenantid.ok_or(Failure::NoTenant)?;
    if envelope.is::<MemberJoined>() {
        let member: MemberJoined = envelope.data()?;
        let person = Person {
            id: member.user_id,
            name: &member.name,
            role: member.role,
            told_at: envelope.time,
        };
        let unit = state.pools.acquire(tenant).await?.begin().await?;
        store::upsert(&unit, &person).await?;
        let came = (member.user_id, envelope.time);
        if let Some(place) = member.workspace
            && let Some(event) = workspace::invite::settle(&unit, came, &place).await?
        {
            let (ids, clock, source) = (&state.ids, &state.clock, Service::ProjectSvc.name());
            let told = Envelope::new(ids, clock, source, tenant, member.user_id, &event);
            unit.emit(&told).await?;
        }
        unit.commit().await?;
    } else if envelope.is::<UserPermissionChanged>() {
        let changed: UserPermissionChanged = envelope.data()?;
        let connection = state.pools.acquire(tenant).await?;
        let (id, role) = (changed.user_id, changed.role);
        if !store::change_role(&connection, id, role, envelope.time).await? {
            drop(connection);
            people::refresh(state, tenant, id).await?;
        }
    } else if envelope.is::<UserUpdated>() {
        let updated: UserUpdated = envelope.data()?;
        let connection = state.pools.acquire(tenant).await?;
        let (id, name) = (updated.user_id, &updated.name);
        if !store::rename(&connection, id, name, envelope.time).await? {
            drop(connection);
            people::refresh(state, tenant, id).await?;
        }
    } else if envelope.is::<MemberLeft>() {
        let left: MemberLeft = envelope.data()?;
        let connection = state.pools.acquire(tenant).await?;
        if store::leave(&connection, left.user_id, envelope.time).await? {
            team::store::remove_from_all(&connection, left.user_id).await?;
            workspace::store::remove_from_all(&connection, left.user_id).await?;
            project::remove_from_all(&connection, left.user_id).await?;
        }
    }
    // Other events of these topics say nothing that is kept here.
    Ok(())
}

/// What is lost after all retries heals itself: people are also written down when they act or are named.
fn decide(outcome: Result<(), Failure>) -> Action {
    match outcome {
        Ok(()) | Err(Failure::Connect(PoolError::Unknown)) => Action::Ack,
        Err(failure @ (Failure::NoTenant | Failure::Malformed(_))) => {
            Action::Dead(failure.to_string().into())
        }
        Err(failure @ (Failure::Connect(_) | Failure::Write(_) | Failure::Unsure(_))) => {
            tracing::warn!(
                error = &failure as &dyn std::error::Error,
                "take in news of a person"
            );
            Action::Retry(failure.to_string().into())
        }
    }
}
