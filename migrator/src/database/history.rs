//! The record of steps that every database keeps: `seaql_migrations` as sea-orm-migration writes it, and
//! our checksums beside it. Read with the simple protocol, so that it rides along with other statements.

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use crate::error::Error;
use crate::schema::{Migration, Schema};

/// Every step that ran, in order.
pub(super) const READ: &str = "select version, encode(sha256, 'hex') as sha256
    from seaql_migrations left join schema_checksums using (version) order by version";
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

/// How many steps the last result in `messages` shows; refuses a history that is not ours.
pub(super) fn check(schema: Schema, messages: &[SimpleQueryMessage]) -> Result<usize, Error> {
    let mut steps = 0;
    for message in messages {
        match message {
            // Only the last result is the history; a step may have asked something itself.
            SimpleQueryMessage::RowDescription(_) => steps = 0,
            SimpleQueryMessage::Row(row) => {
                let (Ok(version), Ok(checksum)) = (row.try_get("version"), row.try_get("sha256"))
                else {
                    continue;
                };
                compare(schema.migrations.get(steps), version, checksum)?;
                steps += 1;
            }
            _ => {}
        }
    }
    Ok(steps)
}

fn compare(
    ours: Option<&Migration>,
    version: Option<&str>,
    checksum: Option<&str>,
) -> Result<(), Error> {
    let version = version.unwrap_or_default();
    match ours {
        Some(ours) if ours.name != version => Err(Error::Unknown {
            version: version.to_owned(),
        }),
        None => Err(Error::Unknown {
            version: version.to_owned(),
        }),
        Some(ours) if checksum != Some(ours.checksum_text().as_str()) => Err(Error::Edited {
            version: version.to_owned(),
        }),
        Some(_) => Ok(()),
    }
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
