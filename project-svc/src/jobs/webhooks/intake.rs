//! From the stream into the organizations' databases: one row for each webhook that is to be told of an event.
//!
//! Which webhooks an organization has is remembered. That is never stale: their changes come through the same queue before
//! all that happens after them, and of all instances one has the queue (`Queue::one_at_a_time`). What failed and comes late
//! may be told late, which receivers have to expect; a change of webhooks cannot fail.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use events::topic::tenant::{TenantRestored, TenantResumed};
use events::{Action, Envelope};
use futures::stream::{self, StreamExt};
use kernel::TenantId;
use moka::sync::Cache;
use sea_orm::DbErr;
use tenancy::PoolError;

use super::queue::{self, Listener, Told};
use crate::state::AppState;
use crate::webhook::event;

/// All that can be told, and what makes the memory stale: changes of webhooks, and databases that were put back or moved.
pub(super) const BINDINGS: [&str; 11] = [
    "task.#",
    "project.#",
    "board.#",
    "column.#",
    "comment.#",
    "workspace.#",
    "link.#",
    "member.#",
    "user.permission_changed",
    "webhook.#",
    "tenant.#",
];

/// Organizations remembered; some hundred bytes each, most of them without webhooks.
const CAPACITY: u64 = 100_000;
/// After this an organization's webhooks are read again, should they have changed behind the service's back.
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);
/// Databases written to at the same time.
const PARALLEL: usize = 8;

/// The consumer's step. Clones share their memory.
#[derive(Clone)]
pub struct Intake {
    state: AppState,
    known: Cache<TenantId, Arc<[Listener]>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("connect to the tenant's database")]
    Connect(#[from] PoolError),
    #[error("write down what webhooks are told")]
    Write(#[from] DbErr),
}

impl Intake {
    /// One that remembers nothing yet.
    pub fn new(state: AppState) -> Self {
        let known = Cache::builder().max_capacity(CAPACITY);
        let known = known.time_to_live(REMEMBERED_FOR).build();
        Self { state, known }
    }

    /// Another instance may have had the queue meanwhile.
    pub(super) fn forget_all(&self) {
        self.known.invalidate_all();
    }

    /// Takes a batch in, organization by organization.
    pub async fn take(self, batch: Vec<Envelope>) -> Vec<Action> {
        let mut actions = vec![Action::Ack; batch.len()];
        let mut by_tenant: BTreeMap<TenantId, Vec<usize>> = BTreeMap::new();
        for (index, envelope) in batch.iter().enumerate() {
            if let Some(tenant) = envelope.tenantid {
                by_tenant.entry(tenant).or_default().push(index);
            }
        }
        let (intake, batch) = (&self, &batch);
        let taken = stream::iter(by_tenant).map(|(tenant, indexes)| async move {
            let envelopes = indexes.iter().filter_map(|index| batch.get(*index));
            let action = intake.take_of(tenant, envelopes.collect()).await;
            (indexes, action)
        });
        let taken: Vec<_> = taken.buffer_unordered(PARALLEL).collect().await;
        for (indexes, action) in taken {
            for index in indexes {
                if let Some(answer) = actions.get_mut(index) {
                    *answer = action.clone();
                }
            }
        }
        actions
    }

    async fn take_of(&self, tenant: TenantId, envelopes: Vec<&Envelope>) -> Action {
        match self.write(tenant, &envelopes).await {
            Ok(()) | Err(Failure::Connect(PoolError::Unknown)) => Action::Ack,
            Err(failure) => {
                let error = &failure as &dyn std::error::Error;
                tracing::warn!(tenant.id = %tenant, error, "take in events for webhooks");
                Action::Retry(failure.to_string().into())
            }
        }
    }

    async fn write(&self, tenant: TenantId, envelopes: &[&Envelope]) -> Result<(), Failure> {
        if envelopes.iter().any(|envelope| is_news(&envelope.kind)) {
            self.known.invalidate(&tenant);
        }
        if envelopes.iter().any(|envelope| is_return(envelope)) {
            self.state.webhooks.due.note(tenant, self.state.clock.now());
        }
        let offered = |envelope: &&&Envelope| event::OFFERED.contains(&&*envelope.kind);
        let offered: Vec<&Envelope> = envelopes.iter().filter(offered).copied().collect();
        if offered.is_empty() {
            return Ok(());
        }
        let listeners = match self.known.get(&tenant) {
            Some(listeners) => listeners,
            None => {
                let connection = self.state.pools.acquire_background(tenant).await?;
                let listeners: Arc<[Listener]> = queue::listeners(&connection).await?.into();
                self.known.insert(tenant, Arc::clone(&listeners));
                listeners
            }
        };
        let told = told(&self.state, &listeners, &offered);
        if told.is_empty() {
            return Ok(());
        }
        let now = self.state.clock.now();
        let connection = self.state.pools.acquire_background(tenant).await?;
        let written = queue::insert(&connection, &told, now).await?;
        metrics::counter!("webhook_deliveries_written_total").increment(written);
        self.state.webhooks.due.note(tenant, now);
        Ok(())
    }
}

/// Whether an organization's webhooks may be others after it.
fn is_news(kind: &str) -> bool {
    kind.starts_with("webhook.") || kind.starts_with("tenant.")
}

/// Whether an organization is back that may have left something to be sent.
fn is_return(envelope: &Envelope) -> bool {
    envelope.is::<TenantResumed>() || envelope.is::<TenantRestored>()
}

fn told(state: &AppState, listeners: &[Listener], envelopes: &[&Envelope]) -> Vec<Told> {
    let mut told = Vec::new();
    for envelope in envelopes {
        let mut listening = listeners.iter().filter(|l| l.hears(envelope)).peekable();
        if listening.peek().is_none() {
            continue;
        }
        let body = event::body(envelope);
        told.extend(listening.map(|listener| Told {
            id: state.ids.next(),
            webhook: listener.id,
            event: envelope.id,
            kind: envelope.kind.to_string(),
            body: body.clone(),
        }));
    }
    told
}
