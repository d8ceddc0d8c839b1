//! Units of work: all or nothing, with their events, under the request's name.

use std::sync::Arc;

use events::topic::user::UserCreated;
use events::{Envelope, OutboxSource};
use httpkit::context::{self, Context};
use kernel::{Clock, Ids, TenantId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::{Pools, TenantOutbox};
use testkit::until;

use crate::world::{World, settings};

async fn text(db: &impl ConnectionTrait, sql: &str) -> String {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn notes(pools: &Pools, tenant: TenantId) -> String {
    let connection = pools.acquire(tenant).await.unwrap();
    text(&connection, "select count(*)::text from notes").await
}

#[tokio::test]
async fn work_that_is_dropped_has_not_happened() {
    let world = World::new(1, settings(1)).await;
    let tenant = world.tenants[0];
    let work = world
        .pools
        .acquire(tenant)
        .await
        .unwrap()
        .begin()
        .await
        .unwrap();
    work.execute_unprepared("insert into notes values (1, 'x')")
        .await
        .unwrap();
    drop(work);
    assert_eq!(notes(&world.pools, tenant).await, "0");
    world.end().await;
}

#[tokio::test]
async fn commit_after_a_failed_statement_is_an_error() {
    let world = World::new(1, settings(1)).await;
    let tenant = world.tenants[0];
    let work = world
        .pools
        .acquire(tenant)
        .await
        .unwrap()
        .begin()
        .await
        .unwrap();
    work.execute_unprepared("insert into notes values (1, 'x')")
        .await
        .unwrap();
    assert!(
        work.execute_unprepared("insert into notes values (1, 'y')")
            .await
            .is_err()
    );
    assert!(work.commit().await.is_err());
    assert_eq!(notes(&world.pools, tenant).await, "0");
    world.end().await;
}

#[tokio::test]
async fn session_carries_the_requests_id_for_the_transaction_alone() {
    let world = World::new(1, settings(1)).await;
    let context = Context {
        request_id: "req-1'".to_owned(),
        traceparent: None,
        path: "/".to_owned(),
    };
    let name = "select current_setting('application_name')";
    let connection = world.pools.acquire(world.tenants[0]).await.unwrap();
    let work = context::scope(Arc::new(context), connection.begin())
        .await
        .unwrap();
    assert_eq!(text(&work, name).await, "req-1");
    work.commit().await.unwrap();
    let connection = world.pools.acquire(world.tenants[0]).await.unwrap();
    assert_eq!(text(&connection, name).await, "tenancy-test");
    assert_eq!(
        text(&connection, "select current_setting('statement_timeout')").await,
        "5s"
    );
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn emitted_event_waits_in_the_outbox_for_one_relay_at_a_time() {
    let world = World::new(1, settings(3)).await;
    let tenant = world.tenants[0];
    let work = world
        .pools
        .acquire(tenant)
        .await
        .unwrap()
        .begin()
        .await
        .unwrap();
    let ids = Ids::system();
    let event = UserCreated {
        user_id: ids.next(),
    };
    let envelope = Envelope::new(&ids, &Clock::system(), "project-svc", tenant, None, &event);
    work.emit(&envelope).await.unwrap();
    work.commit().await.unwrap();

    let mut relay = TenantOutbox::new(world.pools.clone(), tenant);
    let mut second = TenantOutbox::new(world.pools.clone(), tenant);
    assert!(relay.begin().await.unwrap());
    assert!(!second.begin().await.unwrap());
    let rows = relay.next_batch(10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].id, envelope.id.uuid());
    // A relay that died before it published leaves event and lock to the next.
    drop(relay);
    until("lock is free", async || second.begin().await.unwrap()).await;
    second.published(&[rows[0].seq]).await.unwrap();
    assert!(second.next_batch(10).await.unwrap().is_empty());
    second.end().await;
    world.end().await;
}
