//! What the recorder writes: opens on the links' rows, events, and how far the journal was read.

use chrono::{DateTime, Utc};
use kernel::{LinkId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use uuid::Uuid;

use super::segment::Chunk;

/// How far a segment was read, in bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub(super) struct Progress {
    /// Up to where visits count.
    pub(super) counted: i64,
    /// Up to where they were told.
    pub(super) told: i64,
}

/// A link that was opened for the first time, and whose owner wants to know.
#[derive(Debug, FromQueryResult)]
pub(super) struct FirstOpened {
    pub(super) id: LinkId,
    pub(super) tenant_id: TenantId,
    pub(super) resource_kind: String,
    pub(super) resource_id: Uuid,
    pub(super) created_by: UserId,
    pub(super) first_opened_at: DateTime<Utc>,
}

pub(super) async fn progress(db: &impl ConnectionTrait, segment: Uuid) -> Result<Progress, DbErr> {
    let read = Progress::find_by_statement(raw_sql!(
        Postgres,
        "select counted, told from visit_journals where id = {segment}"
    ));
    Ok(read.one(db).await?.unwrap_or_default())
}

/// Goes on from `before` to `after`; false when that has happened already, or something else has.
pub(super) async fn advance(
    db: &impl ConnectionTrait,
    segment: Uuid,
    before: Progress,
    after: Progress,
) -> Result<bool, DbErr> {
    let Progress { counted, told } = after;
    let (counted_before, told_before) = (before.counted, before.told);
    let advanced = db.execute_raw(raw_sql!(
        Postgres,
        "insert into visit_journals as j (id, counted, told) values ({segment}, {counted}, {told})
         on conflict (id) do update set counted = excluded.counted, told = excluded.told, updated_at = now()
             where j.counted = {counted_before} and j.told = {told_before}"
    ));
    Ok(advanced.await?.rows_affected() == 1)
}

/// Counts opens. Rows are locked in the order of their ids, so that two recorders do not wait for each other.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    chunk: &Chunk,
) -> Result<Vec<FirstOpened>, DbErr> {
    let (mut ids, mut counts, mut firsts, mut lasts) = (vec![], vec![], vec![], vec![]);
    for (link, opens) in &chunk.opens {
        ids.push(link.uuid());
        counts.push(opens.uncounted);
        firsts.push(opens.first_at);
        lasts.push(opens.last_at);
    }
    let counted = FirstOpened::find_by_statement(raw_sql!(
        Postgres,
        "with seen as (
             select * from unnest({ids}::uuid[], {counts}::bigint[], {firsts}::timestamptz[], {lasts}::timestamptz[])
                 as seen (id, opens, first_at, last_at)
         ), before as (
             select l.id, l.first_opened_at is null as is_first from links l join seen on seen.id = l.id
             order by l.id for update of l
         ), after as (
             update links l set opens = l.opens + seen.opens,
                 first_opened_at = coalesce(l.first_opened_at, seen.first_at),
                 last_opened_at = greatest(l.last_opened_at, seen.last_at)
             from seen join before on before.id = seen.id where l.id = seen.id
             returning l.*, before.is_first
         )
         select id, tenant_id, resource_kind, resource_id, created_by, first_opened_at from after
         where is_first and notify_first_open"
    ));
    counted.all(db).await
}

pub(super) async fn forget(db: &impl ConnectionTrait, segment: Uuid) -> Result<(), DbErr> {
    let forget = raw_sql!(Postgres, "delete from visit_journals where id = {segment}");
    db.execute_raw(forget).await.map(drop)
}
