//! Boards and their columns.

use kernel::Role;
use serde_json::json;

use crate::client::{ids, text};
use crate::world::World;

#[tokio::test]
async fn columns_are_added_rearranged_and_removed() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let boards = owner
        .get(&format!("/projects/{project}/boards"))
        .await
        .expect(200);
    let path = format!("/boards/{}/columns", text(&boards["items"][0], "id"));

    let waiting = json!({"name": "Waiting", "category": "in_progress", "after_id": columns[1], "wip_limit": 2});
    let waiting = owner.post(&path, waiting).await.expect(201);
    let new = text(&waiting, "id");
    let list = async || ids(&owner.get(&path).await.expect(200)["items"]);
    let [todo, doing, review, done] = columns.clone().try_into().unwrap();
    assert_eq!(
        list().await,
        [&todo, &doing, &new, &review, &done].map(String::as_str)
    );

    let column = format!("/columns/{new}");
    let moved = owner
        .patch(&column, json!({"before_id": todo, "wip_limit": null}))
        .await
        .expect(200);
    assert_eq!(
        (&moved["wip_limit"], &moved["version"]),
        (&json!(null), &json!(2))
    );
    assert_eq!(
        list().await,
        [&new, &todo, &doing, &review, &done].map(String::as_str)
    );

    owner
        .patch(&column, json!({"before_id": new}))
        .await
        .expect_refused(&["/before_id"]);
    let both = json!({"before_id": todo, "after_id": done});
    owner.patch(&column, both).await.expect_refused(&[""]);

    owner.delete(&column).await.expect(204);
    owner.delete(&column).await.expect(404);
    assert_eq!(list().await, columns);
    let mut told = world.events().await;
    told.retain(|kind| kind.starts_with("column."));
    assert_eq!(told, ["column.created", "column.updated", "column.deleted"]);
    let event = world.last_event("column.updated").await;
    assert_eq!(event["changed"], json!(["order_key", "wip_limit"]));
    assert_eq!(
        (&event["column_id"], &event["version"]),
        (&json!(new), &json!(2))
    );
    world.end().await;
}

#[tokio::test]
async fn column_with_cards_and_the_last_one_stay() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let todo = format!("/columns/{}", columns[0]);
    owner
        .delete(&todo)
        .await
        .expect_problem(409, "column_not_empty");
    let category = json!({"category": "review"});
    owner
        .patch(&todo, category)
        .await
        .expect_problem(409, "column_not_empty");

    // A deleted card does not hold its column.
    owner.delete(&format!("/tasks/{task}")).await.expect(204);
    for column in &columns[..3] {
        owner
            .delete(&format!("/columns/{column}"))
            .await
            .expect(204);
    }
    let last = format!("/columns/{}", columns[3]);
    owner.delete(&last).await.expect_problem(409, "last_column");
    let title = json!({"title": "Fuel"});
    let create = owner
        .post(&format!("/projects/{project}/tasks"), title)
        .await;
    create.expect_problem(409, "no_todo_column");
    world.end().await;
}

#[tokio::test]
async fn full_column_warns_and_takes_the_card() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    owner
        .patch(&format!("/columns/{}", columns[1]), json!({"wip_limit": 1}))
        .await
        .expect(200);
    for exceeded in [false, true] {
        let task = owner.task(&project, "Fuel").await;
        let to = json!({"column_id": columns[1]});
        let moved = owner
            .put(&format!("/cards/{task}/move"), to)
            .await
            .expect(200);
        assert_eq!(moved["wip_exceeded"], exceeded);
    }
    assert_eq!(owner.cards(&columns[1]).await.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn status_without_a_column_is_refused() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let path = format!("/tasks/{}/status", owner.task(&project, "Fuel").await);
    let cancelled = json!({"status": "cancelled"});
    owner
        .put(&path, cancelled)
        .await
        .expect_problem(409, "no_column_for_status");
    world.end().await;
}

#[tokio::test]
async fn cards_go_where_they_are_told() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let mut cards = Vec::new();
    for title in ["A", "B", "C", "D"] {
        cards.push(owner.task(&project, title).await);
    }
    let [a, b, c, d] = cards.try_into().unwrap();
    let go = async |card: &str, place: serde_json::Value| {
        let mut to = json!({"column_id": columns[0]});
        to.as_object_mut()
            .unwrap()
            .extend(place.as_object().unwrap().clone());
        owner
            .put(&format!("/cards/{card}/move"), to)
            .await
            .expect(200);
        owner.cards(&columns[0]).await
    };
    assert_eq!(
        go(&d, json!({"position": 0})).await,
        [&d, &a, &b, &c].map(String::as_str)
    );
    assert_eq!(
        go(&d, json!({"position": 2})).await,
        [&a, &b, &d, &c].map(String::as_str)
    );
    assert_eq!(
        go(&c, json!({"before_id": a})).await,
        [&c, &a, &b, &d].map(String::as_str)
    );
    assert_eq!(
        go(&c, json!({"after_id": b})).await,
        [&a, &b, &c, &d].map(String::as_str)
    );
    assert_eq!(
        go(&a, json!({"position": 99})).await,
        [&b, &c, &d, &a].map(String::as_str)
    );
    assert_eq!(
        go(&b, json!({})).await,
        [&c, &d, &a, &b].map(String::as_str)
    );

    let elsewhere = json!({"column_id": columns[1], "before_id": a});
    owner
        .put(&format!("/cards/{b}/move"), elsewhere)
        .await
        .expect_refused(&["/before_id"]);
    let itself = json!({"column_id": columns[0], "after_id": b});
    owner
        .put(&format!("/cards/{b}/move"), itself)
        .await
        .expect_refused(&["/after_id"]);
    world.end().await;
}

#[tokio::test]
async fn column_is_respaced_when_there_is_no_room_left() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (first, second) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let moved = owner.task(&project, "C").await;
    let crowd = "update tasks set order_key = case when title = 'A' then repeat('81', 63) || '80' else repeat('81', 64) || '80' end";
    sea_orm::sqlx::query(crowd)
        .execute(&world.database)
        .await
        .unwrap();
    let to = json!({"column_id": columns[0], "after_id": first});
    owner
        .put(&format!("/cards/{moved}/move"), to)
        .await
        .expect(200);
    assert_eq!(owner.cards(&columns[0]).await, [first, moved, second]);
    world.end().await;
}
