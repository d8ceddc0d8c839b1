//! What a task carries beside its title: dates, labels, checklists, watchers, its history; and its other names.

use kernel::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Person, ids, text};
use crate::world::World;

async fn label(owner: &Person, project: &str, name: &str) -> String {
    let body = json!({"name": name, "color": "#00ff00"});
    let made = owner
        .post(&format!("/projects/{project}/labels"), body)
        .await;
    text(&made.expect(201), "id")
}

#[tokio::test]
async fn labels_are_of_one_project_and_tasks_carry_them() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (other, _) = owner.project("Gemini").await;
    let (bug, ui) = (
        label(&owner, &project, "bug").await,
        label(&owner, &project, "UI").await,
    );
    let foreign = label(&owner, &other, "bug").await;
    let labels = format!("/projects/{project}/labels");
    let again = owner.post(&labels, json!({"name": "Bug"})).await;
    let _ = again.expect_problem(409, "label_taken");

    let tasks = format!("/projects/{project}/tasks");
    let body = json!({"title": "Fuel", "label_ids": [bug, ui, bug]});
    let task = owner.post(&tasks, body).await.expect(201);
    assert_eq!(task["label_ids"], json!([bug, ui]));
    let body = json!({"title": "Fuel", "label_ids": [bug, foreign]});
    owner
        .post(&tasks, body)
        .await
        .expect_refused(&["/label_ids/1"]);
    let many: Vec<String> = (0..10_000).map(|_| bug.clone()).collect();
    let body = json!({"title": "Fuel", "label_ids": many});
    owner
        .post(&tasks, body)
        .await
        .expect_refused(&["/label_ids"]);

    let path = format!("/tasks/{}", text(&task, "id"));
    let changed = owner
        .patch(&path, json!({"label_ids": [ui]}))
        .await
        .expect(200);
    assert_eq!(
        (&changed["label_ids"], &changed["version"]),
        (&json!([ui]), &json!(2))
    );
    let foreign = json!({"label_ids": [foreign]});
    owner
        .patch(&path, foreign)
        .await
        .expect_refused(&["/label_ids/0"]);
    let same = owner
        .patch(&path, json!({"label_ids": [ui]}))
        .await
        .expect(200);
    assert_eq!(same["version"], 2, "nothing is different");
    let cards = owner.get(&format!("/columns/{}/cards", columns[0])).await;
    assert_eq!(cards.expect(200)["items"][0]["label_ids"], json!([ui]));
    let history = owner.get(&format!("{path}/history")).await.expect(200);
    let change = json!({"label_ids": {"from": [bug, ui], "to": [ui]}});
    assert_eq!(history["items"][0]["changes"], change);

    let own = format!("{labels}/{ui}");
    let renamed = owner
        .patch(&own, json!({"name": "Screens", "color": null}))
        .await;
    assert_eq!(renamed.expect(200)["color"], Value::Null);
    let taken = owner.patch(&own, json!({"name": "BUG"})).await;
    let _ = taken.expect_problem(409, "label_taken");
    let elsewhere = format!("/projects/{other}/labels/{ui}");
    let _ = owner
        .patch(&elsewhere, json!({"name": "x"}))
        .await
        .expect(404);
    let _ = owner.delete(&elsewhere).await.expect(404);
    let page = owner.get(&format!("{labels}?limit=1")).await.expect(200);
    assert_eq!(ids(&page["items"]), std::slice::from_ref(&bug));
    let cursor = text(&page, "next_cursor");
    let page = owner
        .get(&format!("{labels}?limit=1&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (ids(&page["items"]), &page["next_cursor"]),
        (vec![ui.clone()], &Value::Null)
    );
    let _ = owner.delete(&own).await.expect(204);
    assert_eq!(owner.get(&path).await.expect(200)["label_ids"], json!([]));
    assert_eq!(
        world.last_event("project.updated").await["changed"],
        json!(["labels"])
    );
    world.end().await;
}

