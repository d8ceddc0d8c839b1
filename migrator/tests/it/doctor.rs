//! What wants mending on a server is found. The test server is shared: only our own things are asked for.

use kernel::{Ids, TenantId};
use serde_json::Value;

use crate::world::World;

fn problems(findings: &Value, check: &str) -> Vec<String> {
    let findings = findings.as_array().unwrap().iter();
    findings
        .filter(|finding| finding["check"] == check)
        .map(|finding| {
            assert!(!finding["remedy"].as_str().unwrap().is_empty());
            finding["problem"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[tokio::test]
async fn findings_say_what_is_wrong_and_what_to_do() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let (catalog, template) = (world.name("catalog"), world.name("template"));
    let quiet = world.run(&["doctor", "--json"]).await;
    let quiet: Value = serde_json::from_slice(&quiet.stdout).unwrap();
    // As ./dev starts its servers.
    assert_eq!(
        problems(&quiet, "recovery_init_sync_method").len(),
        0,
        "{quiet}"
    );
    assert_eq!(problems(&quiet, "wal_level").len(), 0);
    assert_eq!(problems(&quiet, "max_connections").len(), 0);
    assert_eq!(problems(&quiet, "fsync").len(), 1);
    assert_eq!(problems(&quiet, "template").len(), 0);
    assert_eq!(problems(&quiet, "leases").len(), 0);

    let allowed = world.text("postgres", "show max_connections").await;
    let all = format!("update clusters set connection_budget = {allowed}");
    world.sql(&catalog, &all).await;
    let lease = "insert into leases values ('resolver', 'a dead one', now() - interval '1 minute')";
    world.sql(&catalog, lease).await;
    let stuck = "insert into tenants (id, subdomain, status, cluster_id, database_name, role_name, status_changed_at)
        select gen_random_uuid(), 'stuck', 'provisioning', id, 'nothing', 'nothing', now() - interval '2 hours' from clusters";
    world.sql(&catalog, stuck).await;
    let invalid =
        "update pg_index set indisvalid = false where indexrelid = 'tasks_by_status'::regclass";
    world.sql(&template, invalid).await;

    let findings = world.json(1, &["doctor"]).await;

    assert!(
        problems(&findings, "max_connections")[0].contains(&format!("services may use {allowed}")),
        "{findings}"
    );
    assert!(problems(&findings, "leases")[0].contains("held by a dead one"));
    assert_eq!(
        problems(&findings, "tenants"),
        ["not built within an hour: stuck: provisioning"]
    );
    assert_eq!(
        problems(&findings, "template"),
        ["invalid indexes in the template: tasks_by_status"]
    );
    let text = world.expect(1, &["doctor"]).await;
    assert!(text.contains("raise max_connections"), "{text}");
    world.remove(&[]).await;
}

#[tokio::test]
async fn databases_open_to_all_and_orphans_are_found() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let orphan = format!(
        "tenant_{}",
        Ids::system().next::<TenantId>().uuid().simple()
    );
    // Named so that they come first among those of other tests.
    let open = format!("aaa_open_{}", world.suffix);
    for sql in [
        format!("create database {open}"),
        format!("create role {orphan}"),
    ] {
        world.client.batch_execute(&sql).await.unwrap();
    }
    let findings = world.json(1, &["doctor"]).await;
    let connect = problems(&findings, "connect");
    assert!(
        connect[0].starts_with("every role may connect to"),
        "{findings}"
    );
    let roles = problems(&findings, "orphans");
    assert!(
        roles
            .iter()
            .any(|problem| problem.starts_with("roles without a row")),
        "{findings}"
    );
    for sql in [
        format!("drop database {open}"),
        format!("drop role {orphan}"),
    ] {
        world.client.batch_execute(&sql).await.unwrap();
    }
    world.remove(&[]).await;
}
