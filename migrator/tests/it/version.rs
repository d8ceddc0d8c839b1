//! One database: steps, checksums, the way back.

use migrator::schema::{self, Migration, Schema};
use migrator::{Error, Session};
use sea_orm_migration::sea_orm::Database;
use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, MigratorTraitSelf, SchemaManager};
use tokio_postgres::error::SqlState;

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

/// One of our steps as sea-orm-migration knows steps: by name.
struct Named(&'static str);

impl MigrationName for Named {
    fn name(&self) -> &str {
        self.0
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait elides it, and async_trait wants the signatures alike"
)]
#[async_trait::async_trait]
impl MigrationTrait for Named {
    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Custom("only the name is asked for".to_owned()))
    }
}

struct Steps(Schema);

impl MigratorTraitSelf for Steps {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let named = |step: &Migration| Box::new(Named(step.name)) as Box<dyn MigrationTrait>;
        self.0.migrations.iter().map(named).collect()
    }
}

#[tokio::test]
async fn sea_orm_reads_the_history_we_write() {
    let world = World::new().await;
    let session = scratch(&world, schema::TENANT).await;
    session.up(2).await.unwrap();
    let url = world.database(&world.name("tenant")).url().clone();
    let connection = Database::connect(url.as_str()).await.unwrap();
    let steps = Steps(schema::TENANT);
    let names = |found: Vec<sea_orm_migration::Migration>| -> Vec<String> {
        found.iter().map(|step| step.name().to_owned()).collect()
    };
    let applied = steps.get_applied_migrations(&connection).await.unwrap();
    assert_eq!(
        names(applied),
        ["0001_foundation", "0002_projects_and_boards"]
    );
    let pending = steps.get_pending_migrations(&connection).await.unwrap();
    let ahead: Vec<_> = schema::TENANT.migrations[2..]
        .iter()
        .map(|step| step.name)
        .collect();
    assert_eq!(names(pending), ahead);
    connection.close().await.unwrap();
    session.close().await;
    drop_scratch(&world, "tenant").await;
    world.remove(&[]).await;
}

#[tokio::test]
async fn success_that_is_not_in_the_record_is_a_failure() {
    let world = World::new().await;
    let session = scratch(&world, schema::TENANT).await;
    session.up(1).await.unwrap();
    let swallow = "create rule swallow as on insert to seaql_migrations do instead nothing";
    session.client().batch_execute(swallow).await.unwrap();
    let error = session.up(2).await.unwrap_err();
    assert!(matches!(error, Error::NotRecorded { .. }), "{error}");
    session.close().await;
    drop_scratch(&world, "tenant").await;
    world.remove(&[]).await;
}

#[tokio::test]
async fn invalid_index_left_behind_is_dropped_and_built_again() {
    const STEPS: [Migration; 2] = [
        Migration {
            name: "0001_things",
            up: "create table things (id integer)",
            down: "drop table things",
            transactional: true,
        },
        Migration {
            name: "0002_index",
            up: "create unique index concurrently things_id on things (id)",
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
    session.up(1).await.unwrap();
    let doubled = "insert into things values (1), (1)";
    session.client().batch_execute(doubled).await.unwrap();
    // As a crash leaves it: the build failed, and nobody was there to tidy up.
    let failed = session.client().batch_execute(STEPS[1].up).await;
    assert_eq!(
        failed.unwrap_err().code(),
        Some(&SqlState::UNIQUE_VIOLATION)
    );

    let refused = session.up(2).await.unwrap_err();
    assert!(refused.to_string().ends_with("[23505]"), "{refused}");
    let indexes = "select count(*)::text from pg_index where indexrelid = to_regclass('things_id')";
    let name = world.name("identity");
    assert_eq!(world.text(&name, indexes).await, "0");

    let single = "delete from things; insert into things values (1)";
    session.client().batch_execute(single).await.unwrap();
    session.up(2).await.unwrap();
    // Built, but not noted: as a crash between the two leaves it.
    let forgotten = "delete from seaql_migrations where version = '0002_index'";
    session.client().batch_execute(forgotten).await.unwrap();
    session.up(2).await.unwrap();
    let valid = "select indisvalid::text from pg_index where indexrelid = to_regclass('things_id')";
    assert_eq!(world.text(&name, valid).await, "true");
    session.client().batch_execute(STEPS[1].down).await.unwrap();
    session.down(1).await.unwrap();
    session.close().await;
    world.remove(&[]).await;
}

async fn drop_scratch(world: &World, base: &str) {
    let sql = format!("drop database {} with (force)", world.name(base));
    world.client.batch_execute(&sql).await.unwrap();
}
