//! Webhooks: making them, and what receivers are sent.

mod api;
mod receiver;
mod sending;
mod taking_in;
mod trouble;

use chrono::DateTime;
use events::Envelope;
use kernel::{Clock, Role};
use project_svc::jobs::webhooks::{self, Intake};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use self::receiver::Receiver;
use crate::client::{Person, text};
use crate::world::{World, eventually};

/// An organization with a webhook, and a process that tells it.
struct Hooks {
    world: World,
    owner: Person,
    intake: Intake,
    receiver: Receiver,
    /// The webhook.
    id: String,
    secret: String,
}

impl Hooks {
    /// On a clock that stands still, with a webhook that asks for all that happens to tasks.
    async fn new() -> Self {
        let clock = Clock::fixed(DateTime::from_timestamp(1_772_443_800, 0).unwrap());
        let world = World::with(clock, |_| {}).await;
        let (owner, receiver) = (world.person(Role::Owner), Receiver::new().await);
        let body = json!({"url": receiver.url, "events": ["task.*"]});
        let webhook = owner.post("/webhooks", body).await.expect(201);
        Self {
            intake: Intake::new(world.state.clone()),
            id: text(&webhook, "id"),
            secret: text(&webhook, "secret"),
            world,
            owner,
            receiver,
        }
    }

    fn path(&self) -> String {
        format!("/webhooks/{}", self.id)
    }

    /// What happened since the last time, as the broker would bring it.
    async fn stream(&self) -> Vec<Envelope> {
        let rows = "with gone as (delete from outbox returning seq, event) select event::text from gone order by seq";
        let rows: Vec<String> = sea_orm::sqlx::query_scalar(rows)
            .fetch_all(&self.world.database)
            .await
            .unwrap();
        let decode = |row: &String| Envelope::decode(row.as_bytes()).unwrap();
        rows.iter().map(decode).collect()
    }

    /// Takes in what happened since the last time.
    async fn take_in(&self) {
        let batch = self.stream().await;
        let actions = self.intake.clone().take(batch).await;
        assert!(actions.iter().all(|action| *action == events::Action::Ack));
    }

    /// So many tasks are created, and taken in.
    async fn happen(&self, tasks: usize) {
        let (project, _) = self.owner.project("Apollo").await;
        for _ in 0..tasks {
            self.owner.task(&project, "Fuel").await;
        }
        self.take_in().await;
    }

    /// Starts a process that sends; it ends with the world.
    fn dispatch(&self) -> JoinHandle<()> {
        let shutdown = self.world.app.shutdown.clone();
        tokio::spawn(webhooks::run(self.world.state.clone(), shutdown))
    }

    async fn deliveries(&self) -> Vec<Value> {
        let path = format!("{}/deliveries", self.path());
        let page = self.world.renewed(&self.owner).get(&path).await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    /// The one delivery with its log, once it was tried so often.
    async fn tried(&self, attempts: u32) -> Value {
        let what = format!("{attempts} attempts");
        eventually(&what, async || {
            let deliveries = self.deliveries().await;
            deliveries
                .first()
                .is_some_and(|only| only["attempts"] == attempts)
        })
        .await;
        let deliveries = self.deliveries().await;
        assert_eq!(deliveries.len(), 1);
        let path = format!("{}/deliveries/{}", self.path(), text(&deliveries[0], "id"));
        self.owner.get(&path).await.expect(200)
    }

    async fn webhook(&self) -> Value {
        let owner = self.world.renewed(&self.owner);
        owner.get(&self.path()).await.expect(200)
    }
}
