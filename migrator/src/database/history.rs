//! The record of steps that every database keeps: `seaql_migrations` as sea-orm-migration writes it, and
//! our checksums beside it. Read with the simple protocol, so that it rides along with other statements.

use std::collections::BTreeMap;

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use crate::error::Error;
use crate::schema::{Migration, Schema};

/// Every step that ran, and every checksum. Two plain reads: on a fresh connection the server plans a join
/// of the two for longer than all the rest of a small step takes.
pub(super) const READ: &str = "select version as step from seaql_migrations;
    select version as summed_step, sha256 from schema_checksums";
/// Both tables, in a database that has none yet.
pub(super) const INSTALL: &str = "create table if not exists seaql_migrations
    (version varchar not null primary key, applied_at bigint not null);
create table if not exists schema_checksums (version varchar primary key, sha256 bytea not null);\n";

pub(super) fn lock() -> String {
    format!("select pg_try_advisory_lock({}) as taken", super::LOCK_KEY)
}

/// The history as it is once the lock is taken.
pub(super) fn lock_and_read() -> String {
    format!("{}; {READ}", lock())
}

/// There is no history: nothing ran here yet.
pub(super) fn is_missing(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::UNDEFINED_TABLE)
}

pub(super) fn is_taken(messages: &[SimpleQueryMessage]) -> bool {
    messages.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get("taken").is_ok_and(|taken| taken == Some("t")),
        _ => false,
    })
}

/// How many steps the last history in `messages` shows; refuses one that is not ours.
pub(super) fn check(schema: Schema, messages: &[SimpleQueryMessage]) -> Result<usize, Error> {
    let mut steps = Vec::new();
    let mut checksums = BTreeMap::new();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns)
                if columns.iter().any(|column| column.name() == "step") =>
            {
                steps.clear();
                checksums.clear();
            }
            SimpleQueryMessage::Row(row) => {
                if let Ok(Some(step)) = row.try_get("step") {
                    steps.push(step);
                }
                if let (Ok(Some(step)), Ok(sum)) =
                    (row.try_get("summed_step"), row.try_get("sha256"))
                {
                    checksums.insert(step, sum.unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    steps.sort_unstable();
    for (index, step) in steps.iter().enumerate() {
        let ours = schema.migrations.get(index);
        let ours = ours.filter(|ours| ours.name == *step);
        let ours = ours.ok_or_else(|| Error::Unknown {
            version: (*step).to_owned(),
        })?;
        if checksums.get(step) != Some(&format!("\\x{}", ours.checksum_text()).as_str()) {
            return Err(Error::Edited {
                version: (*step).to_owned(),
            });
        }
    }
    Ok(steps.len())
}

/// Notes a step, in the transaction that took it. A step outside a transaction may have died after this.
pub(super) fn record(migration: &Migration) -> String {
    let (name, checksum) = (migration.name, migration.checksum_text());
    format!(
        "insert into seaql_migrations (version, applied_at)
            values ('{name}', extract(epoch from clock_timestamp())::bigint);
        insert into schema_checksums (version, sha256) values ('{name}', '\\x{checksum}')
            on conflict (version) do update set sha256 = excluded.sha256;"
    )
}

/// Takes a step's note back.
pub(super) fn erase(migration: &Migration) -> String {
    let name = migration.name;
    format!(
        "delete from schema_checksums where version = '{name}';
        delete from seaql_migrations where version = '{name}';"
    )
}
