//! The one statement behind every change of a status, and what it leaves behind: a row of `tenant_transitions` and,
//! where anybody must know, an event, all in one transaction.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use events::Event;
use kernel::TenantId;
use strum::IntoEnumIterator;
use tokio_postgres::Row;

use super::model::Transition;
use crate::catalog::{self, Parameter};
use crate::error::Error;
use crate::outbox;
use crate::state::Resolver;
use crate::status::Status;

/// A change to be made. SQL in `set` and `guard` finds `parameters` at `$6` and on, the time at `$4`.
pub(crate) struct Change<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) transition: Transition,
    /// Told to whoever reads the history.
    pub(crate) reason: Option<&'a str>,
    /// Further columns: `held_until = $6`.
    pub(crate) set: &'static str,
    /// What must hold beside the state: `deletes_at > $4`.
    pub(crate) guard: &'static str,
    pub(crate) parameters: &'a [Parameter<'a>],
}

/// A row that was changed, as it is now.
pub(crate) struct Changed {
    pub(crate) subdomain: Option<String>,
    pub(crate) name: Option<String>,
}

impl<'a> Change<'a> {
    /// A change of nothing but the status.
    pub(crate) fn new(tenant: TenantId, transition: Transition) -> Self {
        Self {
            tenant,
            transition,
            reason: None,
            set: "",
            guard: "true",
            parameters: &[],
        }
    }

    /// The statement: locks the row in a state the transition may leave, changes it, notes it.
    fn sql(&self) -> String {
        let comma = if self.set.is_empty() { "" } else { "," };
        let generation = match self.transition.rule().ends_connections {
            true => ", generation = generation + 1",
            false => "",
        };
        format!(
            "with before as (
                select id as changing, status as was from tenants
                where id = $1 and status = any($2) and ({guard}) for update
            ), changed as (
                update tenants set status = $3, status_changed_at = $4, updated_at = $4{generation}{comma} {set}
                from before where id = changing
                returning id, subdomain, name, status, was
            ), noted as (
                insert into tenant_transitions (tenant_id, from_status, to_status, reason, at)
                select id, was, status, $5, $4 from changed
            )
            select subdomain, name from changed",
            guard = self.guard,
            set = self.set,
        )
    }

    /// Makes the change; `None` when the row is in no state that the transition may leave.
    pub(crate) async fn apply(
        &self,
        client: &impl GenericClient,
        now: DateTime<Utc>,
    ) -> Result<Option<Changed>, Error> {
        let rule = self.transition.rule();
        let from: Vec<&str> = rule.from.iter().map(|status| status.text()).collect();
        let (id, to) = (self.tenant.uuid(), rule.to.text());
        let mut parameters: Vec<Parameter<'_>> = vec![&id, &from, &to, &now, &self.reason];
        parameters.extend_from_slice(self.parameters);
        let Some(row) = catalog::row(client, &self.sql(), &parameters).await? else {
            return Ok(None);
        };
        metrics::counter!("resolver_transitions_total", "to" => rule.to.text()).increment(1);
        Changed::read(&row).map(Some)
    }

    /// Makes the change and tells it.
    pub(crate) async fn publish<E: Event>(
        &self,
        resolver: &Resolver,
        event: impl FnOnce(Changed) -> Result<E, Error>,
    ) -> Result<bool, Error> {
        let mut client = resolver.catalog.get().await?;
        let transaction = client.transaction().await?;
        let Some(changed) = self.apply(&transaction, resolver.clock.now()).await? else {
            return Ok(false);
        };
        outbox::emit(&transaction, resolver, self.tenant, &event(changed)?).await?;
        transaction.commit().await?;
        resolver.wake.outbox.notify();
        tracing::info!(tenant.id = %self.tenant, tenant.status = %self.transition.rule().to, "tenant changed");
        Ok(true)
    }
}

impl Changed {
    fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            subdomain: row.try_get("subdomain")?,
            name: row.try_get("name")?,
        })
    }

    /// What a tenant that anybody knows of has.
    pub(crate) fn subdomain(self) -> Result<String, Error> {
        self.subdomain.ok_or(Error::Malformed("subdomain"))
    }
}

/// What decides why a change was not made.
pub(crate) struct State {
    pub(crate) status: Status,
    pub(crate) subdomain: Option<String>,
    pub(crate) cluster: String,
}

impl State {
    /// Whether a sign-up was completed and the tenant is still there.
    pub(crate) fn is_confirmed(&self) -> bool {
        matches!(
            self.status,
            Status::Active | Status::Suspended | Status::Migrating | Status::Moving
        )
    }
}

/// Of any row.
pub(crate) async fn state(
    client: &impl GenericClient,
    tenant: TenantId,
) -> Result<Option<State>, Error> {
    let sql = "select t.status, t.subdomain, c.name as cluster
        from tenants t join clusters c on c.id = t.cluster_id where t.id = $1";
    let Some(row) = catalog::row(client, sql, &[&tenant.uuid()]).await? else {
        return Ok(None);
    };
    Ok(Some(State {
        status: Status::read(row.try_get("status")?)?,
        subdomain: row.try_get("subdomain")?,
        cluster: row.try_get("cluster")?,
    }))
}

/// One line of a tenant's history.
pub(crate) struct Noted {
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) reason: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// The latest changes, oldest first.
pub(crate) async fn history(
    client: &impl GenericClient,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<Noted>, Error> {
    let sql = "select from_status, to_status, reason, at from (
            select * from tenant_transitions where tenant_id = $1 order by seq desc limit $2
        ) latest order by seq";
    let rows = catalog::rows(client, sql, &[&tenant.uuid(), &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Noted {
                from: row.try_get("from_status")?,
                to: row.try_get("to_status")?,
                reason: row.try_get("reason")?,
                at: row.try_get("at")?,
            })
        })
        .collect()
}

/// Another end of the grace, unless the erasure has begun.
pub(super) async fn reschedule(
    client: &impl GenericClient,
    tenant: TenantId,
    deletes_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "update tenants set deletes_at = $2, updated_at = $3
        where id = $1 and status = 'deleting' and subdomain is not null and sealed_password is not null";
    catalog::execute(client, sql, &[&tenant.uuid(), &deletes_at, &now]).await?;
    Ok(())
}

/// How many tenants are in each state, those without any too.
pub(crate) async fn count(client: &impl GenericClient) -> Result<Vec<(Status, i64)>, Error> {
    let sql = "select status, count(*) as tenants from tenants group by status";
    let mut counts: Vec<_> = Status::iter().map(|status| (status, 0)).collect();
    for row in catalog::rows(client, sql, &[]).await? {
        let status = Status::read(row.try_get("status")?)?;
        let tenants = row.try_get("tenants")?;
        counts
            .iter_mut()
            .filter(|(counted, _)| *counted == status)
            .for_each(|(_, count)| *count = tenants);
    }
    Ok(counts)
}
