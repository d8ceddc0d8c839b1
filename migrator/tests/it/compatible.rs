//! The previous release beside the next schema: what it reads and writes at one version must still be read
//! and written at the following one, for that is how every rollout runs.

use migrator::Session;
use migrator::schema::{CATALOG, IDENTITY, SHORTENER, Schema, TENANT};
use tokio_postgres::Client;

use crate::world::{World, connect};

/// For every table a query and an insert that name each column a service may know, as prepared statements.
const STATEMENTS: &str = "
    select format('select %s from %I', string_agg(quote_ident(attname), ', ' order by attnum), relname),
        format('insert into %I (%s) select %s where false', relname,
            string_agg(quote_ident(attname), ', ' order by attnum) filter (where attidentity = '' and attgenerated = ''),
            string_agg('null::' || format_type(atttypid, atttypmod), ', ' order by attnum) filter (where attidentity = '' and attgenerated = ''))
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
        and relname not in ('seaql_migrations', 'schema_checksums')
    group by relname";

/// Columns that an insert must give a value, or fail.
const REQUIRED: &str = "
    select relname || '.' || attname from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
        and attnotnull and not atthasdef and attidentity = '' order by 1";

async fn strings(client: &Client, sql: &str, column: usize) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(column)).collect()
}

async fn tables(client: &Client) -> Vec<String> {
    let sql = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'";
    strings(client, sql, 0).await
}

#[tokio::test]
async fn previous_release_reads_and_writes_at_every_next_version() {
    let world = World::new().await;
    let mut compared = 0;
    for schema in [CATALOG, IDENTITY, SHORTENER, TENANT] {
        let name = world.name(&format!("steps_{}", schema.name));
        let owner = schema.owner.unwrap_or("default");
        let sql = format!("create database {name} template template0 owner {owner}");
        world.client.batch_execute(&sql).await.unwrap();
        compared += walk(&world, &name, schema).await;
        let sql = format!("drop database {name} with (force)");
        world.client.batch_execute(&sql).await.unwrap();
    }
    assert!(compared > 40, "{compared}");
    world.remove(&[]).await;
}

/// Goes version by version with a service of the version before still connected.
async fn walk(world: &World, name: &str, schema: Schema) -> usize {
    let session = Session::open(&world.database(name), schema).await.unwrap();
    session.up(1).await.unwrap();
    let mut compared = 0;
    for next in 2..=schema.head() {
        let service = connect(&world.database(name)).await.unwrap();
        let (known, required) = (tables(&service).await, strings(&service, REQUIRED, 0).await);
        let mut prepared = Vec::new();
        for column in [0, 1] {
            for sql in strings(&service, STATEMENTS, column).await {
                prepared.push((service.prepare(&sql).await.unwrap(), sql));
            }
        }
        session.up(next).await.unwrap();
        for (statement, sql) in &prepared {
            let version = schema.version(next);
            let ran = service.query(statement, &[]).await;
            assert!(ran.is_ok(), "{version:?}: {sql}: {ran:?}");
            // Another instance of the same release that starts now.
            assert!(service.prepare(sql).await.is_ok(), "{version:?}: {sql}");
            compared += 1;
        }
        let now = strings(&service, REQUIRED, 0).await;
        let new: Vec<_> = now
            .iter()
            .filter(|column| !required.contains(column))
            .filter(|column| {
                known
                    .iter()
                    .any(|table| column.starts_with(&format!("{table}.")))
            })
            .collect();
        assert!(
            new.is_empty(),
            "the previous release leaves these out: {new:?}"
        );
    }
    session.close().await;
    compared
}
