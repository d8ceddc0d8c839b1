//! One database: steps, checksums, the way back.

use migrator::schema::{self, Migration, Schema};
use migrator::{Error, Session};

use crate::world::{World, connect};

/// Everything a migration can make, one line each.
const LISTING: &str = "
    select format('column %s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation)
    from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    union all select format('relation %s %s %s %s', relname, relkind, relowner::regrole, relacl) from pg_class where relnamespace = 'public'::regnamespace
    union all select pg_get_indexdef(indexrelid) from pg_index join pg_class on oid = indrelid where relnamespace = 'public'::regnamespace
    union all select format('constraint %s %s', conname, pg_get_constraintdef(oid)) from pg_constraint where connamespace = 'public'::regnamespace
    union all select format('%s %s', pg_get_functiondef(oid), proacl) from pg_proc where pronamespace = 'public'::regnamespace
    union all select format('default %s %s', defaclobjtype, defaclacl) from pg_default_acl
    union all select format('comment %s', description) from pg_description where objoid >= 16384
    order by 1";

async fn scratch(world: &World, schema: Schema) -> Session {
    let name = world.name(schema.name);
    let owner = schema.owner.unwrap_or("default");
    let sql = format!("drop database if exists {name}");
    world.client.batch_execute(&sql).await.unwrap();
    let sql = format!("create database {name} template template0 owner {owner}");
    world.client.batch_execute(&sql).await.unwrap();
    Session::open(&world.database(&name), schema).await.unwrap()
}

async fn listing(world: &World, schema: Schema) -> Vec<String> {
    let client = connect(&world.database(&world.name(schema.name)))
        .await
        .unwrap();
    let rows = client.query(LISTING, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn way_back_undoes_every_step_exactly() {
    let world = World::new().await;
    for schema in [
        schema::CATALOG,
        schema::IDENTITY,
        schema::SHORTENER,
        schema::TENANT,
    ] {
        let session = scratch(&world, schema).await;
        session.up(1).await.unwrap();
        session.down(0).await.unwrap();
        let mut listings = vec![listing(&world, schema).await];
        for steps in 1..=schema.head() {
            session.up(steps).await.unwrap();
            listings.push(listing(&world, schema).await);
        }
        for steps in (0..schema.head()).rev() {
            session.down(steps).await.unwrap();
            assert_eq!(
                listing(&world, schema).await,
                listings[steps],
                "{schema:?} {steps}"
            );
        }
        session.up(schema.head()).await.unwrap();
        assert_eq!(
            listing(&world, schema).await,
            listings[schema.head()],
            "{schema:?}"
        );
        assert!(listings[schema.head()].len() > 30);
        session.close().await;
    }
    let sql = format!("drop database {}", world.name("tenant"));
    world.client.batch_execute(&sql).await.unwrap();
    world.remove(&[]).await;
}

#[tokio::test]
async fn edited_migration_is_refused_everywhere() {
    let world = World::new().await;
    world.expect(0, &["up", "--to", "0002"]).await;
    let edit =
        "update schema_checksums set sha256 = sha256('other') where version = '0001_foundation'";
    world.sql(&world.name("template"), edit).await;
    let tenants = [world.tenant("acme").await];

    let report = world.json(1, &["up"]).await;

    let template = &report["results"][3];
    assert!(
        template["error"]
            .as_str()
            .unwrap()
            .contains("must not be edited"),
        "{report}"
    );
    // The template is the fleet's canary: with it broken, no tenant is tried.
    assert_eq!(report["results"][4]["outcome"], "skipped", "{report}");
    world.remove(&tenants).await;
}

#[tokio::test]
async fn database_newer_than_the_program_is_left_alone() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let newer = "insert into seaql_migrations values ('0009_from_the_future', 0)";
    world.sql(&world.name("identity"), newer).await;
    let report = world.json(1, &["up"]).await;
    let error = report["results"].to_string();
    assert!(error.contains("older than the database"), "{error}");
    world.remove(&[]).await;
}

#[tokio::test]
async fn index_built_concurrently_runs_outside_a_transaction() {
    const STEPS: [Migration; 2] = [
        Migration {
            name: "0001_things",
            up: "create table things (id integer)",
            down: "drop table things",
            transactional: true,
        },
        Migration {
            name: "0002_index",
            up: "create index concurrently if not exists things_id on things (id)",
            down: "drop index concurrently things_id",
            transactional: false,
        },
    ];
    let schema = Schema {
        name: "identity",
        owner: None,
        migrations: &STEPS,
    };
    let world = World::new().await;
    let session = scratch(&world, schema).await;
    session.up(2).await.unwrap();
    assert_eq!(session.steps().await.unwrap(), 2);
    session.down(1).await.unwrap();
    assert_eq!(session.steps().await.unwrap(), 1);
    session.close().await;
    world.remove(&[]).await;
}

#[tokio::test]
async fn busy_table_times_out_and_leaves_nothing_behind() {
    let world = World::new().await;
    let session = scratch(&world, schema::TENANT).await;
    session.up(2).await.unwrap();
    let name = world.name("tenant");
    let mut reader = connect(&world.database(&name)).await.unwrap();
    let held = reader.transaction().await.unwrap();
    held.batch_execute("lock table boards in exclusive mode")
        .await
        .unwrap();

    let refused = session.up(3).await.unwrap_err();

    assert!(
        matches!(
            refused,
            Error::Step {
                version: "0003_tasks_and_comments",
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().ends_with("[55P03]"), "{refused}");
    assert_eq!(session.steps().await.unwrap(), 2);
    held.rollback().await.unwrap();
    session.up(3).await.unwrap();
    session.close().await;
    drop(reader);
    let sql = format!("drop database {name}");
    world.client.batch_execute(&sql).await.unwrap();
    world.remove(&[]).await;
}
