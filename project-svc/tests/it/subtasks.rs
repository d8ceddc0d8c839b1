//! Tasks below tasks.

use futures::future::join_all;
use kernel::Role;
use serde_json::{Value, json};

use crate::client::{Person, ids, text};
use crate::world::World;

async fn below(owner: &Person, parent: &str, title: &str) -> String {
    let body = json!({"title": title});
    let made = owner.post(&format!("/tasks/{parent}/subtasks"), body).await;
    text(&made.expect(201), "id")
}

#[tokio::test]
async fn progress_of_subtasks_rolls_up() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let root = owner.task(&project, "Launch").await;
    let (build, fuel) = (
        below(&owner, &root, "Build").await,
        below(&owner, &root, "Fuel").await,
    );
    let (frame, _) = (
        below(&owner, &build, "Frame").await,
        below(&owner, &build, "Paint").await,
    );
    let done = json!({"status": "done"});
    for task in [&frame, &fuel] {
        let _ = owner
            .put(&format!("/tasks/{task}/status"), done.clone())
            .await
            .expect(200);
    }
    let view = owner.get(&format!("/tasks/{root}")).await.expect(200);
    assert_eq!(view["subtasks"], json!({"total": 2, "done": 1}));
    assert_eq!(view["progress_percent"], 50, "two of four at any depth");
    let view = owner.get(&format!("/tasks/{frame}")).await.expect(200);
    assert_eq!(
        (&view["progress_percent"], &view["parent_id"]),
        (&Value::Null, &json!(build))
    );
    let list = owner
        .get(&format!("/tasks/{root}/subtasks"))
        .await
        .expect(200);
    assert_eq!(ids(&list["items"]), [build.clone(), fuel.clone()]);
    assert_eq!(list["items"][0]["subtasks"], json!({"total": 2, "done": 1}));
    let cards = owner
        .get(&format!("/columns/{}/cards", columns[0]))
        .await
        .expect(200);
    assert_eq!(
        cards["items"][0]["subtasks"],
        json!({"total": 2, "done": 1})
    );
    world.end().await;
}

#[tokio::test]
async fn trees_have_no_circles_and_an_end() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (other, _) = owner.project("Gemini").await;
    let foreign = owner.task(&other, "Foreign").await;
    let mut chain = vec![owner.task(&project, "1").await];
    for level in 2..=8 {
        let parent = chain.last().unwrap().clone();
        chain.push(below(&owner, &parent, &level.to_string()).await);
    }
    let deeper = json!({"title": "9"});
    let path = format!("/tasks/{}/subtasks", chain[7]);
    owner
        .post(&path, deeper)
        .await
        .expect_refused(&["/parent_id"]);
    let move_to = async |task: &str, parent: &str| {
        owner
            .patch(&format!("/tasks/{task}"), json!({"parent_id": parent}))
            .await
    };
    for parent in [&chain[0], &chain[5], &foreign, &world.tenant.to_string()] {
        move_to(&chain[0], parent)
            .await
            .expect_refused(&["/parent_id"]);
    }
    let second = owner.task(&project, "Second").await;
    move_to(&chain[0], &second)
        .await
        .expect_refused(&["/parent_id"]);
    // Two levels less on one side make room on the other.
    let _ = move_to(&chain[7], &second).await.expect(200);
    let cut = owner
        .patch(&format!("/tasks/{}", chain[4]), json!({"parent_id": null}))
        .await
        .expect(200);
    assert_eq!(cut["parent_id"], Value::Null);
    let _ = move_to(&chain[0], &second).await.expect(200);
    assert_eq!(
        world.last_event("task.updated").await["changed"],
        json!(["parent_id"])
    );
    let agrees = json!({"title": "x", "parent_id": foreign});
    let path = format!("/tasks/{second}/subtasks");
    owner
        .post(&path, agrees)
        .await
        .expect_refused(&["/parent_id"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_hang_tasks_under_each_other_at_once_do_not_both_succeed() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    for _ in 0..5 {
        let pair = [
            owner.task(&project, "A").await,
            owner.task(&project, "B").await,
        ];
        let moves = (0..2).map(|turn| {
            let (person, task, parent) =
                (owner.clone(), pair[turn].clone(), pair[1 - turn].clone());
            let body = json!({"parent_id": parent});
            tokio::spawn(async move {
                person
                    .patch(&format!("/tasks/{task}"), body)
                    .await
                    .status
                    .as_u16()
            })
        });
        let mut statuses: Vec<u16> = join_all(moves.collect::<Vec<_>>())
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
    world.end().await;
}