#[tokio::test]
async fn dates_and_estimates_have_limits() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let body = json!({"title": "Fuel", "start_date": "2026-03-02", "due_date": "2026-03-02",
        "estimate_seconds": 360_000_000});
    let tasks = format!("/projects/{project}/tasks");
    let task = owner.post(&tasks, body).await.expect(201);
    assert_eq!(task["estimate_seconds"], 360_000_000);
    let path = format!("/tasks/{}", text(&task, "id"));
    for (wrong, pointer) in [
        (json!({"start_date": "2026-03-03"}), "/due_date"),
        (json!({"due_date": "2026-03-01"}), "/due_date"),
        (
            json!({"estimate_seconds": 360_000_001}),
            "/estimate_seconds",
        ),
        (json!({"estimate_seconds": -1}), "/estimate_seconds"),
        (json!({"start_date": "1969-12-31"}), "/start_date"),
    ] {
        owner
            .patch(&path, wrong.clone())
            .await
            .expect_refused(&[pointer]);
        let mut create =
            json!({"title": "Fuel", "start_date": "2026-03-02", "due_date": "2026-03-02"});
        create
            .as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        owner.post(&tasks, create).await.expect_refused(&[pointer]);
    }
    let both =
        json!({"start_date": "2026-04-01", "due_date": "2026-04-02", "estimate_seconds": null});
    let moved = owner.put(&path, both).await.expect(200);
    assert_eq!(
        (&moved["start_date"], &moved["estimate_seconds"]),
        (&json!("2026-04-01"), &Value::Null)
    );
    world.end().await;
}

#[tokio::test]
async fn checklists_are_ticked_rearranged_and_of_one_task() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (task, other) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let path = format!("/tasks/{task}/checklists");
    let make =
        async |path: String, body: Value| text(&owner.post(&path, body).await.expect(201), "id");
    let before = make(path.clone(), json!({"name": "Before"})).await;
    let after = make(path.clone(), json!({"name": "After"})).await;
    let items = format!("{path}/{before}/items");
    let fuel = make(items.clone(), json!({"text": "Fuel"})).await;
    let crew = make(items.clone(), json!({"text": "Crew", "before_id": fuel})).await;
    let _ = make(
        format!("{path}/{after}/items"),
        json!({"text": "Land", "done": true}),
    )
    .await;

    let shape = async || -> Value {
        let lists = owner.get(&path).await.expect(200)["items"].clone();
        let shape = lists.as_array().unwrap().iter().map(|list| {
            let items = list["items"].as_array().unwrap().iter();
            let texts: Vec<_> = items.map(|item| item["text"].clone()).collect();
            json!([list["name"], texts, list["progress"]["done"]])
        });
        shape.collect()
    };
    assert_eq!(
        shape().await,
        json!([["Before", ["Crew", "Fuel"], 0], ["After", ["Land"], 1]])
    );
    let ticked = owner
        .patch(&format!("{items}/{crew}"), json!({"done": true}))
        .await
        .expect(200);
    assert_eq!(
        (&ticked["done"], &ticked["version"]),
        (&json!(true), &json!(2))
    );
    let view = owner.get(&format!("/tasks/{task}")).await.expect(200);
    assert_eq!(view["checklist"], json!({"total": 3, "done": 2}));
    let cards = owner.get(&format!("/columns/{}/cards", columns[0])).await;
    assert_eq!(
        cards.expect(200)["items"][0]["checklist"],
        json!({"total": 3, "done": 2})
    );

    let to = json!({"checklist_id": after, "version": 2});
    let _ = owner
        .patch(&format!("{items}/{crew}"), to)
        .await
        .expect(200);
    let front = json!({"before_id": before, "name": "Later"});
    let _ = owner
        .patch(&format!("{path}/{after}"), front)
        .await
        .expect(200);
    assert_eq!(
        shape().await,
        json!([["Later", ["Land", "Crew"], 2], ["Before", ["Fuel"], 0]])
    );
    assert_eq!(
        world.last_event("task.updated").await["changed"],
        json!(["checklists"])
    );

    // Nothing of it is under another task, and nothing of another task goes here.
    let elsewhere = format!("/tasks/{other}/checklists");
    let foreign = make(elsewhere.clone(), json!({"name": "Other"})).await;
    let name = json!({"name": "Mine"});
    let _ = owner
        .patch(&format!("{elsewhere}/{before}"), name.clone())
        .await
        .expect(404);
    let _ = owner
        .delete(&format!("{elsewhere}/{before}"))
        .await
        .expect(404);
    let done = json!({"done": true});
    let _ = owner
        .patch(&format!("{elsewhere}/{before}/items/{fuel}"), done.clone())
        .await
        .expect(404);
    let _ = owner
        .patch(&format!("{path}/{after}/items/{fuel}"), done)
        .await
        .expect(404);
    let text = json!({"text": "x"});
    let _ = owner
        .post(&format!("{elsewhere}/{before}/items"), text)
        .await
        .expect(404);
    let away = json!({"checklist_id": foreign});
    owner
        .patch(&format!("{items}/{fuel}"), away)
        .await
        .expect_refused(&["/checklist_id"]);
    let beside = json!({"before_id": crew});
    owner
        .patch(&format!("{items}/{fuel}"), beside)
        .await
        .expect_refused(&["/before_id"]);
    for wrong in [" x", "a\nb", &"x".repeat(501)] {
        owner
            .post(&items, json!({"text": wrong}))
            .await
            .expect_refused(&["/text"]);
    }
    let _ = owner
        .post(&items, json!({"text": "🚀".repeat(500)}))
        .await
        .expect(201);

    let _ = owner.delete(&format!("{items}/{fuel}")).await.expect(204);
    let _ = owner.delete(&format!("{path}/{after}")).await.expect(204);
    assert_eq!(ids(&owner.get(&path).await.expect(200)["items"]), [before]);
    world.end().await;
}

