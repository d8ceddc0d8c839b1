//! `migrator events` with a real RabbitMQ.

use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use events::outbox::OutboxRow;
use events::topic::user::UserUpdated;
use events::{Action, Amqp, Consumer, Envelope, Publisher, Queue};
use kernel::{Clock, Ids, UserId};
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use serde_json::{Value, json};
use testkit::{eventually, unique};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

const GARBAGE: &str = "no event at all";

/// A service with a queue of its own that gives up everything while it is broken.
struct Service {
    queue: String,
    broken: Arc<AtomicBool>,
    taken: Arc<std::sync::Mutex<Vec<String>>>,
    shutdown: CancellationToken,
}

fn amqp() -> Amqp {
    Amqp::new(&testkit::setting("TENANTRY_TEST_AMQP_URL"), "test").unwrap()
}

fn renamed() -> Envelope {
    let user_id: UserId = Ids::system().next();
    let event = UserUpdated {
        user_id,
        name: "Grace Hopper".to_owned(),
    };
    Envelope::new(&Ids::system(), &Clock::system(), "test", None, None, &event)
}

impl Service {
    async fn start() -> Self {
        let (key, queue): (&str, _) = (unique("test.").leak(), unique("test."));
        let service = Self {
            queue,
            broken: Arc::new(AtomicBool::new(true)),
            taken: Arc::default(),
            shutdown: CancellationToken::new(),
        };
        let (broken, taken) = (Arc::clone(&service.broken), Arc::clone(&service.taken));
        let handler = move |batch: Vec<Envelope>| {
            let actions = batch.iter().map(|event| {
                if broken.load(Ordering::Relaxed) {
                    return Action::Dead("the service is broken".into());
                }
                taken.lock().unwrap().push(event.id.to_string());
                Action::Ack
            });
            let actions = actions.collect();
            async move { actions }
        };
        let consumer = Consumer::new(amqp(), Queue::work(&service.queue, &[key]));
        let state = consumer.state();
        tokio::spawn(consumer.run(handler, service.shutdown.clone()));
        state.wait_connected().await;
        let publisher = Publisher::new(amqp());
        tokio::spawn(publisher.clone().run(service.shutdown.clone()));
        publisher.state().wait_connected().await;
        let row = |id, event: String| OutboxRow {
            seq: 1,
            id,
            kind: key.to_owned(),
            event,
            behind: 1,
            age_ms: 0,
        };
        let mut rows = vec![row(uuid::Uuid::from_u128(7), GARBAGE.to_owned())];
        for _ in 0..3 {
            let event = renamed();
            rows.push(row(event.id.uuid(), event.to_json().to_string()));
        }
        assert_eq!(publisher.publish(&rows).await.unwrap(), rows.len());
        service
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrator"));
        command.args(["events", "dead"]).args(arguments);
        command.args(["--queue", &self.queue]);
        let url = testkit::setting("TENANTRY_TEST_AMQP_URL");
        command.env("MIGRATOR_AMQP_URL", url);
        command.output().await.unwrap()
    }

    /// What it prints, if it ends like this.
    async fn expect(&self, exit: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let (text, errors) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{arguments:?}: {text}{errors}"
        );
        text.into_owned()
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.expect(0, &[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap()
    }

    /// The ids of the dead, once there are so many.
    async fn dead(&self, count: usize) -> Vec<String> {
        eventually("events are dead", 20, async || {
            let list = self.json(&["list"]).await;
            let dead = list["dead"].as_array().unwrap();
            let ids = dead
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned());
            (dead.len() == count).then(|| ids.collect())
        })
        .await
    }

    async fn takes(&self, ids: &[&String]) {
        eventually("events are taken", 20, async || {
            let taken = self.taken.lock().unwrap();
            (taken.len() >= ids.len()).then_some(())
        })
        .await;
        assert_eq!(self.taken.lock().unwrap().iter().collect::<Vec<_>>(), ids);
    }

