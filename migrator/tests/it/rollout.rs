//! How a run goes over the fleet: waves, halts, going on, locked tables, interruptions, lost databases.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use migrator::schema;
use serde_json::Value;
use tokio_postgres::Client;

use crate::world::{Tenant, World, connect, newest};

/// Tenants at the second version; the third needs `boards` to refer to.
async fn fleet(world: &World, tenants: usize) -> Vec<Tenant> {
    world.expect(0, &["up", "--to", "0002"]).await;
    let mut fleet = Vec::new();
    for number in 0..tenants {
        fleet.push(world.tenant(&format!("team-{number}")).await);
    }
    fleet
}

async fn break_tenant(world: &World, tenant: &Tenant) {
    let sql = "create table comments (mine integer)";
    world.sql(&tenant.name, sql).await;
}

fn named<'a>(report: &'a Value, outcome: &str) -> Vec<&'a str> {
    let results = report["results"].as_array().unwrap().iter();
    let mut names: Vec<_> = results
        .filter(|result| result["outcome"] == outcome)
        .map(|result| result["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn of<'a>(report: &'a Value, name: &str) -> &'a Value {
    let results = report["results"].as_array().unwrap();
    results
        .iter()
        .find(|result| result["name"] == name)
        .unwrap()
}

async fn steps(world: &World, tenant: &Tenant) -> String {
    let sql = "select count(*)::text from seaql_migrations";
    world.text(&tenant.name, sql).await
}

fn all_steps() -> String {
    schema::TENANT.head().to_string()
}

/// Keeps the third version from being made, as a long transaction of a service does.
async fn hold_boards(world: &World, tenant: &Tenant) -> Client {
    let client = connect(&world.database(&tenant.name)).await.unwrap();
    let sql = "begin; lock table boards in row exclusive mode";
    client.batch_execute(sql).await.unwrap();
    client
}

#[tokio::test]
async fn failed_canary_leaves_the_next_wave_untouched_and_the_run_is_resumed() {
    let world = World::new().await;
    let tenants = fleet(&world, 6).await;
    break_tenant(&world, &tenants[3]).await;

    let report = world
        .json(
            1,
            &["up", "--canary", "team-1,team-3", "--max-failures", "100%"],
        )
        .await;

    assert_eq!(report["outcome"], "halted", "{report}");
    assert_eq!(report["halted"]["wave"], "canary");
    assert_eq!(named(&report, "failed"), ["team-3"]);
    assert_eq!(of(&report, "team-1")["outcome"], "migrated");
    for number in [0, 2, 4, 5] {
        let result = of(&report, &format!("team-{number}"));
        assert_eq!(result["outcome"], "skipped", "{report}");
        assert_eq!(steps(&world, &tenants[number]).await, "2");
    }
    let text = world.expect(1, &["up", "--resume"]).await;
    assert!(
        text.contains("halted in wave canary after 1 failed, 0 allowed"),
        "{text}"
    );

    world.sql(&tenants[3].name, "drop table comments").await;
    let resumed = world.json(0, &["up", "--resume"]).await;

    assert_eq!(of(&resumed, "team-1")["outcome"], "unchanged");
    assert_eq!(of(&resumed, "team-3")["wave"], "canary");
    assert_eq!(named(&resumed, "migrated").len(), 5, "{resumed}");
    let runs = "select string_agg(concat_ws(' ', outcome, halted_in, (resumes is not null)::text), ',' order by started_at)
        from migration_runs";
    assert_eq!(
        world.text(&world.name("catalog"), runs).await,
        "succeeded false,aborted canary false,aborted canary true,succeeded true"
    );
    world.expect(2, &["up", "--resume"]).await;
    world.remove(&tenants).await;
}

#[tokio::test]
async fn too_many_failures_halt_the_run_in_time() {
    let world = World::new().await;
    let tenants = fleet(&world, 20).await;
    for tenant in &tenants[6..] {
        break_tenant(&world, tenant).await;
    }

    let arguments = ["up", "--max-failures", "10%", "--parallel", "3"];
    let report = world.json(1, &arguments).await;

    assert_eq!(report["outcome"], "halted", "{report}");
    assert_eq!(report["halted"]["wave"], "rest");
    assert_eq!(report["halted"]["max_failures"], 2);
    let failed = named(&report, "failed").len();
    // The third failure halts; two more may have been under way.
    assert!((3..=5).contains(&failed), "{failed}");
    assert_eq!(named(&report, "skipped").len(), 14 - failed);
    world.remove(&tenants).await;
}

#[tokio::test]
async fn locked_tenant_is_put_off_and_the_others_go_on() {
    let world = World::new().await;
    let tenants = fleet(&world, 5).await;
    let holder = hold_boards(&world, &tenants[2]).await;

    let report = world.json(1, &["up"]).await;

    assert_eq!(report["outcome"], "failed", "{report}");
    let put_off = of(&report, "team-2");
    assert_eq!(put_off["outcome"], "deferred", "{report}");
    assert_eq!(put_off["attempts"], 4);
    assert!(put_off["error"].as_str().unwrap().ends_with("[55P03]"));
    assert_eq!(named(&report, "migrated").len(), 5);
    let status = world.json(1, &["status", "--tenant", "team-2"]).await;
    assert_eq!(status[0]["state"], "failed");
    holder.batch_execute("rollback").await.unwrap();
    world.expect(0, &["up"]).await;
    assert_eq!(steps(&world, &tenants[2]).await, all_steps());
    drop(holder);
    world.remove(&tenants).await;
}

#[tokio::test]
async fn locked_tenant_is_migrated_once_the_lock_is_gone() {
    let world = World::new().await;
    let tenants = fleet(&world, 3).await;
    let holder = hold_boards(&world, &tenants[0]).await;
    let freed = async {
        let ours = format!(
            "select count(*)::text from pg_stat_activity where datname = '{}' and application_name = 'migrator'",
            tenants[0].name
        );
        testkit::eventually("the first attempt", 20, async || {
            (world.text("postgres", &ours).await != "0").then_some(())
        })
        .await;
        testkit::eventually("the end of the first attempt", 20, async || {
            (world.text("postgres", &ours).await == "0").then_some(())
        })
        .await;
        holder.batch_execute("rollback").await.unwrap();
    };
    let (report, ()) = tokio::join!(world.json(0, &["up"]), freed);

    let put_off = of(&report, "team-0");
    assert_eq!(put_off["outcome"], "migrated", "{report}");
    assert!(put_off["attempts"].as_u64().unwrap() > 1, "{report}");
    drop(holder);
    world.remove(&tenants).await;
}

#[tokio::test]
async fn interrupted_run_finishes_what_has_begun_and_notes_all_of_it() {
    let world = World::new().await;
    let tenants = fleet(&world, 12).await;
    world.expect(0, &["status", "--verify"]).await;
    // The canary's lock keeps the run from being over before the signal.
    let holder = hold_boards(&world, &tenants[0]).await;
    let child = world
        .command(&["up", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waiting = format!(
        "select count(*)::text from pg_locks l join pg_database d on d.oid = l.database where d.datname = '{}' and not granted",
        tenants[0].name
    );
    testkit::eventually("a waiting step", 20, async || {
        (world.text("postgres", &waiting).await != "0").then_some(())
    })
    .await;
    let id = child.id().unwrap().to_string();
    let mut signal = tokio::process::Command::new("kill");
    let sent = signal.args(["-INT", &id]).status().await.unwrap();
    assert!(sent.success());

    let output = child.wait_with_output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outcome"], "aborted", "{report}");
    assert_eq!(named(&report, "skipped").len(), 11, "{report}");
    let left = "select count(*)::text from leases";
    assert_eq!(world.text(&world.name("catalog"), left).await, "0");
    let noted = world.json(1, &["status"]).await;
    holder.batch_execute("rollback").await.unwrap();
    let asked = world.json(0, &["status", "--verify"]).await;
    let versions = |lines: &Value| -> Vec<Value> {
        let lines = lines.as_array().unwrap().iter();
        lines.map(|line| line["version"].clone()).collect()
    };
    assert_eq!(versions(&noted), versions(&asked));
    world.expect(0, &["up", "--resume"]).await;
    drop(holder);
    world.remove(&tenants).await;
}

#[tokio::test]
async fn database_that_comes_up_during_the_run_ends_on_its_version() {
    let world = World::new().await;
    let tenants = fleet(&world, 3).await;
    let catalog = world.name("catalog");
    // Copied from the template as it was, and not in the catalog yet.
    let late = "update tenants set status = 'deleted' where subdomain = 'team-2'";
    world.sql(&catalog, late).await;
    let holder = hold_boards(&world, &tenants[0]).await;
    let template = world.name("template");
    let comes_up = async {
        let there = "select (to_regclass('tasks') is not null)::text";
        testkit::eventually("the template's new version", 20, async || {
            (world.text(&template, there).await == "true").then_some(())
        })
        .await;
        let up = "update tenants set status = 'active' where subdomain = 'team-2'";
        world.sql(&catalog, up).await;
        holder.batch_execute("rollback").await.unwrap();
    };
    let (report, ()) = tokio::join!(world.json(0, &["up"]), comes_up);

    assert_eq!(of(&report, "team-2")["to"], newest(), "{report}");
    assert_eq!(steps(&world, &tenants[2]).await, all_steps());
    drop(holder);
    world.remove(&tenants).await;
}

#[tokio::test]
async fn database_dropped_by_hand_is_told_and_stops_nobody() {
    let world = World::new().await;
    let tenants = fleet(&world, 3).await;
    let drop = format!("drop database {}", tenants[1].name);
    world.client.batch_execute(&drop).await.unwrap();

    let report = world.json(1, &["up"]).await;

    assert_eq!(named(&report, "failed"), ["team-1"], "{report}");
    let error = of(&report, "team-1")["error"].as_str().unwrap();
    assert!(error.contains("does not exist [3D000]"), "{error}");
    assert_eq!(named(&report, "migrated").len(), 3);
    let findings = world.json(1, &["doctor"]).await;
    let lost = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == "lost")
        .unwrap();
    assert_eq!(lost["problem"], "rows without a database: team-1");
    world.remove(&tenants).await;
}

#[tokio::test]
async fn one_wave_may_be_run_by_itself() {
    let world = World::new().await;
    let tenants = fleet(&world, 4).await;
    let report = world.json(0, &["up", "--wave", "template"]).await;
    assert_eq!(report["results"].as_array().unwrap().len(), 1, "{report}");
    let report = world
        .json(0, &["up", "--wave", "canary", "--canary", "2"])
        .await;
    assert_eq!(named(&report, "migrated"), ["team-0", "team-1"]);
    assert_eq!(steps(&world, &tenants[3]).await, "2");
    let report = world.json(0, &["up", "--cluster", "local"]).await;
    assert_eq!(named(&report, "migrated").len(), 2, "{report}");
    world.expect(2, &["up", "--cluster", "nowhere"]).await;
    world.expect(2, &["up", "--max-failures", "many"]).await;
    world.remove(&tenants).await;
}

/// A tablespace of a few megabytes, where this machine lets us mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let directory = std::env::temp_dir().join(testkit::unique("small_disk_"));
        std::fs::create_dir(&directory).ok()?;
        let run = |program: &str, arguments: &[&str]| {
            let status = Command::new(program).args(arguments).status();
            status.is_ok_and(|status| status.success())
        };
        let path = directory.to_str()?;
        let ready = run("mount", &["-t", "tmpfs", "-o", "size=32m", "tmpfs", path])
            && run("chown", &["postgres", path])
            && run("chmod", &["700", path]);
        ready.then_some(Self(directory))
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
        drop(std::fs::remove_dir(&self.0));
    }
}

