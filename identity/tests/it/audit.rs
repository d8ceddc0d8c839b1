//! The log of security events: what gets into it, who reads it, what leaves it.

use chrono::{DateTime, TimeDelta, Utc};
use events::topic::link::LinkRevoked;
use events::topic::project::ProjectDeleted;
use events::topic::tenant::{TenantCreated, TenantSuspended};
use events::{Action, Envelope, Event};
use identity::audit::news;
use kernel::{Ids, TenantId};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const PATH: &str = "/api/v1/audit-events";

async fn read(world: &World, acme: &Organization, query: &str) -> Answer {
    let call = world.get(&format!("{PATH}{query}")).at(acme.id);
    call.bearer(&acme.owner).send().await
}

async fn events(world: &World, acme: &Organization, query: &str) -> Vec<Value> {
    let page = read(world, acme, query).await.expect(200).body;
    page["items"].as_array().unwrap().clone()
}

/// Events that nobody caused, of the first organization in the table.
async fn add(world: &World, acme: &Organization, many: u32, action: &str) {
    let id = acme.id;
    let insert = format!(
        "insert into audit_events (id, tenant_id, action, succeeded, user_agent, created_at)
         select gen_random_uuid(), '{id}', '{action}', true, '=HYPERLINK(\"x\")', now() - n * interval '1 second'
         from generate_series(1, {many}) n"
    );
    world.alter(&insert).await;
}

#[tokio::test]
async fn service_can_neither_change_nor_remove_what_was_written() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let before = world.count("audit_events").await;
    assert!(before > 0);
    for attempt in [
        "update audit_events set succeeded = true",
        "update audit_events set actor_id = null where false",
        "delete from audit_events",
        "truncate audit_events",
        "alter table audit_events disable trigger all",
        "create or replace function forget_audit_events(batch integer) returns bigint language sql as 'select 1::bigint'",
    ] {
        let refused = world.identity.db.execute_unprepared(attempt).await;
        let reason = refused.unwrap_err().to_string();
        assert!(
            reason.contains("permission denied") || reason.contains("must be owner"),
            "{attempt}: {reason}"
        );
    }
    // The ways out refuse what is young, of an organization that is there, of a person who is there.
    for attempt in [
        "forget_audit_events(10000)".to_owned(),
        format!("forget_audit_events_of('{}')", acme.id),
        format!("anonymize_audit_events('{}')", acme.owner_id),
    ] {
        let sql = format!("select {attempt} as moved");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let row = world.identity.db.query_one_raw(statement).await.unwrap();
        assert_eq!(row.unwrap().try_get::<i64>("", "moved").unwrap(), 0);
    }
    assert_eq!(world.count("audit_events").await, before);
    assert_eq!(
        world.count("audit_events where address is not null").await,
        before
    );
    world.close().await;
}

#[tokio::test]
async fn events_are_kept_as_long_as_their_organization_says() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let shorter = "update organizations set audit_retention_days = 30 where subdomain = 'acme'";
    world.alter(shorter).await;
    for organization in [&acme, &zeta] {
        add(&world, organization, 3, "test.aged").await;
    }
    let nowhere = "insert into audit_events (id, action, succeeded) values (gen_random_uuid(), 'test.aged', false)";
    world.alter(nowhere).await;
    let age = "update audit_events set created_at = created_at - interval '31 days' where action = 'test.aged'";
    world.alter(age).await;
    identity::jobs::forget(&world.identity).await.unwrap();
    let left = async |of: &str| {
        world
            .count(&format!("audit_events where action = 'test.aged' and {of}"))
            .await
    };
    let of = |organization: &Organization| format!("tenant_id = '{}'", organization.id);
    assert_eq!((left(&of(&acme)).await, left(&of(&zeta)).await), (0, 3));
    assert_eq!(left("tenant_id is null").await, 1);
    let older = "update audit_events set created_at = created_at - interval '335 days' where action = 'test.aged'";
    world.alter(older).await;
    identity::jobs::forget(&world.identity).await.unwrap();
    assert_eq!(left("true").await, 0);
    assert!(!events(&world, &acme, "").await.is_empty());
    world.close().await;
}