    async fn end(self) {
        self.shutdown.cancel();
        let url = testkit::setting("TENANTRY_TEST_AMQP_URL");
        let connection = Connection::connect(&url, ConnectionProperties::default());
        let channel = connection.await.unwrap().create_channel().await.unwrap();
        for name in [self.queue.clone(), format!("{}.dead", self.queue)] {
            let options = QueueDeleteOptions::default();
            channel.queue_delete(name.into(), options).await.unwrap();
        }
    }
}

#[tokio::test]
async fn dead_events_are_listed_and_shown_without_being_touched() {
    let service = Service::start().await;
    let ids = service.dead(4).await;
    let list = service.json(&["list"]).await;
    let reasons: Vec<&Value> = list["dead"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["reason"])
        .collect();
    assert!(
        reasons.contains(&&json!(
            "decode event envelope: Syntax error at line 1 column 2"
        )),
        "{list}"
    );
    assert!(reasons.contains(&&json!("the service is broken")), "{list}");
    assert_eq!(list["dead"][0]["tries"], 1);

    let table = service.expect(0, &["list"]).await;
    assert!(ids.iter().all(|id| table.contains(id)), "{table}");
    assert!(!table.contains("Grace"), "a list tells no data: {table}");
    let garbage = uuid::Uuid::from_u128(7).to_string();
    let page = service.expect(0, &["show", &garbage]).await;
    assert!(page.contains(GARBAGE), "{page}");
    let event = ids.iter().find(|id| **id != garbage).unwrap();
    let page = service.json(&["show", event]).await;
    assert_eq!(page[0]["event"]["data"]["name"], "Grace Hopper");
    assert_eq!(page[0]["failures"][0]["reason"], "the service is broken");

    let first = service.json(&["list", "--limit", "1"]).await;
    assert_eq!(first["dead"].as_array().unwrap().len(), 1);
    assert_eq!(first["unseen"], 3);
    assert_eq!(service.dead(4).await.len(), 4);
    service.end().await;
}

#[tokio::test]
async fn dead_events_are_replayed_or_dropped_one_by_one_or_all() {
    let service = Service::start().await;
    let ids = service.dead(4).await;
    let garbage = uuid::Uuid::from_u128(7).to_string();
    let events: Vec<&String> = ids.iter().filter(|id| **id != garbage).collect();
    service.broken.store(false, Ordering::Relaxed);

    service.expect(2, &["replay"]).await;
    service.expect(2, &["drop", "--all"]).await;
    service.expect(1, &["replay", "nobody"]).await;
    service.expect(1, &["drop", "nobody", "--yes"]).await;
    let replayed = service.json(&["replay", events[1]]).await;
    assert_eq!(replayed, json!({"replayed": [events[1]]}));
    service.takes(&[events[1]]).await;
    let dropped = service.json(&["drop", events[0], "--yes"]).await;
    assert_eq!(dropped, json!({"dropped": [events[0]]}));
    assert_eq!(service.dead(2).await.len(), 2);

    assert_eq!(
        service
            .json(&["replay", "--all", "--type", "other.type"])
            .await,
        json!({"replayed": []})
    );
    let text = service.expect(0, &["replay", "--all"]).await;
    assert_eq!(text, "2 replayed\n");
    service.takes(&[events[1], events[2]]).await;
    // What cannot be read is given up again.
    assert_eq!(service.dead(1).await, [garbage]);
    let text = service.expect(0, &["drop", "--all", "--yes"]).await;
    assert_eq!(text, "1 dropped\n");
    assert_eq!(service.expect(0, &["list"]).await, "no event is dead\n");
    service.end().await;
}

#[tokio::test]
async fn queue_that_no_service_has_is_a_usage_mistake() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrator"));
    command.args(["events", "dead", "list", "--queue", "test.nobody"]);
    command.env(
        "MIGRATOR_AMQP_URL",
        testkit::setting("TENANTRY_TEST_AMQP_URL"),
    );
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
