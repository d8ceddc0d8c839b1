//! One change of many tasks.

use futures::future::join_all;
use kernel::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Person, text};
use crate::world::World;

async fn edit(person: &Person, tasks: &[&str], change: Value) -> Answer {
    let items: Vec<_> = tasks.iter().map(|id| json!({"id": id})).collect();
    let body = json!({"items": items, "change": change});
    person.post("/tasks/bulk", body).await
}

fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| item["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn each_task_has_its_own_answer_and_the_others_change_all_the_same() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (a, b) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let due = json!({"due_date": "2026-03-01"});
    let _ = owner.patch(&format!("/tasks/{b}"), due).await.expect(200);
    let gone = owner.task(&project, "Gone").await;
    let _ = owner.delete(&format!("/tasks/{gone}")).await.expect(204);
    let label = json!({"name": "bug"});
    let path = format!("/projects/{project}/labels");
    let label = text(&owner.post(&path, label).await.expect(201), "id");

    let change = json!({"status": "done", "priority": "urgent", "start_date": "2026-03-02",
        "assignee_ids": [owner.id], "add_label_ids": [label]});
    let answer = edit(&owner, &[&a, &b, &gone], change).await.expect(200);
    assert_eq!(statuses(&answer), [200, 422, 404]);
    assert_eq!(
        answer["items"][1]["problem"]["errors"][0]["code"],
        "before_start"
    );
    let changed = owner.get(&format!("/tasks/{a}")).await.expect(200);
    assert_eq!(changed["version"], answer["items"][0]["version"]);
    assert_eq!(
        (
            &changed["status"],
            &changed["priority"],
            &changed["column_id"]
        ),
        (&json!("done"), &json!("urgent"), &json!(columns[3]))
    );
    assert_eq!(changed["label_ids"], json!([label]));
    assert_eq!(changed["assignee_ids"], json!([owner.id]));
    let refused = owner.get(&format!("/tasks/{b}")).await.expect(200);
    assert_eq!(
        (&refused["version"], &refused["priority"]),
        (&json!(2), &json!("medium")),
        "nothing of it"
    );

    let away = json!({"remove_label_ids": [label], "archived": true});
    let answer = edit(&owner, &[&a, &b], away).await.expect(200);
    assert_eq!(statuses(&answer), [200, 200]);
    let answer = edit(&owner, &[&b, &a], json!({"delete": true}))
        .await
        .expect(200);
    assert_eq!(statuses(&answer), [204, 204]);
    let _ = owner.get(&format!("/tasks/{a}")).await.expect(404);
    world.end().await;
}

#[tokio::test]
async fn refused_task_leaves_no_trace_of_a_change_that_began() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "A").await;
    let before = world.events().await.len();
    // The priority is changed first; then there is no column for the status.
    let change = json!({"priority": "high", "status": "cancelled"});
    let answer = edit(&owner, &[&task], change).await.expect(200);
    assert_eq!(statuses(&answer), [409]);
    assert_eq!(
        answer["items"][0]["problem"]["code"],
        "no_column_for_status"
    );
    let view = owner.get(&format!("/tasks/{task}")).await.expect(200);
    assert_eq!(
        (&view["priority"], &view["version"]),
        (&json!("medium"), &json!(1))
    );
    assert_eq!(world.events().await.len(), before);
    let history = owner.get(&format!("/tasks/{task}/history")).await;
    assert_eq!(history.expect(200)["items"].as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn rights_and_versions_are_asked_task_by_task() {
    let world = World::new().await;
    let (owner, member, viewer) = (
        world.person(Role::Owner),
        world.person(Role::Member),
        world.person(Role::Viewer),
    );
    let (open, _) = owner.project("Apollo").await;
    let (closed, _) = owner.project("Gemini").await;
    let (task, hidden) = (owner.task(&open, "A").await, owner.task(&closed, "B").await);
    sea_orm::sqlx::query("update projects set is_public = false where id = $1")
        .bind(closed.parse::<uuid::Uuid>().unwrap())
        .execute(&world.database)
        .await
        .unwrap();
    let high = json!({"priority": "high"});
    let answer = edit(&member, &[&task, &hidden], high.clone()).await;
    assert_eq!(statuses(&answer.expect(200)), [200, 404]);
    let answer = edit(&viewer, &[&task], high.clone()).await.expect(200);
    assert_eq!(statuses(&answer), [403]);
    let answer = edit(&member, &[&task], json!({"delete": true})).await;
    assert_eq!(statuses(&answer.expect(200)), [403]);
    let items = json!([{"id": task, "version": 1}]);
    let stale = json!({"items": items, "change": {"priority": "low"}});
    let answer = owner.post("/tasks/bulk", stale).await.expect(200);
    assert_eq!(answer["items"][0]["problem"]["code"], "stale_version");
    let _ = edit(&world.nobody(), &[&task], high.clone())
        .await
        .expect(401);

    edit(&owner, &[&task, &task], high.clone())
        .await
        .expect_refused(&["/items/1/id"]);
    edit(&owner, &[&task], json!({}))
        .await
        .expect_refused(&["/change"]);
    let both = json!({"delete": true, "priority": "low"});
    edit(&owner, &[&task], both)
        .await
        .expect_refused(&["/change/delete"]);
    edit(&owner, &[], high.clone())
        .await
        .expect_refused(&["/items"]);
    let many = vec![task.as_str(); 101];
    edit(&owner, &many, high).await.expect_refused(&["/items"]);
    let alien = json!({"project_id": closed});
    edit(&owner, &[&task], alien)
        .await
        .expect_refused(&["/change/project_id"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_change_the_same_tasks_both_do() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let mut tasks = Vec::new();
    for turn in 0..40 {
        tasks.push(owner.task(&project, &format!("Task {turn}")).await);
    }
    let rounds = [("done", false), ("review", true)].map(|(status, backwards)| {
        let (person, mut tasks) = (owner.clone(), tasks.clone());
        if backwards {
            tasks.reverse();
        }
        tokio::spawn(async move {
            let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
            let change = json!({"status": status, "priority": "high"});
            statuses(&edit(&person, &tasks, change).await.expect(200))
        })
    });
    for round in join_all(rounds).await {
        assert_eq!(round.unwrap(), [200; 40]);
    }
    let (done, review) = (
        owner.cards(&columns[3]).await,
        owner.cards(&columns[2]).await,
    );
    assert_eq!(done.len() + review.len(), 40);
    assert!(done.is_empty() || review.is_empty(), "one after the other");
    world.end().await;
}
