//! Many at once: moves, creations, and two writers on one row.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use kernel::Role;
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use crate::client::{Person, read};
use crate::world::World;

/// Moves the card; comes back as late as `Retry-After` says while the service has no room for the request.
async fn move_card(person: Person, card: String, to: Value) {
    loop {
        let answer = person.put(&format!("/cards/{card}/move"), to.clone()).await;
        if answer.status != 429 {
            answer.expect(200);
            return;
        }
        let seconds = answer.header("retry-after").parse().unwrap();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundred_parallel_moves_in_one_column_lose_and_double_nothing() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let mut cards = Vec::new();
    for turn in 0..20 {
        cards.push(owner.task(&project, &format!("Task {turn}")).await);
    }
    let moves = (0..100).map(|turn| {
        let (card, other) = (cards[turn % 20].clone(), &cards[(turn * 7 + 3) % 20]);
        let to = match turn % 4 {
            _ if *other == card => json!({"column_id": columns[0], "position": 5}),
            0 => json!({"column_id": columns[0], "before_id": other}),
            1 => json!({"column_id": columns[0], "after_id": other}),
            2 => json!({"column_id": columns[0], "position": 0}),
            _ => json!({"column_id": columns[0]}),
        };
        tokio::spawn(move_card(owner.clone(), card, to))
    });
    for moved in join_all(moves.collect::<Vec<_>>()).await {
        moved.unwrap();
    }
    let found = owner.cards(&columns[0]).await;
    assert_eq!(found.len(), 20);
    let found: BTreeSet<_> = found.into_iter().collect();
    assert_eq!(found, cards.into_iter().collect());
    let places = "select count(*) - count(distinct order_key) from tasks";
    let doubled: i64 = sea_orm::sqlx::query_scalar(places)
        .fetch_one(&world.database)
        .await
        .unwrap();
    assert_eq!(doubled, 0, "two cards in one place");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_that_cross_between_columns_do_not_wait_in_a_circle() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let mut cards = Vec::new();
    for turn in 0..4 {
        cards.push(owner.task(&project, &format!("Task {turn}")).await);
    }
    let moves = (0..60).map(|turn| {
        let to = json!({"column_id": columns[turn % 3], "position": 0});
        tokio::spawn(move_card(owner.clone(), cards[turn % 4].clone(), to))
    });
    for moved in join_all(moves.collect::<Vec<_>>()).await {
        moved.unwrap();
    }
    let mut found = Vec::new();
    for column in &columns {
        found.extend(owner.cards(column).await);
    }
    found.sort();
    cards.sort();
    assert_eq!(found, cards);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_created_at_once_are_numbered_without_gaps() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let path = format!("/projects/{project}/tasks");
    let create = (0..30).map(|turn| {
        let (owner, path) = (owner.clone(), path.clone());
        tokio::spawn(async move {
            owner
                .post(&path, json!({"title": format!("Task {turn}")}))
                .await
        })
    });
    let mut keys = BTreeSet::new();
    for created in join_all(create.collect::<Vec<_>>()).await {
        keys.insert(
            created.unwrap().expect(201)["key"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(
        keys,
        (1..=30).map(|number| format!("APO-{number}")).collect()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_with_one_version_one_wins() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let paths = [
        format!("/projects/{project}"),
        format!("/columns/{}", columns[0]),
        format!("/tasks/{task}"),
    ];
    for path in paths {
        let field = if path.starts_with("/tasks") {
            "title"
        } else {
            "name"
        };
        let by_header = |name: &str| {
            let request = owner
                .request(Method::PATCH, &path)
                .header(IF_MATCH, "\"1\"");
            read(request.json(&json!({field: name})))
        };
        let (first, second) = tokio::join!(by_header("One"), by_header("Two"));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{path}");

        let by_body = |name: &str| {
            let body = json!({field: name, "version": 2});
            read(owner.request(Method::PATCH, &path).json(&body))
        };
        let (first, second) = tokio::join!(by_body("Three"), by_body("Four"));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{path}");
    }
    world.end().await;
}

#[tokio::test]
async fn stale_if_match_stops_every_change_of_a_task() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let changes = [
        (
            Method::PATCH,
            format!("/tasks/{task}"),
            json!({"title": "Other"}),
        ),
        (
            Method::PUT,
            format!("/tasks/{task}/status"),
            json!({"status": "done"}),
        ),
        (
            Method::PUT,
            format!("/tasks/{task}/assign"),
            json!({"assignee_ids": []}),
        ),
        (
            Method::PUT,
            format!("/cards/{task}/move"),
            json!({"column_id": columns[1]}),
        ),
        (Method::DELETE, format!("/tasks/{task}"), json!({})),
    ];
    for (method, path, body) in changes {
        let request = owner
            .request(method, &path)
            .header(IF_MATCH, "\"7\"")
            .json(&body);
        read(request).await.expect_problem(412, "stale_version");
    }
    let unchanged = owner.get(&format!("/tasks/{task}")).await;
    assert_eq!(unchanged.header("etag"), "\"1\"");
    world.end().await;
}
