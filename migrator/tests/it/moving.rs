//! A tenant's copy on a second server, kept equal while the first is written to; what a failed move leaves: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use migrator::Address;
use migrator::clusters::{self, Addition, Place};
use migrator::tenants::moving::Copy;
use migrator::tenants::{Error, Operator, Subject};
use tokio_util::sync::CancellationToken;

use crate::world::{SEAL_KEY, Tenant, World, connect, newest};

/// The second server of the test system.
struct Second {
    admin: Address,
}

impl Second {
    async fn text(&self, database: &str, sql: &str) -> String {
        let client = connect(&self.admin.with_database(database))
            .await
            .expect("connect");
        client.query_one(sql, &[]).await.expect(sql).get(0)
    }

    async fn remove(&self, world: &World, tenant: &Tenant) {
        let client = connect(&self.admin).await.expect("connect");
        let (template, provisioner) = (world.name("template"), world.name("provisioner"));
        for sql in [
            format!("drop database if exists {} with (force)", tenant.name),
            format!("drop role if exists {}", tenant.name),
            format!("drop database if exists {template} with (force)"),
            format!("drop owned by {provisioner}"),
            format!("drop role {provisioner}"),
        ] {
            client.batch_execute(&sql).await.expect(&sql);
        }
    }
}

async fn setting(world: &World) -> (Operator, Second, Tenant, Subject, Place) {
    world.expect(0, &["up"]).await;
    let tenant = world.tenant("acme").await;
    let people = "insert into people (id, name, role) select gen_random_uuid(), 'Person ' || n, 'member' from generate_series(1, 2000) n";
    world.sql(&tenant.name, people).await;
    let admin: Address = testkit::setting("TENANTRY_TEST_ADMIN_URL_2")
        .parse()
        .unwrap();
    let operator = world.operator().await;
    let addition = Addition {
        name: "second".to_owned(),
        host: admin.host().to_owned(),
        port: admin.port(),
        budget: 40,
        open: true,
        template: world.name("template"),
        provisioner: world.login(&world.name("provisioner"), "postgres"),
        seal: kernel::SealKey::parse(SEAL_KEY).unwrap(),
    };
    let added = clusters::add(&operator, &addition).await.unwrap();
    assert_eq!(added.version, Some(newest()));
    let subject = operator.tenant("acme").await.unwrap();
    let place = clusters::find(&operator.registry, "second").await.unwrap();
    (operator, Second { admin }, tenant, subject, place)
}

/// Everything of a tenant's schema that a dump would tell, and what its rows come to.
const SHAPE: &str = "select string_agg(line, E'\n' order by line) from (
    select format('%s %s %s %s', c.relname, c.relkind, c.relowner::regrole, c.relacl) from pg_class c where c.relnamespace = 'public'::regnamespace
    union all select pg_get_indexdef(indexrelid) from pg_index join pg_class on oid = indrelid where relnamespace = 'public'::regnamespace
    union all select conname || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
    union all select format('default %s %s', defaclobjtype, defaclacl) from pg_default_acl
    union all select 'people ' || sum(hashtextextended(p::text, 0)) from people p
    union all select 'outbox ' || count(*) from outbox
    ) lines (line)";

#[tokio::test]
async fn copy_follows_every_write_and_leaves_nothing_when_undone() {
    let world = World::new().await;
    let (operator, second, tenant, subject, place) = setting(&world).await;
    // Logical replication needs to tell the rows of such a table apart.
    let odd = "create table public.odd (value text); grant all on public.odd to tenant_app; alter table public.odd owner to tenant_owner";
    world.sql(&tenant.name, odd).await;
    let (stop, written) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicI64::new(0)),
    );
    let writer = tokio::spawn(write(
        world.login(&tenant.name, &tenant.name),
        Arc::clone(&stop),
        Arc::clone(&written),
    ));
    let before = world.text(&tenant.name, SHAPE).await;

    let copy = Copy::new(&operator, &subject, &place);
    let token = CancellationToken::new();
    let _turn = copy.turn(&CancellationToken::new(), &|_| {}).await.unwrap();
    copy.prepare().await.unwrap();
    copy.replicate().await.unwrap();
    copy.synced(&token, &|_| {}).await.unwrap();
    let at_sync = written.load(Ordering::Relaxed);
    testkit::until("writes go on beside the copy", async || {
        written.load(Ordering::Relaxed) > at_sync + 20
    })
    .await;
    copy.caught_up(&token).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    copy.caught_up(&token).await.unwrap();

    let shape = world.text(&tenant.name, SHAPE).await;
    assert_ne!(shape, before, "rows were written");
    assert_eq!(second.text(&tenant.name, SHAPE).await, shape);
    let count = "select count(*)::text from odd";
    assert_eq!(
        second.text(&tenant.name, count).await,
        written.load(Ordering::Relaxed).to_string()
    );
    // The role got its password with it, and nobody else gets in.
    let mut url = second.admin.with_database(&tenant.name).url().clone();
    url.set_username(&tenant.name).unwrap();
    url.set_password(Some("secret")).unwrap();
    let own: Address = url.as_str().parse().unwrap();
    connect(&own).await.expect("the tenant's own role");
    assert!(connect(&own.with_database("postgres")).await.is_err());

    copy.roll_back().await.unwrap();

    let names = format!(
        "select count(*)::text from pg_database where datname = '{}'",
        tenant.name
    );
    assert_eq!(second.text("postgres", &names).await, "0");
    let roles = format!(
        "select count(*)::text from pg_roles where rolname = '{}'",
        tenant.name
    );
    assert_eq!(second.text("postgres", &roles).await, "0");
    let slots = format!(
        "select count(*)::text from pg_replication_slots where database = '{}'",
        tenant.name
    );
    assert_eq!(world.text("postgres", &slots).await, "0");
    let traces = "select (select count(*) from pg_publication) || ' ' || (select count(*) from pg_class where relreplident = 'f')";
    assert_eq!(world.text(&tenant.name, traces).await, "0 0");
    // Undoing again, as after a crash in the middle, finds nothing to do.
    copy.roll_back().await.unwrap();
    second.remove(&world, &tenant).await;
    world.remove(&[tenant]).await;
}

