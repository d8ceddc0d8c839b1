//! What the plan of an organization allows.

use futures::future::join_all;
use kernel::Role;
use reqwest::Method;
use sea_orm::sqlx::{self, Executor};
use serde_json::{Value, json};

use crate::client::read;
use crate::world::{World, eventually};

/// Changes the plan, and lets the service hear of it.
async fn limit(world: &World, limits: Value) {
    world.neighbours.limit(limits);
    world.state.pools.evict(world.tenant).await;
}

#[tokio::test]
async fn a_plan_allows_so_many_projects() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    limit(&world, json!({"projects": 2})).await;
    let (first, _) = owner.project("Apollo").await;
    let keyed = || {
        let request = owner.request(Method::POST, "/projects");
        let request = request.header("idempotency-key", "second");
        read(request.json(&json!({"name": "Gemini"})))
    };
    let second = keyed().await.expect(201);
    let third = owner.post("/projects", json!({"name": "Mercury"})).await;
    third.expect_problem(403, "limit_projects");
    assert_eq!(keyed().await.expect(201)["id"], second["id"]);

    owner
        .delete(&format!("/projects/{first}"))
        .await
        .expect(204);
    owner.project("Mercury").await;
    limit(&world, json!({})).await;
    owner.project("Voyager").await;
    limit(&world, json!({"projects": 0})).await;
    let none = owner.post("/projects", json!({"name": "Pioneer"})).await;
    none.expect_problem(403, "limit_projects");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_the_last_project_one_does() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    limit(&world, json!({"projects": 3})).await;
    owner.project("Apollo").await;
    owner.project("Gemini").await;
    // Nobody gets further than this until all are there.
    let mut gate = world.database.begin().await.unwrap();
    let shut = "lock table project_members in share mode";
    gate.execute(shut).await.unwrap();
    let create = (0..8).map(|number| {
        let owner = owner.clone();
        tokio::spawn(async move {
            let body = json!({"name": format!("Last {number}")});
            owner.post("/projects", body).await.status.as_u16()
        })
    });
    let creating = create.collect::<Vec<_>>();
    eventually("several are on their way", async || {
        let waiting = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        let waiting = sqlx::query_scalar(waiting).fetch_one(&world.database);
        let waiting: i64 = waiting.await.unwrap();
        waiting >= 3
    })
    .await;
    gate.commit().await.unwrap();
    let statuses = join_all(creating).await;
    let statuses: Vec<u16> = statuses.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [201, 403].contains(status)),
        "{statuses:?}"
    );
    let projects = owner.get("/projects").await.expect(200);
    assert_eq!(projects["items"].as_array().unwrap().len(), 3);
    world.end().await;
}
