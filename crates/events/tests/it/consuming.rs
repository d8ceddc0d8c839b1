//! From a queue to a handler.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use events::dead::{Fate, Letter};
use events::outbox::OutboxRow;
use events::{Action, Amqp, Consumer, Envelope, Publisher, Queue};
use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use testkit::{eventually, until};

use crate::support::{Door, Inbox, Running, Topic, amqp_url, dead_letters, raw_channel};

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
        age_ms: 0,
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
    let dead = topic.buries(1).await;
    assert_eq!(dead[0].body, b"{\"specversion\"");
    assert_eq!(dead[0].kind.as_deref(), Some(topic.key));
    assert_eq!(dead[0].id, None);
    assert_eq!(
        reasons(&dead[0]),
        ["decode event envelope: Eof error at line 1 column 14"]
    );
    running.stop().await;
    topic.delete().await;
}

fn reasons(letter: &Letter) -> Vec<&str> {
    letter.failures.iter().map(|f| &*f.reason).collect()
}

const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];

#[tokio::test]
async fn failed_message_is_tried_again_after_growing_pauses_and_then_is_dead() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let tries: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
    let inbox = Inbox::default();
    let (noted, kept) = (Arc::clone(&tries), inbox.clone());
    let handler = move |batch: Vec<Envelope>| {
        // A panic is followed by a call for each message alone.
        if batch.len() == 1 {
            let subject = batch[0].subject.clone().unwrap();
            noted.lock().unwrap().push((subject, Instant::now()));
        }
        let actions = batch.into_iter().map(|event| {
            let subject = event.subject.clone().unwrap();
            let tried = noted
                .lock()
                .unwrap()
                .iter()
                .filter(|(s, _)| *s == subject)
                .count();
            match &*subject {
                "poison" => panic!("the handler cannot take this one"),
                "refused" => Action::Dead("by the handler".into()),
                "late" if tried < 3 => Action::Retry(format!("try {tried}").into()),
                _ => kept.put(vec![event]).remove(0),
            }
        });
        let actions = actions.collect();
        async move { actions }
    };
    let queue = topic.work_queue().tried_after(&PAUSES);
    let consumer = Consumer::new(Amqp::new(&amqp_url(), "test").unwrap(), queue);
    let state = consumer.state();
    running.spawn(consumer.run(handler, running.shutdown.clone()));
    state.wait_connected().await;
    let publisher = running.publisher(&amqp_url());
    let subjects = ["poison", "refused", "late", "1", "2"];
    publish(&publisher, &subjects.map(|subject| topic.event(&subject))).await;

    inbox.holds(3).await;
    // What failed keeps nobody else waiting.
    assert_eq!(inbox.subjects(), ["1", "2", "late"]);
    let mut dead = topic.buries(2).await;
    dead.sort_by_key(|letter| letter.failures.len());
    assert_eq!(reasons(&dead[0]), ["by the handler"]);
    assert_eq!(reasons(&dead[1]), ["the handler panicked"; 3]);
    assert_eq!(dead[1].kind.as_deref(), Some(topic.key));
    assert!(dead[1].id.is_some());
    for subject in ["poison", "late"] {
        let tries = tries.lock().unwrap().clone();
        let at: Vec<Instant> = tries
            .into_iter()
            .filter(|(s, _)| s == subject)
            .map(|(_, at)| at)
            .collect();
        let [first, second, third] = at[..] else {
            panic!("{subject} was tried {} times", at.len());
        };
        assert!(
            second - first >= PAUSES[0] && third - second >= PAUSES[1],
            "{subject}"
        );
    }
    running.stop().await;
    for pause in PAUSES {
        topic.delete_waiting(pause).await;
    }
    topic.delete().await;
}

#[tokio::test]
async fn message_that_kills_its_consumers_is_dead_after_six_deliveries() {
    let (topic, mut declaring, mut running) = (Topic::new(), Running::new(), Running::new());
    let inbox = declaring.consumer(&amqp_url(), topic.work_queue()).await;
    declaring.stop().await;
    let publisher = running.publisher(&amqp_url());
    publish(&publisher, &[topic.event(&"deadly")]).await;
    for _ in 0..6 {
        let (connection, channel) = raw_channel().await;
        eventually("message is there", 10, async || {
            let options = BasicGetOptions { no_ack: false };
            channel
                .basic_get(topic.queue.as_str().into(), options)
                .await
                .unwrap()
        })
        .await;
        connection.close(200, "dies".into()).await.unwrap();
    }
    let dead = topic.buries(1).await;
    assert_eq!(
        reasons(&dead[0]),
        ["lost with its consumer again and again"]
    );
    assert_eq!(inbox.subjects(), Vec::<String>::new());
    running.stop().await;
    topic.delete().await;
}

#[tokio::test]
async fn dead_letters_are_replayed_to_their_own_queue_or_dropped() {
    let (topic, mut running) = (Topic::new(), Running::new());
    let neighbour = Topic::new();
    let broken = Arc::new(AtomicBool::new(true));
    let inbox = Inbox::default();
    let (refuses, kept) = (Arc::clone(&broken), inbox.clone());
    let handler = move |batch: Vec<Envelope>| {
        let actions = match refuses.load(Ordering::Relaxed) {
            true => vec![Action::Dead("not now".into()); batch.len()],
            false => kept.put(batch),
        };
        async move { actions }
    };
    let consumer = Consumer::new(Amqp::new(&amqp_url(), "test").unwrap(), topic.work_queue());
    let state = consumer.state();
    running.spawn(consumer.run(handler, running.shutdown.clone()));
    state.wait_connected().await;
    let also = Queue::work(&neighbour.queue, &[topic.key]);
    let others = running.consumer(&amqp_url(), also).await;
    let publisher = running.publisher(&amqp_url());
    let sent = ["1", "2", "3", "4"].map(|subject| topic.event(&subject));
    publish(&publisher, &sent).await;
    let dead = topic.buries(4).await;
    let ids: Vec<_> = sent
        .iter()
        .map(|event| Some(event.id.to_string()))
        .collect();
    assert_eq!(dead.iter().map(|l| l.id.clone()).collect::<Vec<_>>(), ids);
    assert_eq!(topic.dead().await, dead, "looking changes nothing");

    broken.store(false, Ordering::Relaxed);
    let letters = dead_letters().await;
    let walk = letters.walk(&topic.queue, 3, |letter| {
        match ids.iter().position(|id| *id == letter.id) {
            Some(0) => Fate::Drop,
            Some(1) => Fate::Keep,
            _ => Fate::Replay,
        }
    });
    assert_eq!(walk.await.unwrap(), 1, "one was not looked at");
    inbox.holds(1).await;
    assert_eq!(inbox.subjects(), ["3"]);
    let mut left = topic.dead().await;
    left.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(left, [dead[1].clone(), dead[3].clone()]);
    others.holds(4).await;
    assert_eq!(
        others.subjects(),
        ["1", "2", "3", "4"],
        "nobody else is told again"
    );
    assert_eq!(
        letters.walk(&topic.queue, 0, |_| Fate::Drop).await.unwrap(),
        2
    );
    assert!(letters.has(&topic.queue).await.unwrap());
    assert!(!letters.has("test.nowhere").await.unwrap());
    running.stop().await;
    neighbour.delete().await;
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
