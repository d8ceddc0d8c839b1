//! Rows about a person, found by the foreign keys that lead to them: what a later migration adds is found too, and
//! nobody has to remember a list.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Every single column that refers to the table, and the table's own id. Names come quoted, as SQL wants them.
const SOURCES: &str = "
    select c.conrelid::regclass::text as table_name, quote_ident(a.attname) as column_name, k.place,
        a.attnum = any(k.columns) as is_key
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    join lateral (
        select string_agg('t.' || quote_ident(p.attname) || '::text', ', ' order by p.attnum) as place,
            array_agg(p.attnum) as columns
        from pg_constraint i join pg_attribute p on p.attrelid = i.conrelid and p.attnum = any(i.conkey)
        where i.conrelid = c.conrelid and i.contype = 'p') k on k.place is not null
    where c.contype = 'f' and c.confrelid = to_regclass($1) and cardinality(c.conkey) = 1
    union
    select to_regclass($1)::text, 'id', 't.id::text', true";

/// A column that tells whose a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The table, quoted.
    pub table: String,
    /// The column, quoted.
    pub column: String,
    /// Whether the person is part of what names the row: it is about the person then, and not only by him.
    pub is_key: bool,
    place: String,
}

/// A row about a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where it is kept.
    pub table: String,
    /// What the person is to it: the column that names the person.
    pub relation: String,
    /// What is kept.
    pub row: Value,
    /// Where it stands among the others of its source.
    #[serde(skip)]
    pub place: String,
}

/// The columns of this database that name a row of `people`, by the bytes of their names.
pub async fn sources(db: &impl ConnectionTrait, people: &str) -> Result<Vec<Source>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, SOURCES, [people.into()]);
    let rows = db.query_all_raw(statement).await?;
    let found = rows.iter().map(|row| {
        Ok(Source {
            table: row.try_get("", "table_name")?,
            column: row.try_get("", "column_name")?,
            is_key: row.try_get("", "is_key")?,
            place: row.try_get("", "place")?,
        })
    });
    let mut sources = found.collect::<Result<Vec<Source>, DbErr>>()?;
    // Not by the database's collation: who goes on behind a source compares names as text is compared here.
    sources.sort_by(|a, b| (&a.table, &a.column).cmp(&(&b.table, &b.column)));
    Ok(sources)
}

/// Rows of one source about a person, behind a place. Hashes, seals and other bytes are left out: they are secrets of
/// the system and say nothing to anybody.
pub async fn records(
    db: &impl ConnectionTrait,
    source: &Source,
    person: Uuid,
    after: &str,
    limit: u64,
) -> Result<Vec<Record>, DbErr> {
    let (table, column, place) = (&source.table, &source.column, &source.place);
    let sql = format!(
        "select to_jsonb(t) as row, concat_ws(',', {place}) as place from {table} t
         where t.{column} = $1 and concat_ws(',', {place}) > $2 order by place limit $3"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [person.into(), after.into(), limit.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = db.query_all_raw(statement).await?;
    let records = rows.iter().map(|row| {
        Ok(Record {
            table: table.clone(),
            relation: column.clone(),
            row: without_secrets(row.try_get("", "row")?),
            place: row.try_get("", "place")?,
        })
    });
    records.collect()
}

/// The row without what is a secret by its name or its form: bytes read as text that begins with `\x`.
fn without_secrets(row: Value) -> Value {
    let Value::Object(fields) = row else {
        return row;
    };
    let secret = |name: &str, value: &Value| {
        let bytes = value.as_str().is_some_and(|text| text.starts_with("\\x"));
        bytes || name.contains("hash") || name.starts_with("sealed")
    };
    let shown = fields
        .into_iter()
        .filter(|(name, value)| !secret(name, value));
    Value::Object(shown.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let row = json!({
            "id": 1, "password_hash": "$argon2id$", "token_hash": "\\x00", "sealed_secret": "\\x01",
            "credential": "\\x02", "name": "Ada",
        });
        assert_eq!(without_secrets(row), json!({"id": 1, "name": "Ada"}));
    }
}