/// Commits rows as the tenant's own role until told to stop.
async fn write(address: Address, stop: Arc<AtomicBool>, written: Arc<AtomicI64>) {
    let client = connect(&address).await.expect("connect as the tenant");
    let sql = "insert into odd (value) values (gen_random_uuid()::text); 
        update odd set value = value || '.' where ctid = (select ctid from odd order by random() limit 1);
        insert into outbox (id, type, event) values (gen_random_uuid(), 't', '{}');
        update people set name = name || '!' where id = (select id from people order by random() limit 1)";
    while !stop.load(Ordering::Relaxed) {
        client.batch_execute(sql).await.expect("write");
        written.fetch_add(1, Ordering::Relaxed);
        // Each update of a row without a key costs the copy a scan of its table.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn finished_move_leaves_nothing_on_the_source() {
    let world = World::new().await;
    let (operator, second, tenant, subject, place) = setting(&world).await;
    let copy = Copy::new(&operator, &subject, &place);
    copy.vacant().await.unwrap();
    let _turn = copy.turn(&CancellationToken::new(), &|_| {}).await.unwrap();
    copy.prepare().await.unwrap();
    // A second one finds the place taken, and touches nothing.
    let taken = copy.vacant().await.unwrap_err();
    assert!(matches!(taken, Error::Refused(_)), "{taken}");
    copy.replicate().await.unwrap();
    copy.synced(&CancellationToken::new(), &|_| {})
        .await
        .unwrap();

    copy.finish(false).await.unwrap();

    let left = format!(
        "select count(*)::text from pg_database where datname = '{0}'",
        tenant.name
    );
    assert_eq!(world.text("postgres", &left).await, "0");
    assert_eq!(second.text("postgres", &left).await, "1");
    let rows = "select count(*) || ' ' || (select count(*) from pg_subscription s join pg_database d on d.oid = s.subdbid
        where d.datname = current_database()) from people";
    assert_eq!(second.text(&tenant.name, rows).await, "2000 0");
    // Whoever died before the last line of the journal does it again.
    copy.finish(false).await.unwrap();
    second.remove(&world, &tenant).await;
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn kept_source_lets_nobody_in() {
    let world = World::new().await;
    let (operator, second, tenant, subject, place) = setting(&world).await;
    let own = connect(&world.login(&tenant.name, &tenant.name))
        .await
        .unwrap();
    let copy = Copy::new(&operator, &subject, &place);
    let _turn = copy.turn(&CancellationToken::new(), &|_| {}).await.unwrap();
    copy.prepare().await.unwrap();
    copy.replicate().await.unwrap();
    copy.synced(&CancellationToken::new(), &|_| {})
        .await
        .unwrap();

    copy.finish(true).await.unwrap();

    own.execute("select 1", &[])
        .await
        .expect_err("the session ended");
    assert!(
        connect(&world.login(&tenant.name, &tenant.name))
            .await
            .is_err()
    );
    let slots = format!(
        "select count(*)::text from pg_replication_slots where database = '{}'",
        tenant.name
    );
    assert_eq!(world.text("postgres", &slots).await, "0");
    second.remove(&world, &tenant).await;
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn operator_may_stop_a_copy() {
    let world = World::new().await;
    let (operator, second, tenant, subject, place) = setting(&world).await;
    let copy = Copy::new(&operator, &subject, &place);
    let _turn = copy.turn(&CancellationToken::new(), &|_| {}).await.unwrap();
    copy.prepare().await.unwrap();
    copy.replicate().await.unwrap();
    let token = CancellationToken::new();
    token.cancel();
    let stopped = copy.synced(&token, &|_| {}).await;
    assert!(
        matches!(stopped, Ok(()) | Err(Error::Stopped)),
        "{stopped:?}"
    );
    copy.roll_back().await.unwrap();
    second.remove(&world, &tenant).await;
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn clusters_are_listed_opened_closed_and_budgeted() {
    let world = World::new().await;
    let (_operator, second, tenant, ..) = setting(&world).await;
    world.json(0, &["clusters", "close", "second"]).await;
    world.json(0, &["clusters", "budget", "second", "25"]).await;
    let listed = world.json(0, &["clusters", "list"]).await;
    assert_eq!(listed[0]["name"], "local", "{listed}");
    assert_eq!(listed[0]["tenants"], 1);
    assert_eq!(
        (&listed[1]["open"], &listed[1]["budget"]),
        (&false.into(), &25.into())
    );
    assert_eq!(listed[1]["server"]["wal_level"], "logical");
    world.json(0, &["clusters", "open", "second"]).await;
    let unknown = world.run(&["clusters", "open", "third"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    world
        .expect(2, &["clusters", "budget", "second", "0"])
        .await;
    second.remove(&world, &tenant).await;
    world.remove(&[tenant]).await;
}
