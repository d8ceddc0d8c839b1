//! Many databases in one run: failures, repair, the lease.

use migrator::schema;

use crate::world::{Tenant, World, connect, newest};

/// The advisory lock in the catalog that a run holds.
const FLEET: i64 = 0x0066_6c65_6574;

const TENANTS: usize = 20;

/// Twenty tenants copied from a template that stands at its first version.
async fn fleet(world: &World) -> Vec<Tenant> {
    world.expect(0, &["up", "--to", "0001"]).await;
    let mut tenants = Vec::new();
    for number in 0..TENANTS {
        tenants.push(world.tenant(&format!("team-{number}")).await);
    }
    tenants
}

#[tokio::test]
async fn broken_tenant_stops_nobody_and_is_finished_after_repair() {
    let world = World::new().await;
    let tenants = fleet(&world).await;
    let broken = &tenants[7].name;
    world.sql(broken, "create table tasks (mine integer)").await;

    let report = world.json(1, &["up"]).await;

    let results = report["results"].as_array().unwrap();
    let failed: Vec<_> = results
        .iter()
        .filter(|result| result["outcome"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "{report}");
    assert_eq!(failed[0]["name"], "team-7");
    assert_eq!(failed[0]["to"], "0002_projects_and_boards");
    assert_eq!(
        failed[0]["error"],
        "0003_tasks_and_comments: relation \"tasks\" already exists [42P07]"
    );
    // The template and nineteen tenants went all the way, the broken one to the last good step.
    let moved = results
        .iter()
        .filter(|result| result["outcome"] == "migrated");
    assert_eq!(moved.count(), TENANTS);
    let left = world.text(
        broken,
        "select count(*)::text from pg_class where relname = 'comments'",
    );
    assert_eq!(left.await, "0");
    let status = world.json(1, &["status"]).await;
    let line = status
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["name"] == "team-7")
        .unwrap();
    assert_eq!(
        (&line["state"], &line["behind"]),
        (&"failed".into(), &(schema::TENANT.head() - 2).into()),
        "{line}"
    );

    world.sql(broken, "drop table tasks").await;
    let again = world.json(0, &["up"]).await;

    let moved: Vec<_> = again["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["outcome"] == "migrated")
        .collect();
    assert_eq!(moved.len(), 1, "{again}");
    let verified = world.json(0, &["status", "--verify"]).await;
    assert!(
        verified
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["state"] == "current"),
        "{verified}"
    );
    let runs = "select string_agg(outcome, ',' order by started_at) from migration_runs";
    let runs = world.text(&world.name("catalog"), runs).await;
    assert_eq!(runs, "succeeded,failed,succeeded");
    world.remove(&tenants).await;
}

#[tokio::test]
async fn plan_names_the_steps_with_their_locks_and_takes_none() {
    let world = World::new().await;
    world.expect(0, &["up", "--to", "0002"]).await;
    let tenants = [world.tenant("acme").await];

    let plan = world.json(0, &["plan"]).await;

    let names: Vec<_> = plan["databases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|database| &database["name"])
        .collect();
    assert_eq!(names, [world.name("template").as_str(), "acme"]);
    let step = &plan["groups"][1]["steps"][0];
    assert_eq!(step["name"], "0003_tasks_and_comments", "{plan}");
    assert_eq!(step["statements"][0]["sql"], "create table tasks");
    assert_eq!(step["statements"][0]["lock"], "none");
    let table = world.expect(0, &["plan"]).await;
    assert!(!table.contains('\u{1b}'), "no colour in a pipe: {table}");
    assert!(table.contains("2 databases would be migrated"), "{table}");
    world.remove(&tenants).await;
}

#[tokio::test]
async fn dry_run_runs_the_steps_and_leaves_nothing() {
    let world = World::new().await;
    world.expect(0, &["up", "--to", "0001"]).await;
    let tenants = [world.tenant("acme").await, world.tenant("globex").await];
    let bad = "create table comments (mine integer)";
    world.sql(&tenants[1].name, bad).await;

    let report = world.json(1, &["up", "--dry-run"]).await;

    let of = |name: &str| {
        let results = report["results"].as_array().unwrap();
        results
            .iter()
            .find(|result| result["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(of("acme")["outcome"], "rehearsed", "{report}");
    // A step outside a transaction cannot be tried in one: the rehearsal ends before the first of them.
    let steps = schema::TENANT.migrations;
    let tried = steps.iter().take_while(|step| step.transactional).last();
    assert_eq!(of("acme")["to"], tried.unwrap().name);
    assert_eq!(of("globex")["outcome"], "failed");
    assert_eq!(
        of("globex")["error"],
        "0003_tasks_and_comments: relation \"comments\" already exists [42P07]"
    );
    let status = world.json(0, &["status", "--verify"]).await;
    let behind = status
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["version"] == "0001_foundation");
    assert_eq!(behind.count(), 3, "{status}");
    let runs = "select count(*)::text from migration_runs";
    assert_eq!(world.text(&world.name("catalog"), runs).await, "1");
    world.remove(&tenants).await;
}

#[tokio::test]
async fn one_tenant_goes_down_and_up_on_its_own() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let tenants = [world.tenant("acme").await, world.tenant("globex").await];
    world.expect(0, &["up"]).await;

    world
        .expect(2, &["down", "--tenant", "acme", "--to", "0001"])
        .await;
    world.expect(2, &["down", "--to", "0001", "--yes"]).await;
    world
        .expect(
            2,
            &["down", "--database", "catalog", "--to", "0001", "--yes"],
        )
        .await;
    let down = world
        .json(0, &["down", "--tenant", "acme", "--to", "0001", "--yes"])
        .await;

    assert_eq!(down["results"][0]["to"], "0001_foundation", "{down}");
    assert_eq!(down["results"].as_array().unwrap().len(), 1);
    let listed = world.json(0, &["tenants", "list"]).await;
    let versions: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["schema_version"])
        .collect();
    assert_eq!(versions, ["0001_foundation", newest()]);
    world
        .expect(0, &["up", "--tenant", &tenants[0].id.to_string()])
        .await;
    world.expect(0, &["status"]).await;
    world.remove(&tenants).await;
}

#[tokio::test]
async fn run_is_refused_while_another_lives_and_takes_over_from_a_dead_one() {
    let world = World::new().await;
    let catalog = world.name("catalog");
    let other = connect(&world.database(&catalog)).await.unwrap();
    let lease = format!(
        "select pg_advisory_lock({FLEET}); insert into leases values ('fleet', 'another machine', now() + interval '1 minute')"
    );
    other.batch_execute(&lease).await.unwrap();

    let refused = world.json(3, &["up"]).await;

    let error = refused["error"].as_str().unwrap();
    assert!(error.contains("another machine"), "{refused}");
    // Its row is still there, but whoever wrote it is not.
    drop(other);
    testkit::eventually("the dead run's lock ends", 20, async || {
        let up = world.run(&["up"]).await;
        up.status.success().then_some(())
    })
    .await;
    let left = "select count(*)::text from leases";
    assert_eq!(world.text(&catalog, left).await, "0");
    world.remove(&[]).await;
}

#[tokio::test]
async fn runs_started_together_do_not_mix() {
    let world = World::new().await;
    let (one, two) = tokio::join!(world.run(&["up"]), world.run(&["up"]));
    let codes = [one.status.code(), two.status.code()];
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 3))),
        "{codes:?}"
    );
    world.remove(&[]).await;
}
