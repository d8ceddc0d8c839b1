//! The caller's organization: the only way from a handler to a tenant's database.
//!
//! The tenant comes from the two tokens that [`Member`] compares, never from the request.

use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use events::{Envelope, Event};
use http::request::Parts;
use httpkit::{Member, Problem, Service};
use kernel::{Id, Permission, UserId};
use tenancy::{TenantConnection, UnitOfWork};
use tokio::sync::OwnedMutexGuard;

use crate::people;
use crate::state::AppState;

/// A member's way into the database of their organization.
pub(crate) struct Tenant {
    pub(crate) member: Member,
    state: AppState,
}

impl Tenant {
    /// The person who acts.
    pub(crate) fn user(&self) -> UserId {
        self.member.user
    }

    /// Passes when the person may do it; 403 otherwise.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Problem> {
        self.member.require(permission)
    }

    /// A connection to read with. Holds nothing but a place in the pool; drop it before slow work.
    pub(crate) async fn read(&self) -> Result<TenantConnection, Problem> {
        Ok(self.state.pools.acquire(self.member.tenant).await?)
    }

    /// A transaction in which rows may refer to the person who acts.
    pub(crate) async fn begin(&self) -> Result<UnitOfWork, Problem> {
        let connection = self.read().await?;
        people::ensure_member(&self.state, &connection, &self.member).await?;
        Ok(connection.begin().await?)
    }

    /// Waits for the turn to put a card into this column, or into any of this project; to be held until the commit.
    pub(crate) async fn turn(&self, place: impl Id) -> Option<OwnedMutexGuard<()>> {
        self.state
            .turns
            .wait(self.member.tenant, place.uuid())
            .await
    }

    /// Tells an event of this organization, done by this person, with the commit.
    pub(crate) async fn emit<E: Event>(&self, unit: &UnitOfWork, event: &E) -> Result<(), Problem> {
        Ok(unit.emit(&self.envelope(event)).await?)
    }

    /// The same of many events, in their order and in few statements.
    pub(crate) async fn emit_all<E: Event>(
        &self,
        unit: &UnitOfWork,
        events: impl Iterator<Item = E>,
    ) -> Result<(), Problem> {
        let envelopes = events.map(|event| self.envelope(&event)).collect();
        Ok(unit.emit_all(envelopes).await?)
    }

    fn envelope<E: Event>(&self, event: &E) -> Envelope {
        let (tenant, user) = (self.member.tenant, self.member.user);
        let source = Service::ProjectSvc.name();
        let (ids, clock) = (&self.state.ids, &self.state.clock);
        Envelope::new(ids, clock, source, tenant, user, event)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.state.clock.now()
    }

    pub(crate) fn next_id<I: Id>(&self) -> I {
        self.state.ids.next()
    }

    pub(crate) fn state(&self) -> &AppState {
        &self.state
    }
}

impl FromRequestParts<AppState> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let member = Member::from_request_parts(parts, state).await?;
        let span = tracing::Span::current();
        span.record("tenant.id", tracing::field::display(member.tenant));
        span.record("user.id", tracing::field::display(member.user));
        let state = state.clone();
        Ok(Self { member, state })
    }
}