#[tokio::test]
async fn people_watch_what_they_see() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let (watch, watchers) = (
        format!("/tasks/{task}/watch"),
        format!("/tasks/{task}/watchers"),
    );
    for _ in 0..2 {
        let _ = viewer.put(&watch, Value::Null).await.expect(204);
    }
    let list = owner.get(&watchers).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["user_id"], json!(viewer.id));
    let of_owner = format!("{watchers}/{}", owner.id);
    let _ = viewer.put(&of_owner, Value::Null).await.expect(403);
    let _ = owner.put(&of_owner, Value::Null).await.expect(204);
    let stranger = format!("{watchers}/{}", world.tenant);
    let _ = owner.put(&stranger, Value::Null).await.expect(422);
    let _ = viewer.delete(&watch).await.expect(204);
    let list = owner.get(&watchers).await.expect(200);
    assert_eq!(list["items"][0]["user_id"], json!(owner.id));
    assert_eq!(
        world.last_event("task.updated").await["changed"],
        json!(["watchers"])
    );
    world.end().await;
}

#[tokio::test]
async fn task_is_found_by_its_key_and_created_by_other_doors() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (project, columns) = owner.project("Apollo").await;
    let (other, _) = owner.project("Gemini").await;
    let task = owner.task(&project, "Fuel").await;
    for key in ["APO-1", "apo-1"] {
        let found = viewer
            .get(&format!("/tasks/by-key/{key}"))
            .await
            .expect(200);
        assert_eq!(text(&found, "id"), task);
    }
    for key in ["APO-2", "APO", "APO-x", "XYZ-1", "APO-1%00"] {
        let _ = owner.get(&format!("/tasks/by-key/{key}")).await.expect(404);
    }
    let card = json!({"title": "Card"});
    let path = format!("/columns/{}/cards", columns[2]);
    let card = owner.post(&path, card).await.expect(201);
    assert_eq!(
        (&card["status"], &card["column_id"]),
        (&json!("review"), &json!(columns[2]))
    );
    let elsewhere = json!({"title": "Card", "column_id": columns[0]});
    owner
        .post(&path, elsewhere)
        .await
        .expect_refused(&["/column_id"]);
    let anywhere = json!({"title": "Any", "project_id": other});
    let made = owner.post("/tasks", anywhere.clone()).await.expect(201);
    assert_eq!(made["key"], "GEM-1");
    let _ = viewer.post("/tasks", anywhere.clone()).await.expect(403);
    owner
        .post("/tasks", json!({"title": "Any"}))
        .await
        .expect_refused(&["/project_id"]);
    let nowhere = json!({"title": "Any", "project_id": world.tenant});
    owner
        .post("/tasks", nowhere)
        .await
        .expect_refused(&["/project_id"]);
    let path = format!("/projects/{project}/tasks");
    owner
        .post(&path, anywhere)
        .await
        .expect_refused(&["/project_id"]);
    let foreign = json!({"title": "Any", "project_id": other, "column_id": columns[0]});
    owner
        .post("/tasks", foreign)
        .await
        .expect_refused(&["/column_id"]);
    let renamed = owner
        .put(&format!("/cards/{task}"), json!({"title": "Tank"}))
        .await;
    assert_eq!(renamed.expect(200)["title"], "Tank");
    assert_eq!(
        owner.get(&format!("/cards/{task}")).await.expect(200)["title"],
        "Tank"
    );
    let _ = owner.delete(&format!("/cards/{task}")).await.expect(204);
    let _ = owner.get("/tasks/by-key/APO-1").await.expect(404);
    world.end().await;
}

