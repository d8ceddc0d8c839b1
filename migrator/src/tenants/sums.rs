//! Row counts and checksums of every table, by which two databases are compared.
//!
//! A table's checksum is the sum of a hash of each row's text, so that the order of rows does not matter; the
//! session's settings fix how values are written ([`super::connect`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

use super::Error;

/// Every table of a database by its name.
pub type Sums = BTreeMap<String, TableSum>;

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// Its rows.
    pub rows: i64,
    /// Decimal sum of `hashtextextended(row::text, 0)`; none where only rows were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Rows are counted.
    Rows,
    /// Every value counts.
    Values,
}

/// Ordinary tables that are no part of PostgreSQL itself.
pub(crate) const TABLES: &str = "select n.nspname, c.relname, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/// Sums every table as the session sees it now.
pub(crate) async fn take(client: &Client, depth: Depth) -> Result<Sums, Error> {
    const STEP: &str = "sum up the tables";
    let checksum = match depth {
        Depth::Rows => "null",
        Depth::Values => {
            "coalesce(sum(hashtextextended(r::text, 0)), 0)::text collate pg_catalog.\"C\""
        }
    };
    let sql = format!(
        "select string_agg(format('select %L as name, count(*) as rows, {} as checksum from only %I.%I r',
            case nspname when 'public' then relname else nspname || '.' || relname end, nspname, relname), ' union all ')
         from ({TABLES}) tables",
        checksum.replace('\'', "''")
    );
    let row = client.query_one(&sql, &[]).await;
    let union: Option<String> = row
        .and_then(|row| row.try_get(0))
        .map_err(Error::sql(STEP))?;
    let Some(union) = union else {
        return Ok(Sums::new());
    };
    let rows = client.query(&union, &[]).await.map_err(Error::sql(STEP))?;
    let read = |row: &tokio_postgres::Row| -> Result<(String, TableSum), tokio_postgres::Error> {
        let sum = TableSum {
            rows: row.try_get("rows")?,
            checksum: row.try_get("checksum")?,
        };
        Ok((row.try_get("name")?, sum))
    };
    let sums: Result<_, _> = rows.iter().map(read).collect();
    sums.map_err(Error::sql(STEP))
}

/// How many rows there are in all.
pub(crate) fn rows(sums: &Sums) -> i64 {
    sums.values().map(|sum| sum.rows).sum()
}

/// Refuses a copy that is not like its source, naming the tables.
pub(crate) fn compare(source: &Sums, copy: &Sums) -> Result<(), Error> {
    let names: std::collections::BTreeSet<_> = source.keys().chain(copy.keys()).collect();
    let rows = |sums: &Sums, name: &String| {
        sums.get(name)
            .map_or_else(|| "no table".to_owned(), |sum| format!("{} rows", sum.rows))
    };
    let differing = names
        .into_iter()
        .filter(|name| source.get(*name) != copy.get(*name));
    let differing: Vec<_> = differing
        .map(|name| format!("{name} ({} and {})", rows(source, name), rows(copy, name)))
        .collect();
    match differing.is_empty() {
        true => Ok(()),
        false => Err(Error::Differs(differing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(tables: &[(&str, i64, &str)]) -> Sums {
        let sum = |rows, checksum: &str| TableSum {
            rows,
            checksum: Some(checksum.to_owned()),
        };
        tables
            .iter()
            .map(|(name, rows, checksum)| ((*name).to_owned(), sum(*rows, checksum)))
            .collect()
    }

    #[test]
    fn difference_is_named_by_table() {
        let source = sums(&[("people", 2, "5"), ("tasks", 3, "7")]);
        assert!(compare(&source, &source).is_ok());
        let changed = compare(&source, &sums(&[("people", 2, "6")])).unwrap_err();
        assert_eq!(
            changed.to_string(),
            "the copy differs from its source in people (2 rows and 2 rows), tasks (3 rows and no table)"
        );
    }
}
