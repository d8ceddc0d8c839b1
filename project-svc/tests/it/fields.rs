//! Custom fields.

use kernel::Role;
use serde_json::{Value, json};

use crate::client::{Person, text};
use crate::world::World;

async fn field(owner: &Person, project: &str, body: Value) -> String {
    let made = owner
        .post(&format!("/projects/{project}/fields"), body)
        .await;
    text(&made.expect(201), "id")
}

async fn usual_fields(owner: &Person, project: &str) -> Vec<String> {
    let options = json!([{"value": "low", "name": "Low"}, {"value": "high", "name": "High", "color": "#ff0000"}]);
    let mut ids = Vec::new();
    for body in [
        json!({"key": "severity", "name": "Severity", "kind": "select", "options": options, "on_card": true}),
        json!({"key": "areas", "name": "Areas", "kind": "multi_select", "options": options}),
        json!({"key": "size", "name": "Size", "kind": "number"}),
        json!({"key": "cost", "name": "Cost", "kind": "currency", "currency": "EUR"}),
        json!({"key": "tester", "name": "Tester", "kind": "user"}),
        json!({"key": "note", "name": "Note", "kind": "text"}),
        json!({"key": "shipped", "name": "Shipped", "kind": "date"}),
        json!({"key": "billable", "name": "Billable", "kind": "bool"}),
        json!({"key": "page", "name": "Page", "kind": "url"}),
    ] {
        ids.push(field(owner, project, body).await);
    }
    ids
}

#[tokio::test]
async fn values_are_checked_kept_changed_and_taken_away() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let ids = usual_fields(&owner, &project).await;
    let values = json!({"severity": "high", "areas": ["high", "low"], "size": 2.5, "cost": "12.50",
        "tester": owner.id, "note": "日本 🚀 عربي", "shipped": "2026-03-02", "billable": false,
        "page": "https://example.com"});
    let path = format!("/projects/{project}/tasks");
    let body = json!({"title": "Fuel", "fields": values});
    let task = owner.post(&path, body).await.expect(201);
    let mut kept = values.clone();
    kept["areas"] = json!(["low", "high"]);
    assert_eq!(task["fields"], kept);
    let stored: Value = sea_orm::sqlx::query_scalar("select fields -> $1 from tasks")
        .bind(&ids[0])
        .fetch_one(&world.database)
        .await
        .unwrap();
    assert_eq!(stored, "high", "kept by the id of the field");
    let cards = owner.get(&format!("/columns/{}/cards", columns[0])).await;
    assert_eq!(
        cards.expect(200)["items"][0]["fields"],
        json!({"severity": "high"})
    );

    let path = format!("/tasks/{}", text(&task, "id"));
    let change = json!({"fields": {"severity": "low", "note": null}});
    let changed = owner.patch(&path, change).await.expect(200);
    kept["severity"] = json!("low");
    kept.as_object_mut().unwrap().remove("note");
    assert_eq!(
        (&changed["fields"], &changed["version"]),
        (&kept, &json!(2))
    );
    assert_eq!(owner.get(&path).await.expect(200)["fields"], kept);
    assert_eq!(
        world.last_event("task.updated").await["changed"],
        json!(["fields.note", "fields.severity"])
    );
    let history = owner.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(
        history["items"][0]["changes"]["fields.severity"],
        json!({"from": "high", "to": "low"})
    );

    // A field that goes takes its values with it.
    let severity = format!("/projects/{project}/fields/{}", ids[0]);
    let _ = owner.delete(&severity).await.expect(204);
    let view = owner.get(&path).await.expect(200);
    assert_eq!(view["fields"].get("severity"), None);
    let change = json!({"fields": {"severity": "low"}});
    owner
        .patch(&path, change)
        .await
        .expect_refused(&["/fields/severity"]);
    world.end().await;
}

