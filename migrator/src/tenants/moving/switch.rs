//! The moment in which requests wait: the tenant leaves its database, the copy catches up, the resolver is told.
//!
//! While we compare, a transaction of ours locks every table on the source against writers that have not heard of the
//! hold. It also takes the tenant's right to connect, and commits that only after the release: if we die before,
//! PostgreSQL gives everything back and the hold ends by itself.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

use super::Copy;
use crate::resolver::{Purpose, Resolver, ResolverError};
use crate::tenants::freeze::Freeze;
use crate::tenants::restore::millis;
use crate::tenants::sums::{self, Depth};
use crate::tenants::{Error, execute, quoted, sessions};

/// A tenant is held no longer than this, even if we die.
const HOLD_SECONDS: u64 = 10;
/// With less of the hold left, the release could meet a tenant that writes again.
const MARGIN: Duration = Duration::from_secs(2);
/// The copy was 100 ms behind a moment ago.
const CATCH_UP: Duration = Duration::from_secs(3);
/// Counting about so many rows takes a tenth of a second on each side.
const COUNTED_ROWS: i64 = 1_000_000;
/// Nothing but a forgotten transaction holds a lock once all sessions have left.
const LOCK_PATIENCE: &str = "set local lock_timeout = '500ms'";

/// What a switch was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switched {
    pub(super) pause_ms: f64,
    pub(super) rows: Option<i64>,
}

/// Holds, switches, releases. On an error the tenant is released where it was.
pub(super) async fn switch(
    copy: &Copy,
    resolver: &Resolver,
    freeze: &Freeze,
    verify: bool,
) -> Result<Switched, Error> {
    // Connected before the tenant is held: connecting is slower than all the rest.
    let (server, fence, target) = tokio::try_join!(
        copy.source_server(),
        copy.source_database(),
        copy.target_database()
    )?;
    let depth = depth(&fence, verify).await?;
    let subject = &copy.subject;
    let started = Instant::now();
    let held = resolver.hold(subject.id, Purpose::Move, HOLD_SECONDS).await;
    if let Err(error) = held {
        if matches!(error, ResolverError::Away { .. }) {
            // It may have been done all the same.
            drop(resolver.release(subject.id, None).await);
        }
        return Err(error.into());
    }
    let switched = async {
        sessions::left(&server, &subject.database, &subject.role).await?;
        close(copy, &fence).await?;
        let mark = copy.mark(freeze.client()).await?;
        let deadline = tokio::time::Instant::now() + CATCH_UP;
        copy.reached(&target, mark, deadline).await?;
        let rows = compare(&fence, &target, depth).await?;
        copy_sequences(&fence, &target).await?;
        if started.elapsed() + MARGIN > Duration::from_secs(HOLD_SECONDS) {
            return Err(Error::Stuck(
                "the switch took longer than the hold: nothing was changed, try again".to_owned(),
            ));
        }
        Ok(rows)
    };
    let rows = match switched.await {
        Ok(rows) => rows,
        Err(error) => {
            drop(fence);
            resolver.release(subject.id, None).await?;
            return Err(error);
        }
    };
    let released = resolver.release(subject.id, Some(&copy.target.name)).await;
    let pause_ms = millis(started);
    if let Err(error) = released {
        // The answer may have been lost after the deed; the catalog knows.
        if copy.lives_on_source().await? {
            drop(fence);
            drop(resolver.release(subject.id, None).await);
            return Err(error.into());
        }
    } else if copy.lives_on_source().await? {
        drop(fence);
        return Err(Error::Stuck(
            "the hold had ended before the release: nothing was changed, try again".to_owned(),
        ));
    }
    // From here on nobody writes on the source, whatever they believe. A failure does not bring the tenant back.
    drop(fence.batch_execute("commit").await);
    Ok(Switched { pause_ms, rows })
}

/// Locks every table against writers and takes the right to connect, in a transaction that stays open.
async fn close(copy: &Copy, fence: &Client) -> Result<(), Error> {
    const STEP: &str = "lock the source";
    // The mark is written to this one; the tenant itself may only read it.
    let sql = format!(
        "select coalesce('lock table ' || string_agg(format('only %I.%I', nspname, relname), ', ' order by nspname, relname)
            || ' in share mode', '') from ({}) tables where relname <> 'tenant_identity'",
        sums::TABLES
    );
    let row = fence.query_one(&sql, &[]).await;
    let lock: String = row
        .and_then(|row| row.try_get(0))
        .map_err(Error::sql(STEP))?;
    let locked = fence
        .batch_execute(&format!("begin; {LOCK_PATIENCE}; {lock}"))
        .await;
    locked.map_err(Error::sql(STEP))?;
    let (database, role) = (&copy.subject.database, &copy.subject.role);
    let sql = "revoke connect on database %I from %I";
    execute(fence, STEP, sql, &[database, role]).await
}

/// What is compared; nothing when counting would take longer than requests may wait.
async fn depth(source: &Client, verify: bool) -> Result<Option<Depth>, Error> {
    if verify {
        return Ok(Some(Depth::Values));
    }
    let sql = format!(
        "select coalesce(sum(greatest(reltuples, 0)), 0)::bigint from pg_class where oid in (select oid from ({}) tables)",
        sums::TABLES
    );
    let row = source.query_one(&sql, &[]).await;
    let estimate: i64 = row
        .and_then(|row| row.try_get(0))
        .map_err(Error::sql("estimate the rows"))?;
    Ok((estimate <= COUNTED_ROWS).then_some(Depth::Rows))
}

async fn compare(
    source: &Client,
    target: &Client,
    depth: Option<Depth>,
) -> Result<Option<i64>, Error> {
    let Some(depth) = depth else { return Ok(None) };
    let (there, here) = tokio::try_join!(sums::take(source, depth), sums::take(target, depth))?;
    sums::compare(&there, &here)?;
    Ok(Some(sums::rows(&there)))
}

/// Logical replication copies no sequence. The commit also puts everything the copy applied on the target's disk.
async fn copy_sequences(source: &Client, target: &Client) -> Result<(), Error> {
    const STEP: &str = "copy the sequences";
    let sql = "select schemaname::text, sequencename::text, last_value::text from pg_sequences
        where last_value is not null";
    let rows = source.query(sql, &[]).await.map_err(Error::sql(STEP))?;
    let mut batch = "begin; set local synchronous_commit = on; ".to_owned();
    for row in rows {
        let text = |index: usize| -> Result<String, Error> {
            row.try_get(index).map_err(Error::sql(STEP))
        };
        let sql = "select setval(format('%%I.%%I', %L, %L)::regclass, %L::bigint); ";
        batch.push_str(&quoted(target, STEP, sql, &[&text(0)?, &text(1)?, &text(2)?]).await?);
    }
    batch.push_str("update public.tenant_identity set tenant_id = tenant_id; commit");
    target.batch_execute(&batch).await.map_err(Error::sql(STEP))
}