#[tokio::test]
async fn failed_sign_in_names_the_member_and_nobody_else() {
    let world = World::new().await;
    let (acme, _zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    for (email, password) in [
        ("acme@example.com", "not the password"),
        ("nobody@example.com", PASSWORD),
        // Has an account, but not here: for this organization it is nobody.
        ("zeta@example.com", PASSWORD),
        ("zeta@example.com", "not the password"),
    ] {
        let refused = world.login(acme.id, email, password).await;
        assert_eq!(refused.problem(), (401, "invalid_credentials"));
    }
    let refused = events(&world, &acme, "?action=session.refused").await;
    let actors: Vec<&Value> = refused
        .iter()
        .rev()
        .map(|event| &event["actor_id"])
        .collect();
    let owner = json!(acme.owner_id);
    assert_eq!(actors, [&owner, &Value::Null, &Value::Null, &Value::Null]);
    for event in &refused {
        assert_eq!(event["succeeded"], false);
        assert_eq!(event["address"], "192.0.2.1");
        assert_eq!(event["detail"], json!({"code": "invalid_credentials"}));
    }
    assert!(!Value::from(refused).to_string().contains("example.com"));
    world.close().await;
}

#[tokio::test]
async fn refused_permission_is_written_down_with_what_was_asked() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let viewer = world.member(&acme, "vera@example.com", "viewer").await;
    let token = viewer.text("access_token");
    let path = format!("/api/v1/users/{}", acme.owner_id);
    let call = world.patch(&path, &json!({"role": "viewer"})).at(acme.id);
    let call = call.bearer(&token).header("user-agent", "curl/8");
    assert_eq!(call.send().await.problem(), (403, "permission_denied"));
    let call = world.get(PATH).at(acme.id).bearer(&token);
    assert_eq!(call.send().await.problem(), (403, "permission_denied"));

    let denied = events(&world, &acme, "?action=permission&succeeded=false").await;
    assert_eq!(denied.len(), 2, "{denied:?}");
    assert_eq!(denied[0]["detail"]["route"], PATH);
    assert_eq!(
        denied[1]["detail"],
        json!({"code": "permission_denied", "method": "PATCH", "route": "/api/v1/users/{id}"})
    );
    assert_eq!(denied[1]["actor_name"], "New Member");
    assert_eq!(denied[1]["user_agent"], "curl/8");
    world.close().await;
}

#[tokio::test]
async fn list_shows_what_was_asked_for_page_by_page() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    add(&world, &acme, 7, "test.listed").await;
    add(&world, &zeta, 2, "test.listed").await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = format!("?action=test&limit=3{cursor}");
        let page = read(&world, &acme, &query).await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|event| event["created_at"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");

    let owner = &acme.owner_id;
    let opened = events(&world, &acme, &format!("?actor={owner}")).await;
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert_eq!(opened[0]["action"], "session.opened");
    let target = opened[0]["target_id"].as_str().unwrap();
    assert_eq!(
        events(&world, &acme, &format!("?target={target}")).await,
        opened
    );
    assert!(events(&world, &acme, "?action=tes").await.is_empty());
    assert!(
        events(&world, &acme, "?action=test&succeeded=false")
            .await
            .is_empty()
    );
    let day = |moment: DateTime<Utc>| moment.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let now = world.clock.now();
    let (from, to) = (
        day(now - TimeDelta::hours(1)),
        day(now - TimeDelta::seconds(4)),
    );
    let some = events(&world, &acme, &format!("?action=test&from={from}&to={to}")).await;
    assert!((1..7).contains(&some.len()), "{}", some.len());
    world.close().await;
}

#[tokio::test]
async fn wrong_questions_are_refused_one_by_one() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for (query, pointer) in [
        ("?action=a%25", "action"),
        ("?from=%2B12030-01-01T00:00:00Z", "from"),
        ("?from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z", "to"),
        ("?actor=me", "actor"),
        ("?succeeded=perhaps", "succeeded"),
        ("?who=me", "who"),
        ("?cursor=bm9wZQ", "cursor"),
        ("/export", "format"),
        ("/export?format=xml", "format"),
        ("/export?format=csv&action=a'b", "action"),
    ] {
        let refused = read(&world, &acme, query).await.expect(422).body;
        let named = refused["errors"].to_string();
        assert!(named.contains(pointer), "{query}: {refused}");
    }
    world.close().await;
}

