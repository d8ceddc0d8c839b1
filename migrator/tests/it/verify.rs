//! Drift: what somebody changed by hand is named, and mended where that is safe.

use serde_json::Value;

use crate::world::World;

fn objects(check: &Value) -> Vec<&str> {
    let differences = check["differences"].as_array().unwrap();
    differences
        .iter()
        .map(|difference| difference["object"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_one_object_changed_by_hand_is_named() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let mut tenants = Vec::new();
    for number in 0..8 {
        tenants.push(world.tenant(&format!("team-{number}")).await);
    }
    let checks = world.json(0, &["verify"]).await;
    let fingerprint = checks[0]["fingerprint"].as_str().unwrap();
    assert_eq!(fingerprint.len(), 64);
    for check in checks.as_array().unwrap() {
        assert_eq!(check["state"], "same", "{check}");
        assert_eq!(check["fingerprint"], fingerprint);
    }
    for (change, object, back) in [
        (
            "alter table tasks alter column title drop not null",
            "column tasks.title",
            "alter table tasks alter column title set not null",
        ),
        (
            "alter table tasks alter column version set default 7",
            "column tasks.version",
            "alter table tasks alter column version set default 1",
        ),
        (
            "alter table boards alter column name type varchar(200)",
            "column boards.name",
            "alter table boards alter column name type text",
        ),
        (
            "create table extra (id integer)",
            "table extra",
            "drop table extra",
        ),
        (
            "alter table columns drop constraint columns_wip_limit_check",
            "constraint columns.columns_wip_limit_check",
            "alter table columns add constraint columns_wip_limit_check check (wip_limit > 0)",
        ),
        (
            "create or replace function initialize_tenant(tenant uuid, workspace uuid) returns void
            language plpgsql set search_path = public, pg_temp as $$ begin end $$",
            "function initialize_tenant(uuid,uuid)",
            "",
        ),
        (
            "create trigger mine before insert on tasks for each row execute function suppress_redundant_updates_trigger()",
            "trigger tasks.mine",
            "drop trigger mine on tasks",
        ),
        (
            "alter table comments owner to tenant_app",
            "table comments",
            "alter table comments owner to tenant_owner",
        ),
        (
            "grant update on tenant_identity to tenant_app",
            "grant UPDATE on table tenant_identity to tenant_app",
            "revoke update on tenant_identity from tenant_app",
        ),
    ] {
        world.sql(&tenants[5].name, change).await;
        let checks = world.json(1, &["verify"]).await;
        for check in checks.as_array().unwrap() {
            match check["name"].as_str() {
                Some("team-5") => assert!(objects(check).contains(&object), "{change}: {check}"),
                _ => assert_eq!(check["state"], "same", "{check}"),
            }
        }
        if back.is_empty() {
            break;
        }
        world.sql(&tenants[5].name, back).await;
    }
    world.remove(&tenants).await;
}

#[tokio::test]
async fn difference_reads_like_a_diff() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let tenants = [world.tenant("acme").await];
    let change = "alter table tasks alter column title drop not null";
    world.sql(&tenants[0].name, change).await;
    let text = world.expect(1, &["verify", "--tenant", "acme"]).await;
    let diff = "  - column tasks.title: text not null\n  + column tasks.title: text\n";
    assert!(text.contains(diff), "{text}");
    assert!(text.ends_with("1 databases: 1 differs\n"), "{text}");
    world.remove(&tenants).await;
}

#[tokio::test]
async fn what_is_safe_is_mended_and_the_rest_is_left_to_a_person() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let tenants = [world.tenant("acme").await];
    let name = &tenants[0].name;
    for change in [
        "revoke select on tasks from tenant_app",
        "drop index tasks_by_creator",
        "alter table tasks alter column title drop not null",
        "update pg_index set indisvalid = false where indexrelid = 'tasks_by_status'::regclass",
    ] {
        world.sql(name, change).await;
    }
    for change in [
        format!("grant connect on database {name} to public"),
        format!("alter role {name} createdb"),
    ] {
        world.client.batch_execute(&change).await.unwrap();
    }
    let before = world.json(1, &["verify"]).await;
    assert_eq!(
        before[0]["differences"].as_array().unwrap().len(),
        6,
        "{before}"
    );

    let after = world.json(1, &["verify", "--fix"]).await;

    assert_eq!(
        objects(&after[0]),
        ["column tasks.title", "role <tenant>"],
        "{after}"
    );
    assert_eq!(after[0]["fixed"].as_array().unwrap().len(), 5, "{after}");
    let usable = "select count(*)::text from pg_index where indisvalid
        and indexrelid in ('tasks_by_creator'::regclass, 'tasks_by_status'::regclass)";
    assert_eq!(world.text(name, usable).await, "2");
    world
        .sql(name, "alter table tasks alter column title set not null")
        .await;
    let role = format!("alter role {name} nocreatedb");
    world.client.batch_execute(&role).await.unwrap();
    world.expect(0, &["verify"]).await;
    world.remove(&tenants).await;
}

#[tokio::test]
async fn tenant_at_another_version_is_not_compared() {
    let world = World::new().await;
    world.expect(0, &["up", "--to", "0002"]).await;
    let tenants = [world.tenant("acme").await];
    world.expect(0, &["up", "--wave", "template"]).await;
    let checks = world.json(0, &["verify"]).await;
    assert_eq!(checks[0]["state"], "other_version", "{checks}");
    assert_eq!(checks[0]["version"], "0002_projects_and_boards");
    world.remove(&tenants).await;
}