#[tokio::test]
async fn full_disk_fails_its_own_tenant_only() {
    let Some(disk) = SmallDisk::mount() else {
        // No file system of our own can be mounted here, so no disk can be full.
        return;
    };
    let world = World::new().await;
    let tenants = fleet(&world, 3).await;
    let tablespace = world.name("small");
    for sql in [
        format!(
            "create tablespace {tablespace} location '{}'",
            disk.0.display()
        ),
        format!(
            "alter database {} set tablespace {tablespace}",
            tenants[1].name
        ),
    ] {
        world.client.batch_execute(&sql).await.unwrap();
    }
    disk.fill();

    let report = world.json(1, &["up"]).await;

    assert_eq!(named(&report, "failed"), ["team-1"], "{report}");
    let error = of(&report, "team-1")["error"].as_str().unwrap();
    assert!(error.contains("No space left on device"), "{error}");
    assert_eq!(named(&report, "migrated").len(), 3);
    disk.empty();
    world.expect(0, &["up"]).await;
    assert_eq!(steps(&world, &tenants[1]).await, all_steps());
    let back = format!(
        "alter database {} set tablespace pg_default",
        tenants[1].name
    );
    world.client.batch_execute(&back).await.unwrap();
    let gone = format!("drop tablespace {tablespace}");
    world.client.batch_execute(&gone).await.unwrap();
    world.remove(&tenants).await;
}
