//! Events while parts die or are away under load: none is lost and none counts twice.

mod traffic;
mod witness;

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::{Dev, Organization};
use futures::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use testkit::{eventually, setting, unique};
use tokio::time::sleep;

use self::traffic::Traffic;
use self::witness::Witness;
use super::served_organization;
use crate::observability::{metric, ready};

/// What everything must come to at least.
const EVENTS: usize = 10_000;

/// How long the broker is away.
const AWAY: Duration = Duration::from_mins(1);

/// Times each part is killed.
const BLOWS: usize = 3;

/// The longest wait before a blow, once events flow.
const BEFORE_BLOW_MS: u64 = 1_500;

/// Time for events to flow again after a blow.
const RECOVERY_SECONDS: u64 = 120;

/// Time for enough events.
const LOAD_SECONDS: u64 = 300;

/// Of each organization, events that come a second time.
const COPIES: i64 = 1_000;

/// What ids of messages begin with that no consumer can take in.
const POISON: &str = "poison-";

/// Events that are dead when the broker dies.
const LETTERS: usize = 30;

/// What analytics takes events from.
const QUEUE: &str = "analytics.events";

/// Three organizations whose tasks change without pause.
struct Scene {
    witnesses: Vec<Witness>,
    traffic: Vec<Traffic>,
}

impl Scene {
    async fn begin() -> Self {
        let mut witnesses = vec![Witness::of(served_organization().await).await];
        for _ in 0..2 {
            witnesses.push(Witness::of(Organization::sign_up().await).await);
        }
        let traffic = witnesses.iter();
        let traffic = traffic.map(|witness| Traffic::begin(&witness.organization));
        let traffic = join_all(traffic).await;
        Self { witnesses, traffic }
    }

    async fn told(&self) -> usize {
        let told = join_all(self.witnesses.iter().map(Witness::told)).await;
        told.into_iter().sum()
    }

    async fn arrived(&self) -> usize {
        let arrived = join_all(self.witnesses.iter().map(Witness::arrived)).await;
        arrived.into_iter().sum()
    }

    /// Rows of outboxes, of whatever they tell.
    async fn waiting(&self) -> f64 {
        let mut rows = 0;
        for witness in &self.witnesses {
            rows += witness.sql.number("select count(*) from outbox", &[]).await;
        }
        f64::from(i32::try_from(rows).unwrap())
    }

    /// Lets there be enough events, and ends the work.
    async fn end(&mut self) {
        eventually("there are enough events", LOAD_SECONDS, async || {
            (self.told().await >= EVENTS).then_some(())
        })
        .await;
        for (traffic, witness) in self.traffic.drain(..).zip(&self.witnesses) {
            let acknowledged = traffic.end().await;
            let there = witness.sql.texts("select id::text from tasks", &[]).await;
            let there: BTreeSet<String> = there.into_iter().collect();
            assert!(acknowledged.tasks.is_subset(&there), "{acknowledged:?}");
            // Each of them told something.
            let least = acknowledged.tasks.len() + acknowledged.changes;
            assert!(witness.told().await >= least, "{acknowledged:?}");
        }
    }

    async fn each_counts_once(&self) {
        for witness in &self.witnesses {
            witness.lost_nothing_and_counted_nothing_twice().await;
        }
    }

    async fn leave(self) {
        for witness in self.witnesses {
            witness.leave().await;
        }
    }
}

/// Gives analytics messages past the relays. The broker has them when this ends: one that has just begun may lose what
/// it has not confirmed.
async fn publish(messages: &[(String, Vec<u8>)]) {
    let url = setting("TENANTRY_TEST_AMQP_URL");
    let connection = Connection::connect(&url, ConnectionProperties::default());
    let connection = connection.await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let confirming = channel.confirm_select(ConfirmSelectOptions::default());
    confirming.await.unwrap();
    let mut publishing = Vec::with_capacity(messages.len());
    for (id, body) in messages {
        let properties = BasicProperties::default().with_message_id(id.as_str().into());
        let options = BasicPublishOptions::default();
        let message = channel.basic_publish("".into(), QUEUE.into(), options, body, properties);
        publishing.push(message.await.unwrap());
    }
    for message in publishing {
        assert!(message.await.unwrap().is_ack());
    }
    connection.close(200, "done".into()).await.unwrap();
}

/// Messages that no consumer can take in, each for another reason.
fn poison() -> [(String, Vec<u8>); 4] {
    let other_version = json!({"specversion": "0.3", "id": 1});
    let hollow = json!({
        "specversion": "1.0", "id": kernel::Ids::system().next::<kernel::EventId>(), "source": "test",
        "type": "task.created", "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json",
        "data": {"task_id": 1},
    });
    let bodies = [
        b"\xff\xfe".to_vec(),
        b"{".to_vec(),
        other_version.to_string().into(),
        hollow.to_string().into(),
    ];
    bodies.map(|body| (unique(POISON), body))
}

