//! The end of a person in one tenant's database.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use httpkit::personal::{Source, sources};
use kernel::UserId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, raw_sql};
use serde::Serialize;

use crate::people::store::NOBODY;

/// Who was to do a task is part of the task's history, and of the numbers made of it.
const HISTORY: &str = "task_assignees";

/// What became of what was kept.
#[derive(Debug, Serialize)]
pub(super) struct Erased {
    /// Rows about the person that were removed, by table.
    removed: BTreeMap<String, u64>,
    /// Rows that stay and are now by nobody in particular, by table and column.
    kept: BTreeMap<String, i64>,
    /// Answers of keyed requests that mentioned the person.
    answers: u64,
}

/// Takes the name away for good: what was told of the person before comes too late, in whatever order it comes.
pub(super) async fn erase(
    db: &impl ConnectionTrait,
    person: UserId,
    now: DateTime<Utc>,
) -> Result<Erased, DbErr> {
    let nobody = raw_sql!(
        Postgres,
        "insert into people (id, name, role, active, updated_at) values ({person}, {NOBODY}, 'viewer', false, {now})
         on conflict (id) do update
         set name = excluded.name, role = excluded.role, active = false,
             updated_at = greatest(people.updated_at, excluded.updated_at)"
    );
    db.execute_raw(nobody).await?;
    let mut erased = Erased {
        removed: BTreeMap::new(),
        kept: BTreeMap::new(),
        answers: 0,
    };
    for source in sources(db, "people").await? {
        if source.table == "people" {
            continue;
        }
        if source.is_key && source.table != HISTORY {
            let removed = remove(db, &source, person).await?;
            erased.removed.insert(source.table, removed);
        } else {
            let kept = count(db, &source, person).await?;
            let name = format!("{}.{}", source.table, source.column);
            erased.kept.insert(name, kept);
        }
    }
    let text = person.to_string();
    let answers = raw_sql!(
        Postgres,
        "delete from idempotency_keys where strpos(scope, {text}) > 0 or strpos(body::text, {text}) > 0"
    );
    erased.answers = db.execute_raw(answers).await?.rows_affected();
    Ok(erased)
}

async fn remove(db: &impl ConnectionTrait, source: &Source, person: UserId) -> Result<u64, DbErr> {
    let sql = format!("delete from {} where {} = $1", source.table, source.column);
    let removed = db.execute_raw(about(sql, person)).await?;
    Ok(removed.rows_affected())
}

async fn count(db: &impl ConnectionTrait, source: &Source, person: UserId) -> Result<i64, DbErr> {
    let (table, column) = (&source.table, &source.column);
    let sql = format!("select count(*) as count from {table} where {column} = $1");
    match db.query_one_raw(about(sql, person)).await? {
        Some(row) => row.try_get("", "count"),
        None => Ok(0),
    }
}

fn about(sql: String, person: UserId) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [person.uuid().into()])
}
