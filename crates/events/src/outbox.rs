//! Transactional outbox: an event is a row written in the transaction that makes it true.
//!
//! Rows are published oldest first. Two relays at once on one database do no harm: each publishes a row
//! only after every older one that is still there, and what is gone was confirmed before, so the first
//! arrival of each event is in order and a consumer ignores the second. The lock only saves work.

use std::future::{Future, pending, ready};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, PgPool, Postgres};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, Value};
use uuid::Uuid;

use crate::{BoxError, Envelope};

/// Writes one event. Parameters: those of [`NewRow`], in order.
pub const INSERT: &str = "INSERT INTO outbox (id, type, tenant_id, event) VALUES ($1, $2, $3, $4)";

/// Writes many events. Parameters: ids (`uuid[]`), types (`text[]`), tenants (`text[]`, empty for none), events (`text[]`),
/// each of the same length and order.
pub const INSERT_ALL: &str = "INSERT INTO outbox (id, type, tenant_id, event) \
     SELECT id, type, nullif(tenant_id, '')::uuid, event::jsonb FROM unnest($1, $2, $3, $4) WITH ORDINALITY \
     AS rows (id, type, tenant_id, event, place) ORDER BY place";

/// Rows written by one statement.
const AT_ONCE: usize = 1_000;

/// Reads the oldest rows. Parameter: how many (`bigint`). `behind` is how many rows wait from this one
/// on, as far as sequence numbers tell; it costs one look at the end of the index. `age_ms` is how long this one waits.
pub const OLDEST: &str = "SELECT seq, id, type, event::text AS event, \
     (SELECT max(seq) FROM outbox) - seq + 1 AS behind, \
     (extract(epoch FROM clock_timestamp() - created_at) * 1000)::bigint AS age_ms FROM outbox ORDER BY seq LIMIT $1";

/// Removes published rows. Parameter: their sequence numbers (`bigint[]`).
pub const REMOVE: &str = "DELETE FROM outbox WHERE seq = ANY($1)";

/// Takes the relay's lock of this database for the session; answers false when another relay has it, or when there is
/// nothing to publish: a sweep then costs one round trip.
pub const TRY_LOCK: &str = "SELECT CASE WHEN EXISTS (SELECT FROM outbox) \
     THEN pg_try_advisory_lock(7236274128765029) ELSE false END";

/// The same, told apart: true is claimed, false is another relay's, null is nothing to publish.
pub const CLAIM: &str = "SELECT CASE WHEN EXISTS (SELECT FROM outbox) \
     THEN pg_try_advisory_lock(7236274128765029) END";

/// Gives the relay's lock back.
pub const UNLOCK: &str = "SELECT pg_advisory_unlock(7236274128765029)";

/// What [`INSERT`] wants, in types every driver takes.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    /// `$1`
    pub id: Uuid,
    /// `$2`
    pub kind: String,
    /// `$3`
    pub tenant_id: Option<Uuid>,
    /// `$4`
    pub event: serde_json::Value,
}

impl From<&Envelope> for NewRow {
    fn from(envelope: &Envelope) -> Self {
        Self {
            id: envelope.id.uuid(),
            kind: envelope.kind.to_string(),
            tenant_id: envelope.tenantid.map(kernel::TenantId::uuid),
            event: envelope.to_json(),
        }
    }
}

/// Writes the event into the outbox; call it inside the transaction that makes the event true.
pub async fn emit<C: ConnectionTrait>(db: &C, envelope: &Envelope) -> Result<(), DbErr> {
    let row = NewRow::from(envelope);
    let values = [
        row.id.into(),
        row.kind.into(),
        row.tenant_id.into(),
        row.event.into(),
    ];
    db.execute_raw(statement(db, INSERT, values)).await?;
    Ok(())
}

/// Writes the events in their order, many by one statement.
pub async fn emit_all<C: ConnectionTrait>(db: &C, envelopes: &[Envelope]) -> Result<(), DbErr> {
    for envelopes in envelopes.chunks(AT_ONCE) {
        let values = columns(envelopes);
        db.execute_raw(statement(db, INSERT_ALL, values)).await?;
    }
    Ok(())
}

/// Writes the events in their order and other rows with them, by one statement. `insert` puts the rows where they
/// belong and has them as `$5`, a JSON array.
pub async fn emit_beside<C: ConnectionTrait>(
    db: &C,
    envelopes: &[Envelope],
    insert: &str,
    rows: serde_json::Value,
) -> Result<(), DbErr> {
    let [ids, kinds, tenants, events] = columns(envelopes);
    let sql = format!("WITH beside AS ({insert}) {INSERT_ALL}");
    let values = [ids, kinds, tenants, events, rows.into()];
    db.execute_raw(statement(db, &sql, values)).await?;
    Ok(())
}

/// The parameters of [`INSERT_ALL`].
fn columns(envelopes: &[Envelope]) -> [Value; 4] {
    let (mut ids, mut kinds, mut tenants, mut events) = (vec![], vec![], vec![], vec![]);
    for row in envelopes.iter().map(NewRow::from) {
        ids.push(row.id);
        kinds.push(row.kind);
        tenants.push(row.tenant_id.map_or_else(String::new, |id| id.to_string()));
        events.push(row.event.to_string());
    }
    [ids.into(), kinds.into(), tenants.into(), events.into()]
}