/// Ids of what analytics gave up.
async fn dead() -> BTreeSet<String> {
    let list = [
        "events", "dead", "list", "--queue", QUEUE, "--limit", "100000",
    ];
    let list = Dev.migrator(&list).await;
    let dead = list["dead"].as_array().unwrap().iter();
    dead.map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn drop_dead(ids: &BTreeSet<String>) {
    for id in ids {
        let away = ["events", "dead", "drop", id, "--queue", QUEUE, "--yes"];
        Dev.migrator(&away).await;
    }
}

/// By itself.
async fn health_is_back() {
    for service in ["project-svc", "analytics"] {
        eventually("health is back", RECOVERY_SECONDS, async || {
            (ready(service).await == "ready").then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn killing_parts_at_random_loses_no_event_and_counts_none_twice() {
    let mut scene = Scene::begin().await;
    let before = dead().await;
    let seed: u64 = rand::random();
    let mut dice = StdRng::seed_from_u64(seed);
    let mut blows = ["project-svc", "analytics", "rabbitmq", "mongodb"].repeat(BLOWS);
    blows.shuffle(&mut dice);
    let mut poisoned = BTreeSet::new();
    for (number, part) in blows.iter().enumerate() {
        let arrived = scene.arrived().await;
        let flow = format!("seed {seed}: events flow before blow {number} of {blows:?}");
        eventually(&flow, RECOVERY_SECONDS, async || {
            (scene.arrived().await > arrived).then_some(())
        })
        .await;
        sleep(Duration::from_millis(dice.random_range(0..BEFORE_BLOW_MS))).await;
        Dev.kill(part).await;
        Dev.start(part).await;
        let messages = poison();
        publish(&messages).await;
        poisoned.extend(messages.map(|(id, _)| id));
    }
    scene.end().await;
    scene.each_counts_once().await;

    // The same again, as a relay tells it that died before it forgot what it had told.
    for witness in &scene.witnesses {
        publish(&witness.some(COPIES).await).await;
    }
    let last = poison();
    publish(&last).await;
    poisoned.extend(last.map(|(id, _)| id));
    // These came last: what was before them is taken in.
    let dead = eventually("the poison is dead", RECOVERY_SECONDS, async || {
        let dead = &dead().await - &before;
        poisoned.is_subset(&dead).then_some(dead)
    })
    .await;
    scene.each_counts_once().await;
    let innocent: Vec<&String> = dead.iter().filter(|id| !id.starts_with(POISON)).collect();
    assert!(innocent.is_empty(), "dead, and no poison: {innocent:?}");
    drop_dead(&poisoned).await;
    health_is_back().await;
    scene.leave().await;
}

#[tokio::test]
async fn dead_events_are_all_listed_as_soon_as_the_broker_is_back() {
    let _served = served_organization().await;
    let messages: Vec<(String, Vec<u8>)> = (0..LETTERS)
        .map(|_| (unique(POISON), b"{".to_vec()))
        .collect();
    publish(&messages).await;
    let poisoned: BTreeSet<String> = messages.into_iter().map(|(id, _)| id).collect();
    eventually("the poison is dead", RECOVERY_SECONDS, async || {
        poisoned.is_subset(&dead().await).then_some(())
    })
    .await;
    // A queue that is made and killed within three minutes does not come back with RabbitMQ 3.10.
    Dev.stop("rabbitmq").await;
    Dev.start("rabbitmq").await;
    Dev.kill("rabbitmq").await;
    Dev.start("rabbitmq").await;
    let dead = dead().await;
    assert!(poisoned.is_subset(&dead), "{} are listed", dead.len());
    drop_dead(&poisoned).await;
    health_is_back().await;
}

#[tokio::test]
async fn broker_that_is_away_for_a_minute_delays_events_and_loses_none() {
    let mut scene = Scene::begin().await;
    Dev.stop("rabbitmq").await;
    sleep(AWAY / 2).await;
    // Who comes new finds how much waits, too.
    Dev.kill("project-svc").await;
    Dev.start("project-svc").await;
    sleep(AWAY / 2).await;
    scene.end().await;
    let waiting = scene.waiting().await;
    eventually("the gauge says what waits", RECOVERY_SECONDS, async || {
        (metric("project-svc", "outbox_waiting_rows").await >= waiting).then_some(())
    })
    .await;
    let age = metric("project-svc", "outbox_oldest_row_age_seconds").await;
    assert!(age >= AWAY.as_secs_f64(), "{age}");
    assert_eq!(ready("project-svc").await, "degraded");
    let published = metric("project-svc", "outbox_published_rows_total").await;

    Dev.start("rabbitmq").await;

    scene.each_counts_once().await;
    let more = metric("project-svc", "outbox_published_rows_total").await - published;
    assert!(more >= waiting, "{more} of {waiting}");
    eventually("nothing waits any more", RECOVERY_SECONDS, async || {
        let rows = metric("project-svc", "outbox_waiting_rows").await;
        let age = metric("project-svc", "outbox_oldest_row_age_seconds").await;
        (rows == 0.0 && age == 0.0).then_some(())
    })
    .await;
    health_is_back().await;
    scene.leave().await;
}
