//! From a commit to a queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use events::fleet::{self, Fleet, FleetSettings, FleetWake};
use events::outbox::{ConnectionOutbox, OutboxRow, OutboxSource, emit};
use events::{BoxError, DatabaseOutbox, Envelope, Wake, relay};
use kernel::{Ids, TenantId};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sea_orm::{DatabaseConnection, TransactionTrait};
use testkit::until;

use crate::support::{Door, OutboxDatabase, Running, Topic, amqp_url};

async fn commit(db: &DatabaseConnection, events: &[Envelope]) {
    let transaction = db.begin().await.unwrap();
    for event in events {
        emit(&transaction, event).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn committed_events_arrive_once_and_in_order() {
    let (outbox, topic, mut running) =
        (OutboxDatabase::create().await, Topic::new(), Running::new());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let publisher = running.publisher(&amqp_url());
    let wake = Wake::default();
    let source = DatabaseOutbox::new(&outbox.db);
    running.spawn(relay::run(
        source,
        publisher,
        wake.clone(),
        running.shutdown.clone(),
    ));

    let sent: Vec<Envelope> = (0..450).map(|n| topic.event(&n)).collect();
    for some in sent.chunks(90) {
        commit(&outbox.db, some).await;
        wake.notify();
    }
    let transaction = outbox.db.begin().await.unwrap();
    emit(&transaction, &topic.event(&"rolled back"))
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    commit(&outbox.db, &[topic.event(&"last")]).await;
    wake.notify();

    inbox.holds(451).await;
    let mut expected: Vec<String> = (0..450).map(|n| n.to_string()).collect();
    expected.push("last".to_owned());
    assert_eq!(inbox.subjects(), expected);
    until("outbox is empty", async || outbox.waiting().await == 0).await;
    running.stop().await;
    topic.delete().await;
    outbox.drop().await;
}

#[tokio::test]
async fn events_of_a_broker_outage_arrive_after_it() {
    let (outbox, topic, mut running) =
        (OutboxDatabase::create().await, Topic::new(), Running::new());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let door = Door::new(false).await;
    let publisher = running.publisher(&door.url());
    let state = publisher.state();
    let wake = Wake::default();
    let source = DatabaseOutbox::new(&outbox.db);
    running.spawn(relay::run(
        source,
        publisher,
        wake.clone(),
        running.shutdown.clone(),
    ));

    commit(&outbox.db, &[topic.event(&1)]).await;
    wake.notify();
    assert!(!state.connected());
    assert_eq!(outbox.waiting().await, 1);
    door.open();
    inbox.holds(1).await;

    door.shut();
    until("loss is noticed", async || !state.connected()).await;
    commit(&outbox.db, &[topic.event(&2), topic.event(&3)]).await;
    wake.notify();
    door.open();
    inbox.holds(3).await;
    assert_eq!(inbox.subjects(), ["1", "2", "3"]);
    running.stop().await;
    topic.delete().await;
    outbox.drop().await;
}

#[tokio::test]
async fn event_published_twice_is_known_by_its_id() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let publisher = running.publisher(&amqp_url());
    publisher.state().wait_connected().await;
    let event = topic.event(&"twice");
    let row = OutboxRow {
        seq: 1,
        id: event.id.uuid(),
        kind: event.kind.to_string(),
        event: event.to_json().to_string(),
        behind: 1,
        age_ms: 0,
    };
    assert_eq!(publisher.publish(&[row.clone(), row]).await.unwrap(), 2);
    inbox.holds(2).await;
    assert_eq!(inbox.ids(), [event.id, event.id]);
    running.stop().await;
    topic.delete().await;
}

#[tokio::test]
async fn two_relays_of_one_database_publish_each_event_once_and_in_order() {
    let (outbox, topic, mut running) =
        (OutboxDatabase::create().await, Topic::new(), Running::new());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let wakes: Vec<Wake> = (0..2)
        .map(|_| {
            let (publisher, wake) = (running.publisher(&amqp_url()), Wake::default());
            let source = DatabaseOutbox::new(&outbox.db);
            let shutdown = running.shutdown.clone();
            running.spawn(relay::run(source, publisher, wake.clone(), shutdown));
            wake
        })
        .collect();
    for n in 0..300 {
        commit(&outbox.db, &[topic.event(&n)]).await;
        wakes.iter().for_each(Wake::notify);
    }
    inbox.holds(300).await;
    until("outbox is empty", async || outbox.waiting().await == 0).await;
    let expected: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    assert_eq!(inbox.subjects(), expected);
    running.stop().await;
    topic.delete().await;
    outbox.drop().await;
}

#[tokio::test]
async fn only_one_relay_at_a_time_claims_a_database() {
    let outbox = OutboxDatabase::create().await;
    let mut first = DatabaseOutbox::new(&outbox.db);
    let mut second = DatabaseOutbox::new(&outbox.db);
    // Nothing waits: nobody need come.
    assert!(!first.begin().await.unwrap());
    commit(&outbox.db, &[Topic::new().event(&"waiting")]).await;
    assert!(first.begin().await.unwrap());
    assert!(!second.begin().await.unwrap());
    first.end().await;
    assert!(second.begin().await.unwrap());
    // A relay that died without `end` takes its lock with it.
    drop(second);
    until("lock is free", async || first.begin().await.unwrap()).await;
    drop(first);
    outbox.drop().await;
}

struct Tenants(HashMap<TenantId, DatabaseConnection>);

impl Fleet for Tenants {
    type Source = ConnectionOutbox<DatabaseConnection>;

    async fn open(&self, tenant: TenantId) -> Result<Self::Source, BoxError> {
        Ok(ConnectionOutbox(self.0[&tenant].clone()))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, BoxError> {
        Ok(self.0.keys().copied().collect())
    }
}

/// What a metric says on a page of them.
fn said(page: &PrometheusHandle, metric: &str) -> Option<f64> {
    let page = page.render();
    let mut lines = page.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = lines.find(|(name, _)| *name == metric)?;
    value.parse().ok()
}

#[tokio::test]
async fn what_waits_is_told_while_the_broker_is_away() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let page = recorder.handle();
    // The runtime of this test has this thread alone.
    let _told = metrics::set_default_local_recorder(&recorder);
    let (topic, mut running) = (Topic::new(), Running::new());
    let (left, rung) = (
        OutboxDatabase::create().await,
        OutboxDatabase::create().await,
    );
    let tenants: [TenantId; 2] = std::array::from_fn(|_| Ids::system().next());
    let databases = [left.db.clone(), rung.db.clone()];
    let fleet = Tenants(tenants.into_iter().zip(databases).collect());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let door = Door::new(false).await;
    let publisher = running.publisher(&door.url());
    let events: Vec<Envelope> = (0..255).map(|n| topic.event(&n)).collect();
    commit(&left.db, &events[..3]).await;
    let wake = FleetWake::default();
    let settings = FleetSettings::default();
    let shutdown = running.shutdown.clone();
    running.spawn(fleet::run(
        fleet,
        publisher,
        wake.clone(),
        settings,
        shutdown,
    ));
    let waits = async |rows: f64| {
        until("the rows that wait are told", async || {
            said(&page, "outbox_waiting_rows") == Some(rows)
        })
        .await;
    };
    // Nobody rang for these: a former process left them.
    waits(3.0).await;
    commit(&rung.db, &events[3..5]).await;
    wake.wake(tenants[1], 2);
    waits(5.0).await;
    commit(&rung.db, &events[5..]).await;
    // Only one of them is rung for, and all are found.
    wake.wake(tenants[1], 1);
    waits(255.0).await;
    assert!(said(&page, "outbox_oldest_row_age_seconds").unwrap() > 0.0);

    door.open();
    inbox.holds(255).await;
    waits(0.0).await;
    assert_eq!(said(&page, "outbox_oldest_row_age_seconds"), Some(0.0));
    assert_eq!(said(&page, "outbox_published_rows_total"), Some(255.0));
    assert_eq!(said(&page, "outbox_retried_rows_total"), None);
    running.stop().await;
    topic.delete().await;
    left.drop().await;
    rung.drop().await;
}

#[tokio::test]
async fn every_tenant_is_relayed_after_a_wake_and_by_the_sweep() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let outboxes = Arc::new([
        OutboxDatabase::create().await,
        OutboxDatabase::create().await,
    ]);
    let tenants: Vec<TenantId> = outboxes.iter().map(|_| Ids::system().next()).collect();
    let databases = outboxes.iter().map(|outbox| outbox.db.clone());
    let fleet = Tenants(tenants.iter().copied().zip(databases).collect());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let publisher = running.publisher(&amqp_url());
    // Left by a process that crashed after its commit: nobody will ring for it.
    commit(&outboxes[1].db, &[topic.event(&"left")]).await;
    let (wake, settings) = (
        FleetWake::default(),
        FleetSettings {
            parallel: 2,
            sweep: Duration::from_millis(200),
            ..FleetSettings::default()
        },
    );
    running.spawn(fleet::run(
        fleet,
        publisher,
        wake.clone(),
        settings,
        running.shutdown.clone(),
    ));

    inbox.holds(1).await;
    commit(&outboxes[0].db, &[topic.event(&"woken")]).await;
    wake.wake(tenants[0], 1);
    inbox.holds(2).await;
    assert_eq!(inbox.subjects(), ["left", "woken"]);
    running.stop().await;
    topic.delete().await;
    let [first, second] = Arc::into_inner(outboxes).unwrap();
    first.drop().await;
    second.drop().await;
}