#[tokio::test]
async fn export_is_the_whole_log_as_a_harmless_file() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let _zeta = world.organization("zeta").await;
    add(&world, &acme, 2_345, "test.exported").await;
    let export = async |query: &str| {
        let answer = read(&world, &acme, &format!("/export?{query}"))
            .await
            .expect(200);
        let text = String::from_utf8(answer.raw.to_vec()).unwrap();
        (answer, text)
    };
    let (answer, text) = export("format=csv&action=test.exported").await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        answer.headers["content-disposition"],
        "attachment; filename=\"audit-events.csv\""
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2_346);
    assert!(
        lines[0].starts_with("id,created_at,action,"),
        "{}",
        lines[0]
    );
    for line in &lines[1..] {
        assert!(line.contains(r#","'=HYPERLINK(""x"")","#), "{line}");
    }

    let (_, text) = export("format=jsonl").await;
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let all = world
        .count(&format!("audit_events where tenant_id = '{}'", acme.id))
        .await;
    assert_eq!(i64::try_from(lines.len()).unwrap(), all);
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["action"] == "audit.exported")
            .count(),
        2
    );
    world.close().await;
}

fn told<E: Event>(world: &World, tenant: TenantId, event: &E) -> Envelope {
    let actor = Ids::system().next();
    Envelope::new(
        &Ids::system(),
        &world.clock,
        "test",
        tenant,
        Some(actor),
        event,
    )
}

#[tokio::test]
async fn what_other_services_tell_is_written_once() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let ids = Ids::system();
    let project_id = ids.next();
    let deleted = told(&world, acme.id, &ProjectDeleted { project_id });
    let revoked = LinkRevoked {
        link_id: ids.next(),
        resource: "task:1".to_owned(),
    };
    let subdomain = "acme".to_owned();
    let suspended = TenantSuspended {
        tenant_id: acme.id,
        subdomain: subdomain.clone(),
    };
    let created = TenantCreated {
        tenant_id: acme.id,
        subdomain,
        name: "Acme".to_owned(),
    };
    let gone: TenantId = ids.next();
    for event in [
        &deleted,
        &told(&world, acme.id, &revoked),
        &told(&world, acme.id, &suspended),
        &deleted,
        &told(&world, acme.id, &created),
        &told(&world, gone, &ProjectDeleted { project_id }),
    ] {
        assert_eq!(news::take(&world.identity, event).await, Action::Ack);
    }
    let counted = async |action: &str| events(&world, &acme, &format!("?action={action}")).await;
    let found = counted("project.deleted").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["target_id"], project_id.to_string());
    assert_eq!(found[0]["actor_id"], deleted.actorid.unwrap().to_string());
    assert_eq!(counted("link.revoked").await.len(), 1);
    assert_eq!(
        counted("tenant").await.len(),
        1,
        "not every event is one of security"
    );
    assert_eq!(
        world
            .count(&format!("audit_events where tenant_id = '{gone}'"))
            .await,
        0
    );
    world.close().await;
}

#[tokio::test]
async fn refused_passwords_reused_tokens_and_ends_of_sessions_are_told() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let told = async |what: &str| world.count(&format!("audit_events where {what}")).await;
    let wrong =
        json!({"current_password": "wrong horse battery", "new_password": "tyger tyger burning"});
    let change = world.put("/api/v1/auth/password", &wrong).at(acme.id);
    let change = change.bearer(&acme.owner).send().await;
    assert_eq!(change.problem(), (403, "wrong_password"));
    let confirmed = "action = 'account.confirmed' and not succeeded";
    assert_eq!(told(confirmed).await, 1);

    world.organization("zeta").await;
    let token = world.invite(&acme, "zeta@example.com", "member").await;
    let body = json!({"token": token, "password": "wrong horse battery"});
    let accept = world.post("/api/v1/invitations/accept", &body).at(acme.id);
    assert_eq!(accept.send().await.problem(), (401, "invalid_credentials"));
    let refused = "action = 'session.refused' and not succeeded";
    assert_eq!(told(refused).await, 1);

    let next = world.refresh(acme.id, &acme.refresh_token).await;
    let next = next.expect(200).text("refresh_token");
    world.refresh(acme.id, &next).await.expect(200);
    let reused = world.refresh(acme.id, &acme.refresh_token).await;
    assert_eq!(reused.problem(), (401, "invalid_refresh_token"));
    assert_eq!(
        told("action = 'session.refreshed' and not succeeded").await,
        1
    );

    let session = world.login(acme.id, "acme@example.com", PASSWORD).await;
    let session = session.expect(200).text("access_token");
    let logout = world.post("/api/v1/auth/logout", &json!({})).at(acme.id);
    logout.bearer(&session).send().await.expect(204);
    assert_eq!(told("action = 'session.ended' and succeeded").await, 1);
    world.close().await;
}
