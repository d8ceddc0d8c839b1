//! Dependencies between tasks.

use futures::future::join_all;
use kernel::Role;
use serde_json::{Value, json};

use crate::client::{Person, text};
use crate::world::World;

async fn wait_for(person: &Person, task: &str, other: &str) -> crate::client::Answer {
    let path = format!("/tasks/{task}/dependencies");
    person.post(&path, json!({"other_id": other})).await
}

#[tokio::test]
async fn both_ends_see_a_dependency_and_either_removes_it() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (paint, build) = (
        owner.task(&project, "Paint").await,
        owner.task(&project, "Build").await,
    );
    let made = wait_for(&owner, &paint, &build).await.expect(201);
    assert_eq!(made["kind"], "finish_to_start");
    assert_eq!(made["other"]["key"], "APO-2");
    assert_eq!(
        world.last_event("task.dependency_added").await,
        json!({"task_id": paint, "project_id": project, "other_id": build, "kind": "finish_to_start"})
    );
    let seen = async |task: &str| -> Value {
        let list = owner.get(&format!("/tasks/{task}/dependencies")).await;
        let list = list.expect(200)["items"].clone();
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| json!([one["side"], one["other"]["id"]]))
            .collect()
    };
    assert_eq!(seen(&paint).await, json!([["waits", build]]));
    assert_eq!(seen(&build).await, json!([["is_waited_for", paint]]));

    let again = wait_for(&owner, &paint, &build).await;
    let _ = again.expect_problem(409, "dependency_exists");
    let path = format!("/tasks/{build}/dependencies/{}", text(&made, "id"));
    let _ = owner.delete(&path).await.expect(204);
    let _ = owner.delete(&path).await.expect(404);
    assert_eq!(seen(&paint).await, json!([]));
    world.end().await;
}

#[tokio::test]
async fn circle_of_fifty_is_refused_and_relations_may_run_in_one() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let mut tasks = Vec::new();
    for turn in 0..50 {
        tasks.push(owner.task(&project, &format!("Task {turn}")).await);
    }
    for pair in tasks.windows(2) {
        let _ = wait_for(&owner, &pair[0], &pair[1]).await.expect(201);
    }
    let (first, last) = (&tasks[0], &tasks[49]);
    let closed = wait_for(&owner, last, first).await;
    let _ = closed.expect_problem(409, "dependency_circle");
    let itself = wait_for(&owner, first, first).await;
    itself.expect_refused(&["/other_id"]);
    let path = format!("/tasks/{last}/dependencies");
    let _ = owner
        .post(&path, json!({"other_id": first, "kind": "relates"}))
        .await
        .expect(201);

    // What lies in the trash may come back: it holds the circle open.
    let middle = format!("/tasks/{}", tasks[25]);
    let _ = owner.delete(&middle).await.expect(204);
    let closed = wait_for(&owner, &tasks[48], first).await;
    let _ = closed.expect_problem(409, "dependency_circle");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_close_a_circle_at_once_do_not_both_succeed() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (apollo, other) = (project.clone(), owner.project("Gemini").await.0);
    for _ in 0..5 {
        let ring = [
            owner.task(&apollo, "A").await,
            owner.task(&other, "B").await,
            owner.task(&apollo, "C").await,
        ];
        let closing = (0..3).map(|turn| {
            let (person, from, to) = (
                owner.clone(),
                ring[turn].clone(),
                ring[(turn + 1) % 3].clone(),
            );
            tokio::spawn(async move { wait_for(&person, &from, &to).await.status.as_u16() })
        });
        let mut statuses: Vec<u16> = join_all(closing.collect::<Vec<_>>())
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201, 409]);
    }
    world.end().await;
}

#[tokio::test]
async fn tasks_that_are_not_seen_are_not_there() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (open, _) = owner.project("Apollo").await;
    let (closed, _) = owner.project("Gemini").await;
    let (task, hidden) = (
        owner.task(&open, "Fuel").await,
        owner.task(&closed, "Plot").await,
    );
    let close = "update projects set is_public = false where id = $1";
    sea_orm::sqlx::query(close)
        .bind(closed.parse::<uuid::Uuid>().unwrap())
        .execute(&world.database)
        .await
        .unwrap();
    let refused = wait_for(&member, &task, &hidden).await;
    refused.expect_refused(&["/other_id"]);
    let unknown = wait_for(&member, &task, &world.tenant.to_string()).await;
    unknown.expect_refused(&["/other_id"]);

    let made = wait_for(&owner, &task, &hidden).await.expect(201);
    let path = format!("/tasks/{task}/dependencies");
    let list = member.get(&path).await.expect(200);
    assert_eq!(list["items"], json!([]));
    let list = owner.get(&path).await.expect(200);
    assert_eq!(list["items"][0]["id"], made["id"]);

    // A dependency of another task is none of this one.
    let third = owner.task(&open, "Third").await;
    let path = format!("/tasks/{third}/dependencies/{}", text(&made, "id"));
    let _ = owner.delete(&path).await.expect(404);
    world.end().await;
}
