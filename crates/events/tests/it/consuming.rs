//! From a queue to a handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use events::outbox::OutboxRow;
use events::{Action, Amqp, Consumer, Envelope, Publisher, Queue};
use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use testkit::until;

use crate::support::{Door, Inbox, Running, Topic, amqp_url, raw_channel};

async fn publish(publisher: &Publisher, events: &[Envelope]) {
    publisher.state().wait_connected().await;
    let rows: Vec<OutboxRow> = events.iter().map(row).collect();
    assert_eq!(publisher.publish(&rows).await.unwrap(), rows.len());
}

fn row(event: &Envelope) -> OutboxRow {
    OutboxRow {
        seq: 1,
        id: event.id.uuid(),
        kind: event.kind.to_string(),
        event: event.to_json().to_string(),
        behind: 1,
    }
}

#[tokio::test]
async fn message_that_is_no_event_is_dead_and_the_rest_is_processed() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let inbox = running.consumer(&amqp_url(), topic.work_queue()).await;
    let publisher = running.publisher(&amqp_url());
    publish(&publisher, &[topic.event(&1)]).await;
    let (_connection, channel) = raw_channel().await;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    channel
        .basic_publish(
            "tenantry.events".into(),
            topic.key.into(),
            options,
            b"{\"specversion\"",
            properties,
        )
        .await
        .unwrap();
    publish(&publisher, &[topic.event(&2)]).await;

    inbox.holds(2).await;
    let mut dead = Vec::new();
    until("message is dead", async || {
        dead.extend(topic.dead().await);
        !dead.is_empty()
    })
    .await;
    assert_eq!(dead, [b"{\"specversion\""]);
    running.stop().await;
    topic.delete().await;
}

#[tokio::test]
async fn message_that_keeps_failing_is_dead_after_six_deliveries() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let tries = Arc::new(AtomicUsize::new(0));
    let inbox = Inbox::default();
    let (counted, kept) = (Arc::clone(&tries), inbox.clone());
    let handler = move |batch: Vec<Envelope>| {
        let actions = batch
            .into_iter()
            .map(|event| match event.subject.as_deref() {
                Some("poison") => {
                    counted.fetch_add(1, Ordering::Relaxed);
                    panic!("the handler cannot take this one");
                }
                Some("refused") => Action::Dead("by the handler".into()),
                _ => kept.put(vec![event]).remove(0),
            })
            .collect();
        async move { actions }
    };
    let consumer = Consumer::new(Amqp::new(&amqp_url(), "test").unwrap(), topic.work_queue());
    let state = consumer.state();
    running.spawn(consumer.run(handler, running.shutdown.clone()));
    state.wait_connected().await;
    let publisher = running.publisher(&amqp_url());
    let (poison, refused) = (topic.event(&"poison"), topic.event(&"refused"));
    publish(
        &publisher,
        &[poison, refused, topic.event(&1), topic.event(&2)],
    )
    .await;

    let mut dead = Vec::new();
    until("both are dead", async || {
        dead.extend(topic.dead().await);
        dead.len() == 2
    })
    .await;
    assert!(inbox.subjects().contains(&"1".to_owned()));
    assert!(inbox.subjects().contains(&"2".to_owned()));
    // The first time it is tried with its neighbours and then alone.
    assert_eq!(tries.load(Ordering::Relaxed), 7);
    running.stop().await;
    topic.delete().await;
}

#[tokio::test]
async fn consumer_goes_on_after_its_connection_was_cut() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let door = Door::new(true).await;
    let inbox = running.consumer(&door.url(), topic.work_queue()).await;
    let publisher = running.publisher(&amqp_url());
    publish(&publisher, &[topic.event(&1)]).await;
    inbox.holds(1).await;

    door.shut();
    publish(&publisher, &[topic.event(&2)]).await;
    door.open();
    inbox.holds(2).await;
    assert_eq!(inbox.subjects(), ["1", "2"]);
    running.stop().await;
    topic.delete().await;
}

#[tokio::test]
async fn live_consumer_prepares_anew_on_every_connection() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let door = Door::new(true).await;
    let prepared = Arc::new(AtomicUsize::new(0));
    let (counted, inbox) = (Arc::clone(&prepared), Inbox::default());
    let amqp = Amqp::new(&door.url(), "test").unwrap();
    let consumer =
        Consumer::new(amqp, Queue::live(&topic.queue, &[topic.key])).on_connected(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        });
    let (state, kept) = (consumer.state(), inbox.clone());
    let handler = move |batch| {
        let actions = kept.put(batch);
        async move { actions }
    };
    running.spawn(consumer.run(handler, running.shutdown.clone()));
    state.wait_connected().await;
    assert_eq!(prepared.load(Ordering::Relaxed), 1);

    door.shut();
    until("loss is noticed", async || !state.connected()).await;
    door.open();
    state.wait_connected().await;
    assert_eq!(prepared.load(Ordering::Relaxed), 2);
    let publisher = running.publisher(&amqp_url());
    publish(&publisher, &[topic.event(&"live")]).await;
    inbox.holds(1).await;
    running.stop().await;
}
