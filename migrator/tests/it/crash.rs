//! The migrator killed at random moments: whatever it leaves, the next run mends.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kernel::{Ids, TenantId};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::world::World;

const TENANTS: usize = 30;
const KILLS: u32 = 50;
const HELD: i32 = 3;
const STEPS: &str = "7";

/// Everything that must hold in a database that went all the way: seven steps noted, each transactional
/// one run once, both indexes there and valid.
const SOUND: &str = "select concat_ws(' ', (select count(*) from seaql_migrations), (select count(*) from schema_checksums),
    (select string_agg(step::text, '' order by step) from journal),
    (select count(*) from pg_index where not indisvalid),
    (select count(*) from pg_class where relname in ('things_id', 'things_name')),
    (select count(*) from pg_class where relname like 'things%ccnew%'))";

fn runner(world: &World) -> Child {
    let tests = std::env::current_exe().unwrap();
    let directory: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples");
    Command::new(directory.join("own_schema"))
        .arg(world.admin.url().as_str())
        .args(["catalog", "identity", "shortener"].map(|base| world.name(base)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the example runs")
}

/// Starts the runner and waits until it is at work; another attempt while the dead one's lock still ends.
async fn at_work(world: &World) -> Child {
    loop {
        let mut child = runner(world);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        match lines.next_line().await.unwrap() {
            Some(_) => return child,
            None => {
                let output = child.wait_with_output().await.unwrap();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(HELD), "{errors}");
            }
        }
    }
}

async fn empty_tenants(world: &World) -> Vec<String> {
    let mut names = Vec::new();
    let mut rows = String::new();
    for number in 0..TENANTS {
        let name = world.name(&format!("crash_{number}"));
        let sql = format!("create database {name} template template0");
        world.client.batch_execute(&sql).await.unwrap();
        rows.push_str(&format!(
            "insert into tenants (id, subdomain, name, status, cluster_id, database_name, role_name, sealed_password)
             select gen_random_uuid(), 'crash-{number}', 'Demo', 'active', id, '{name}', '{name}', '' from clusters;"
        ));
        names.push(name);
    }
    world.sql(&world.name("catalog"), &rows).await;
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_leave_nothing_that_the_next_run_does_not_mend() {
    let world = World::new().await;
    world.expect(0, &["up", "--wave", "platform"]).await;
    let names = empty_tenants(&world).await;

    let mut unfinished = 0;
    for _ in 0..KILLS {
        let mut child = at_work(&world).await;
        // A random moment is what is asked for; the spread covers connects, steps, builds and notes.
        let moment = u64::from(Ids::system().next::<TenantId>().uuid().as_bytes()[15]) / 4;
        tokio::time::sleep(Duration::from_millis(moment)).await;
        unfinished += u32::from(child.try_wait().unwrap().is_none());
        child.start_kill().unwrap();
        child.wait().await.unwrap();
    }
    assert!(unfinished > KILLS / 2, "only {unfinished} died at work");

    let output = loop {
        let output = runner(&world).wait_with_output().await.unwrap();
        if output.status.code() != Some(HELD) {
            break output;
        }
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    for name in names.iter().chain([&world.name("template")]) {
        let found = world.text(name, SOUND).await;
        assert_eq!(found, format!("{STEPS} {STEPS} 12457 0 2 0"), "{name}");
    }
    let noted = "select string_agg(distinct schema_version, ',') || count(*) || count(last_error) from tenants";
    let noted = world.text(&world.name("catalog"), noted).await;
    assert_eq!(noted, format!("0007_size{TENANTS}0"));
    for name in names {
        let sql = format!("drop database {name} with (force)");
        world.client.batch_execute(&sql).await.unwrap();
    }
    world.remove(&[]).await;
}