/// A row that waits for its publication, as [`OLDEST`] reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its place in the order.
    pub seq: i64,
    /// The event's id.
    pub id: Uuid,
    /// The event's type, which is its routing key.
    pub kind: String,
    /// The encoded envelope.
    pub event: String,
    /// How many rows wait, this one included.
    pub behind: i64,
    /// For how long it waits, in milliseconds.
    pub age_ms: i64,
}

/// The outbox of one database, as a relay sees it. A drain is `begin`, then `next_batch` and
/// `published` in turn until nothing is left, then `end` whatever happened.
pub trait OutboxSource: Send {
    /// Claims the outbox; false if another relay is at it.
    fn begin(&mut self) -> impl Future<Output = Result<bool, BoxError>> + Send {
        ready(Ok(true))
    }

    /// The oldest rows. No transaction stays open.
    fn next_batch(
        &mut self,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<OutboxRow>, BoxError>> + Send;

    /// Forgets rows whose publication the broker has confirmed.
    fn published(&mut self, seqs: &[i64]) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Ends when the claim should be given up: what was published but not forgotten goes again.
    fn revoked(&self) -> impl Future<Output = ()> + Send {
        pending()
    }

    /// Gives up the claim.
    fn end(&mut self) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

/// The outbox behind one connection, for a tenant's database. Takes no lock: a relay of the fleet
/// drains a tenant once at a time, and the gateway sends a tenant to one instance.
#[derive(Debug)]
pub struct ConnectionOutbox<C>(pub C);

impl<C: ConnectionTrait + Send> OutboxSource for ConnectionOutbox<C> {
    async fn next_batch(&mut self, limit: i64) -> Result<Vec<OutboxRow>, BoxError> {
        let rows = self
            .0
            .query_all_raw(statement(&self.0, OLDEST, [limit.into()]))
            .await?;
        let read = rows.iter().map(|row| {
            Ok(OutboxRow {
                seq: row.try_get("", "seq")?,
                id: row.try_get("", "id")?,
                kind: row.try_get("", "type")?,
                event: row.try_get("", "event")?,
                behind: row.try_get("", "behind")?,
                age_ms: row.try_get("", "age_ms")?,
            })
        });
        read.collect()
    }

    async fn published(&mut self, seqs: &[i64]) -> Result<(), BoxError> {
        let seqs = Value::from(seqs.to_vec());
        self.0
            .execute_raw(statement(&self.0, REMOVE, [seqs]))
            .await?;
        Ok(())
    }
}

/// The outbox of a service's own database. One relay at a time over all instances of the service,
/// by a session lock on one pooled connection that is held while it drains.
#[derive(Debug)]
pub struct DatabaseOutbox {
    pool: PgPool,
    held: Option<PoolConnection<Postgres>>,
}

impl DatabaseOutbox {
    /// The outbox of the database this pool is connected to.
    pub fn new(database: &DatabaseConnection) -> Self {
        Self {
            pool: database.get_postgres_connection_pool().clone(),
            held: None,
        }
    }

    fn held(&mut self) -> Result<&mut PoolConnection<Postgres>, BoxError> {
        self.held
            .as_mut()
            .ok_or_else(|| "outbox was not claimed".into())
    }
}

impl OutboxSource for DatabaseOutbox {
    async fn begin(&mut self) -> Result<bool, BoxError> {
        let mut connection = self.pool.acquire().await?;
        let locked: bool = sqlx::query_scalar(TRY_LOCK)
            .fetch_one(&mut *connection)
            .await?;
        self.held = locked.then_some(connection);
        Ok(locked)
    }

    async fn next_batch(&mut self, limit: i64) -> Result<Vec<OutboxRow>, BoxError> {
        let connection = self.held()?;
        let rows: Vec<(i64, Uuid, String, String, i64, i64)> = sqlx::query_as(OLDEST)
            .bind(limit)
            .fetch_all(&mut **connection)
            .await?;
        let read = rows
            .into_iter()
            .map(|(seq, id, kind, event, behind, age_ms)| OutboxRow {
                seq,
                id,
                kind,
                event,
                behind,
                age_ms,
            });
        Ok(read.collect())
    }

    async fn published(&mut self, seqs: &[i64]) -> Result<(), BoxError> {
        let connection = self.held()?;
        sqlx::query(REMOVE)
            .bind(seqs)
            .execute(&mut **connection)
            .await?;
        Ok(())
    }

    async fn end(&mut self) {
        let Some(connection) = self.held.as_mut() else {
            return;
        };
        let unlocked = sqlx::query(UNLOCK).execute(&mut **connection).await;
        if unlocked.is_ok() {
            self.held = None;
        } else {
            self.close();
        }
    }
}

impl DatabaseOutbox {
    /// Ends the session, and the lock with it, instead of giving the connection back to the pool.
    fn close(&mut self) {
        if let Some(mut connection) = self.held.take() {
            connection.close_on_drop();
        }
    }
}

impl Drop for DatabaseOutbox {
    fn drop(&mut self) {
        self.close();
    }
}

fn statement<C: ConnectionTrait, const N: usize>(
    db: &C,
    sql: &str,
    values: [Value; N],
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
