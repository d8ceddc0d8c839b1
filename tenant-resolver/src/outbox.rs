//! The catalog's outbox: events are rows written in the transaction that makes them true.

use deadpool_postgres::{Client, GenericClient, Object, Pool};
use events::outbox::{INSERT, NewRow, OLDEST, OutboxRow, REMOVE, TRY_LOCK, UNLOCK};
use events::{BoxError, Envelope, Event, OutboxSource};
use kernel::TenantId;

use crate::catalog;
use crate::error::Error;
use crate::state::Resolver;

/// How this service signs its events.
const SOURCE: &str = "tenant-resolver";

/// Writes an event; call it inside the transaction that makes it true.
pub(crate) async fn emit(
    client: &impl GenericClient,
    resolver: &Resolver,
    tenant: TenantId,
    event: &impl Event,
) -> Result<(), Error> {
    let traceparent = httpkit::context::current().and_then(|current| current.traceparent.clone());
    let envelope = Envelope::new(&resolver.ids, &resolver.clock, SOURCE, tenant, None, event)
        .with_traceparent(traceparent);
    let row = NewRow::from(&envelope);
    let parameters: [catalog::Parameter<'_>; 4] = [&row.id, &row.kind, &row.tenant_id, &row.event];
    catalog::execute(client, INSERT, &parameters).await?;
    Ok(())
}

/// What the relay empties. While it drains it holds one connection, whose session lock keeps other instances off.
pub struct CatalogOutbox {
    pool: Pool,
    held: Option<Client>,
}

impl CatalogOutbox {
    /// The outbox of this catalog.
    pub fn new(pool: Pool) -> Self {
        Self { pool, held: None }
    }

    fn held(&self) -> Result<&Client, BoxError> {
        self.held
            .as_ref()
            .ok_or_else(|| "outbox was not claimed".into())
    }
}

impl OutboxSource for CatalogOutbox {
    async fn begin(&mut self) -> Result<bool, BoxError> {
        let client = self.pool.get().await?;
        let locked = client.query_one(TRY_LOCK, &[]).await?.try_get(0)?;
        if locked {
            self.held = Some(client);
        }
        Ok(locked)
    }

    async fn next_batch(&mut self, limit: i64) -> Result<Vec<OutboxRow>, BoxError> {
        let rows = catalog::rows(self.held()?, OLDEST, &[&limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxRow {
                    seq: row.try_get("seq")?,
                    id: row.try_get("id")?,
                    kind: row.try_get("type")?,
                    event: row.try_get("event")?,
                    behind: row.try_get("behind")?,
                    age_ms: row.try_get("age_ms")?,
                })
            })
            .collect()
    }

    async fn published(&mut self, seqs: &[i64]) -> Result<(), BoxError> {
        catalog::execute(self.held()?, REMOVE, &[&seqs]).await?;
        Ok(())
    }

    async fn end(&mut self) {
        let Some(client) = self.held.take() else {
            return;
        };
        if client.batch_execute(UNLOCK).await.is_err() {
            drop(Object::take(client));
        }
    }
}

impl Drop for CatalogOutbox {
    fn drop(&mut self) {
        // Cut off while draining: the session must end, or its lock would go back to the pool with it.
        drop(self.held.take().map(Object::take));
    }
}