#[tokio::test]
async fn blocking_column_refuses_what_a_warning_one_takes() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let sql = "update columns set wip_limit = 1, limit_blocks = true where id = $1";
    let block = sea_orm::sqlx::query(sql).bind(columns[1].parse::<Uuid>().unwrap());
    block.execute(&world.database).await.unwrap();
    let (first, second) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let to = json!({"column_id": columns[1]});
    let go = async |task: &str| owner.put(&format!("/cards/{task}/move"), to.clone()).await;
    let _ = go(&first).await.expect(200);
    let _ = go(&second).await.expect_problem(409, "wip_limit_reached");
    let _ = go(&first).await.expect(200);
    let status = json!({"status": "in_progress"});
    let status = owner.put(&format!("/tasks/{second}/status"), status).await;
    let _ = status.expect_problem(409, "wip_limit_reached");
    let card = owner
        .post(
            &format!("/columns/{}/cards", columns[1]),
            json!({"title": "C"}),
        )
        .await;
    let _ = card.expect_problem(409, "wip_limit_reached");
    assert_eq!(owner.cards(&columns[1]).await, std::slice::from_ref(&first));
    // What is put away takes no room.
    let _ = owner
        .post(&format!("/tasks/{first}/archive"), Value::Null)
        .await
        .expect(200);
    let _ = go(&second).await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn history_says_who_changed_what_from_what_to_what() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let path = format!("/tasks/{task}");
    let long = "日".repeat(20_000);
    let body = json!({"title": "Tank", "description": long, "priority": "high"});
    let _ = member.patch(&path, body).await.expect(200);
    let _ = owner
        .put(
            &format!("{path}/assign"),
            json!({"assignee_ids": [owner.id]}),
        )
        .await
        .expect(200);
    let _ = owner
        .put(&format!("{path}/status"), json!({"status": "done"}))
        .await
        .expect(200);
    let within = json!({"column_id": columns[3], "position": 0});
    let _ = owner
        .put(&format!("/cards/{task}/move"), within)
        .await
        .expect(200);

    let history = owner.get(&format!("{path}/history")).await.expect(200)["items"].clone();
    let kinds: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "task.moved",
            "task.assigned",
            "task.updated",
            "task.created"
        ]
    );
    assert_eq!(
        history[0]["changes"],
        json!({"status": {"from": "todo", "to": "done"}, "column_id": {"from": columns[0], "to": columns[3]}})
    );
    assert_eq!(
        history[1]["changes"]["assignee_ids"],
        json!({"from": [], "to": [owner.id]})
    );
    assert_eq!(history[2]["actor_id"], json!(member.id));
    assert_eq!(history[2]["changes"], Value::Null, "too long for a list");
    let entry = format!("{path}/history/{}", text(&history[2], "id"));
    let entry = owner.get(&entry).await.expect(200);
    assert_eq!(
        entry["changes"]["title"],
        json!({"from": "Fuel", "to": "Tank"})
    );
    assert_eq!(
        entry["changes"]["description"],
        json!({"from": "", "to": long})
    );
    let other = owner.task(&project, "Other").await;
    let foreign = format!("/tasks/{other}/history/{}", text(&history[2], "id"));
    let _ = owner.get(&foreign).await.expect(404);
    let card = owner
        .get(&format!("/cards/{task}/activities?limit=2"))
        .await
        .expect(200);
    assert_eq!(ids(&card["items"]), ids(&history)[..2]);
    let next = format!(
        "/cards/{task}/activities?limit=2&cursor={}",
        text(&card, "next_cursor")
    );
    assert_eq!(
        ids(&owner.get(&next).await.expect(200)["items"]),
        ids(&history)[2..]
    );
    world.end().await;
}
