//! The history of tasks that went from one project to another.

use kernel::Role;
use sea_orm::sqlx::query;
use serde_json::{Value, json};

use crate::client::{Person, text};
use crate::world::World;

/// A task that was changed in one project and then went to another, which all see; the first is closed.
struct Moved {
    from: String,
    to: String,
    task: String,
}

impl Moved {
    async fn new(owner: &Person) -> Self {
        let (from, _) = owner.project("Secret").await;
        let (to, _) = owner.project("Gemini").await;
        let field = json!({"key": "codename", "name": "Codename", "kind": "text"});
        let fields = format!("/projects/{from}/fields");
        let _ = owner.post(&fields, field).await.expect(201);
        let task = owner.task(&from, "Launch").await;
        let change = json!({"title": "Land", "fields": {"codename": "Raven"}});
        let _ = owner
            .patch(&format!("/tasks/{task}"), change)
            .await
            .expect(200);
        let closed = json!({"public": false});
        let _ = owner
            .patch(&format!("/projects/{from}"), closed)
            .await
            .expect(200);
        let transfer = format!("/tasks/{task}/transfer");
        let transfer = owner.post(&transfer, json!({"project_id": to})).await;
        let _ = transfer.expect(200);
        Self { from, to, task }
    }

    async fn history(&self, person: &Person) -> Vec<Value> {
        let path = format!("/tasks/{}/history", self.task);
        let history = person.get(&path).await.expect(200);
        history["items"].as_array().unwrap().clone()
    }
}

fn kinds(history: &[Value]) -> Vec<&str> {
    history
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect()
}

const WHOLE: [&str; 3] = ["task.transferred", "task.updated", "task.created"];

#[tokio::test]
async fn history_goes_along_without_the_names_of_what_the_reader_does_not_see() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let moved = Moved::new(&owner).await;

    let whole = moved.history(&owner).await;
    assert_eq!(kinds(&whole), WHOLE);
    assert_eq!(
        whole[0]["changes"]["key"],
        json!({"from": "SEC-1", "to": "GEM-1"})
    );
    assert_eq!(whole[1]["changes"]["fields.codename"]["to"], "Raven");

    let seen = moved.history(&member).await;
    assert_eq!(kinds(&seen), WHOLE);
    assert_eq!(
        seen[1]["changes"],
        json!({"title": {"from": "Launch", "to": "Land"}})
    );
    let project = json!({"from": moved.from, "to": moved.to});
    assert_eq!(seen[0]["changes"]["project_id"], project);
    let feed = format!("/projects/{}/activity", moved.to);
    let feed = member.get(&feed).await.expect(200);
    assert_eq!(feed["items"][0]["kind"], "task.transferred");
    let mut read = vec![json!(seen), feed];
    for entry in &seen {
        let path = format!("/tasks/{}/history/{}", moved.task, text(entry, "id"));
        read.push(member.get(&path).await.expect(200));
    }
    for answer in read {
        let answer = answer.to_string();
        for name in ["SEC", "codename", "Raven"] {
            assert!(!answer.contains(name), "{name} in {answer}");
        }
    }
    // The project it left does not make a key of its own out of the new number.
    let feed = format!("/projects/{}/activity", moved.from);
    let feed = owner.get(&feed).await.expect(200);
    let of_task = feed["items"].as_array().unwrap().iter();
    let keys: Vec<_> = of_task
        .filter(|one| !one["task_id"].is_null())
        .map(|one| &one["task_key"])
        .collect();
    assert_eq!(keys, [&Value::Null, &Value::Null]);
    world.end().await;
}

#[tokio::test]
async fn history_outlives_the_project_it_began_in() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let moved = Moved::new(&owner).await;
    let before = moved.history(&owner).await;
    owner
        .delete(&format!("/projects/{}", moved.from))
        .await
        .expect(204);
    let trashed = moved.history(&owner).await;
    assert_eq!(kinds(&trashed), WHOLE);
    assert_eq!(trashed[1]["changes"].get("fields.codename"), None);

    let age =
        "update projects set deleted_at = now() - interval '31 days' where deleted_at is not null";
    query(age).execute(&world.database).await.unwrap();
    project_svc::jobs::housekeeping::sweep(&world.state).await;
    for person in [&owner, &member] {
        let left = moved.history(person).await;
        assert_eq!(kinds(&left), WHOLE);
        for (left, before) in left.iter().zip(&before) {
            for field in ["id", "actor_id", "created_at"] {
                assert_eq!(left[field], before[field]);
            }
        }
        assert_eq!(
            left[1]["changes"],
            json!({"title": {"from": "Launch", "to": "Land"}})
        );
    }
    world.end().await;
}
