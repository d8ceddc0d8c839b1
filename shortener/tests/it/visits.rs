//! Visits are counted and told once, whatever ends in between; ends are told once, however many look.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use kernel::Role;
use sea_orm::sqlx;
use serde_json::{Value, json};
use testkit::until;

use crate::world::{World, browse, path};

async fn told(world: &World, kind: &str) -> i64 {
    let told = "select count(distinct id) from outbox where type = $1";
    let told = sqlx::query_scalar(told).bind(kind);
    told.fetch_one(&world.db).await.unwrap()
}

async fn execute(world: &World, sql: &'static str) {
    sqlx::query(sql).execute(&world.db).await.unwrap();
}

#[tokio::test]
async fn what_a_process_could_not_write_is_written_by_the_next_one_once() {
    let mut world = World::new().await;
    let fields = json!({ "resource": { "kind": "url", "url": "/x" } });
    let link = world.link(&world.person(Role::Member), &fields).await;
    execute(&world, "alter table visit_journals rename to hidden").await;
    for _ in 0..30 {
        assert_eq!(
            world
                .send(world.tenant, browse(&path(&link), None))
                .await
                .status,
            302
        );
    }
    world.stop().await;
    assert_eq!(told(&world, "link.accessed").await, 0);
    execute(&world, "alter table hidden rename to visit_journals").await;
    let next = world.another().await;
    world.hand_over_to(next);
    world.opened(30).await;
    world.stop().await;
    assert_eq!(told(&world, "link.accessed").await, 30);
    let next = world.another().await;
    world.hand_over_to(next);
    world.send(world.tenant, browse(&path(&link), None)).await;
    world.opened(31).await;
    let left = "select count(*) from visit_journals";
    world.stop().await;
    let left: i64 = sqlx::query_scalar(left).fetch_one(&world.db).await.unwrap();
    assert_eq!(left, 0, "finished journals are forgotten");
    world.end().await;
}

#[tokio::test]
async fn guests_do_not_wait_for_what_is_written_of_them() {
    let world = World::new().await;
    let fields = json!({ "resource": { "kind": "url", "url": "/x" } });
    let link = world.link(&world.person(Role::Member), &fields).await;
    world.remembers().await;
    world.send(world.tenant, browse(&path(&link), None)).await;
    let mut lock = world.db.begin().await.unwrap();
    sqlx::query("lock table visit_journals, outbox")
        .execute(&mut *lock)
        .await
        .unwrap();
    for _ in 0..100 {
        let opened = world.send(world.tenant, browse(&path(&link), None));
        let opened = tokio::time::timeout(Duration::from_millis(500), opened).await;
        assert_eq!(opened.expect("an answer at once").status, 302);
    }
    lock.rollback().await.unwrap();
    world.opened(101).await;
    world.end().await;
}

#[tokio::test]
async fn owner_is_told_of_the_first_open_once() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let quiet = world.link(&ada, &json!({})).await;
    let link = world
        .link(&ada, &json!({ "notify_first_open": true, "max_opens": 9 }))
        .await;
    for _ in 0..3 {
        world.send(world.tenant, browse(&path(&link), None)).await;
        world.send(world.tenant, browse(&path(&quiet), None)).await;
    }
    world.opened(6).await;
    world.send(world.tenant, browse(&path(&link), None)).await;
    world.stop().await;
    let told: Vec<Value> =
        sqlx::query_scalar("select event->'data' from outbox where type = 'link.first_opened'")
            .fetch_all(&world.db)
            .await
            .unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["link_id"], &told[0]["created_by"]),
        (&link["id"], &link["created_by"])
    );
    let seen = "select count(*) from links where first_opened_at is not null and last_opened_at >= first_opened_at";
    let seen: i64 = sqlx::query_scalar(seen).fetch_one(&world.db).await.unwrap();
    assert_eq!(seen, 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_a_link_is_told_once_by_many_instances_and_again_after_a_second_life() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let minute = world.later(TimeDelta::minutes(1));
    let timed = world.link(&ada, &json!({ "expires_at": minute })).await;
    let capped = world.link(&ada, &json!({ "max_opens": 1 })).await;
    let revoked = world.link(&ada, &json!({ "expires_at": minute })).await;
    let own = format!("/api/v1/links/{}", revoked["id"].as_str().unwrap());
    world.ask(&ada, "DELETE", &own, None).await;
    world.send(world.tenant, browse(&path(&capped), None)).await;
    let others = join_all((0..3).map(|_| world.another())).await;
    world.clock.advance(TimeDelta::minutes(1));
    until("ends are told", async || {
        told(&world, "link.expired").await == 2
    })
    .await;
    let later = json!({ "expires_at": world.later(TimeDelta::minutes(1)) });
    let back = world.change(&ada, &timed, &later).await;
    assert_eq!(back["status"], "live");
    assert_eq!(
        world
            .send(world.tenant, browse(&path(&timed), None))
            .await
            .status,
        200
    );
    world.clock.advance(TimeDelta::minutes(1));
    until("the second end is told", async || {
        told(&world, "link.expired").await == 3
    })
    .await;
    // Time for each of them to look once more.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    for instance in &others {
        instance.app.stop().await;
    }
    let all = "select count(*) from outbox where type = 'link.expired'";
    let all: i64 = sqlx::query_scalar(all).fetch_one(&world.db).await.unwrap();
    assert_eq!(all, 3);
    world.end().await;
}

#[tokio::test]
async fn what_one_instance_changes_another_does_not_remember() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let fields = json!({ "resource": { "kind": "url", "url": "/x" } });
    let link = world.link(&ada, &fields).await;
    world.remembers().await;
    let other = world.another().await;
    let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let ask = async || {
        let answer = world
            .send_to(&other.service, world.tenant, browse(&path(&link), None))
            .await;
        (
            answer.status.as_u16(),
            answer.header("location").map(str::to_owned),
        )
    };
    until("the other one serves it", async || ask().await.0 == 302).await;
    world.change(&ada, &link, &json!({ "url": "/y" })).await;
    until("the other one has heard", async || {
        ask().await.1.as_deref() == Some("/y")
    })
    .await;
    world.ask(&ada, "DELETE", &own, None).await;
    until("the other one has heard", async || ask().await.0 == 404).await;
    other.app.stop().await;
    world.end().await;
}

#[tokio::test]
async fn remembered_link_ends_at_its_time() {
    let world = World::new().await;
    world.remembers().await;
    let fields = json!({
        "resource": { "kind": "url", "url": "/x" }, "expires_at": world.later(TimeDelta::minutes(1)),
    });
    let page = path(&world.link(&world.person(Role::Member), &fields).await);
    for _ in 0..3 {
        assert_eq!(
            world.send(world.tenant, browse(&page, None)).await.status,
            302
        );
    }
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        world.send(world.tenant, browse(&page, None)).await.status,
        410
    );
    world.end().await;
}