#[tokio::test]
async fn values_that_do_not_fit_are_all_refused_at_once() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let _ = usual_fields(&owner, &project).await;
    let task = owner.task(&project, "Fuel").await;
    let bad = json!({"fields": {"areas": ["none"], "billable": 1, "cost": 5, "moon": 1, "page": "ftp://x",
        "severity": "medium", "shipped": "soon", "size": "big"}});
    let pointers = [
        "/fields/areas",
        "/fields/billable",
        "/fields/cost",
        "/fields/moon",
        "/fields/page",
        "/fields/severity",
        "/fields/shipped",
        "/fields/size",
    ];
    let path = format!("/projects/{project}/tasks");
    let mut create = bad.clone();
    create["title"] = json!("New");
    owner.post(&path, create).await.expect_refused(&pointers);
    let path = format!("/tasks/{task}");
    owner.patch(&path, bad).await.expect_refused(&pointers);
    let nobody = json!({"fields": {"tester": world.tenant}});
    owner
        .patch(&path, nobody)
        .await
        .expect_refused(&["/fields/tester"]);
    let nul = json!({"fields": {"note": "a\u{0}b"}});
    let _ = owner.patch(&path, nul).await.expect(422);
    let crowd: Value = (0..51)
        .map(|turn| (format!("f{turn}"), json!(1)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    owner
        .patch(&path, json!({"fields": crowd}))
        .await
        .expect_refused(&["/fields"]);
    world.end().await;
}

#[tokio::test]
async fn new_tasks_have_what_is_required() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let before = owner.task(&project, "Before").await;
    let size = json!({"key": "size", "name": "Size", "kind": "number", "required": true});
    let _ = field(&owner, &project, size).await;
    let path = format!("/projects/{project}/tasks");
    let refused = owner.post(&path, json!({"title": "After"})).await;
    refused.expect_refused(&["/fields/size"]);
    let body = json!({"title": "After", "fields": {"size": 1}});
    let task = owner.post(&path, body).await.expect(201);
    let none = json!({"fields": {"size": null}});
    let path = format!("/tasks/{}", text(&task, "id"));
    owner
        .patch(&path, none)
        .await
        .expect_refused(&["/fields/size"]);
    // What was there before stays changeable.
    let _ = owner
        .patch(&format!("/tasks/{before}"), json!({"title": "Still"}))
        .await
        .expect(200);
    world.end().await;
}

#[tokio::test]
async fn definitions_are_of_their_project_and_have_keys_of_their_own() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (other, _) = owner.project("Gemini").await;
    let size = json!({"key": "size", "name": "Size", "kind": "number"});
    let id = field(&owner, &project, size.clone()).await;
    let path = format!("/projects/{project}/fields");
    let again = owner.post(&path, size.clone()).await;
    let _ = again.expect_problem(409, "field_taken");
    let _ = field(&owner, &other, size).await;
    let foreign = format!("/projects/{other}/fields/{id}");
    let name = json!({"name": "Mine"});
    let _ = owner.patch(&foreign, name.clone()).await.expect(404);
    let _ = owner.delete(&foreign).await.expect(404);

    let own = format!("{path}/{id}");
    let stale = json!({"name": "Mine", "version": 7});
    let _ = owner
        .patch(&own, stale)
        .await
        .expect_problem(409, "stale_version");
    let renamed = owner.patch(&own, name).await.expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["version"]),
        (&json!("Mine"), &json!(2))
    );
    let alien = json!({"key": "other", "kind": "text", "project_id": other, "id": id});
    let mut pointers = owner.patch(&own, alien).await.expect(422)["errors"].clone();
    pointers
        .as_array_mut()
        .unwrap()
        .sort_by_key(|error| error["pointer"].to_string());
    let pointers: Vec<_> = pointers
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/id", "/key", "/kind", "/project_id"]);
    let empty = json!({"key": "s", "name": "S", "kind": "select"});
    owner.post(&path, empty).await.expect_refused(&["/options"]);
    world.end().await;
}
