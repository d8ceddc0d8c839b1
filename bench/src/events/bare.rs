//! The events as analytics keeps them and the counters they move, written by nothing but the driver. What is to be
//! written is made before the clock starts.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context;
use events::Envelope;
use events::topic::task::{TaskCreated, TaskStatusChanged};
use mongodb::bson::{DateTime, Document, doc, serialize_to_bson};
use mongodb::options::{IndexOptions, WriteConcern};
use mongodb::{Client, Collection, Database, IndexModel};

use super::per_second;

/// Events of one transaction: what analytics takes in at once.
const BATCH: usize = 1_000;

/// Collections of counters: of a day, of a month, and as things stand.
const COUNTERS: [&str; 3] = ["days", "months", "totals"];

/// What one increment is the sum of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sum {
    /// Whatever a batch does to the counter: the least there is to write.
    OfBatch,
    /// What one event does to it: no batch is looked at as a whole.
    OfEvent,
}

/// What one transaction writes.
struct Batch {
    events: Vec<Document>,
    /// Each document that is moved, and by how much.
    moved: Vec<(Document, Document)>,
}

/// Events a second, one transaction after the other. Organizations take turns, as they do in a queue.
pub(super) async fn run(client: &Client, told: &[Vec<Envelope>], sum: Sum) -> anyhow::Result<f64> {
    let database = client.database("bench_bare");
    prepare(&database).await?;
    let longest = told.iter().map(Vec::len).max().unwrap_or_default();
    let turns = (0..longest).flat_map(|turn| told.iter().filter_map(move |told| told.get(turn)));
    let turns: Vec<&Envelope> = turns.collect();
    let batches = turns.chunks(BATCH).map(|batch| Batch::of(batch, sum));
    let batches: Vec<Batch> = batches.collect::<anyhow::Result<_>>()?;
    let started = Instant::now();
    for batch in &batches {
        batch.write(client, &database).await?;
    }
    Ok(per_second(turns.len(), started.elapsed()))
}

/// Empty collections with the indexes that analytics has on the same.
async fn prepare(database: &Database) -> anyhow::Result<()> {
    database.drop().await?;
    let events = [
        doc! {"tenant": 1, "time": 1},
        doc! {"tenant": 1, "seq": 1, "_id": 1},
    ];
    for keys in events {
        let index = IndexModel::builder().keys(keys).build();
        collection(database, "events").create_index(index).await?;
    }
    for name in COUNTERS {
        let unique = IndexOptions::builder().unique(true).build();
        let keys = doc! {"tenant": 1, "scope": 1, "time": 1};
        let index = IndexModel::builder().keys(keys).options(unique).build();
        collection(database, name).create_index(index).await?;
    }
    Ok(())
}

impl Batch {
    fn of(told: &[&Envelope], sum: Sum) -> anyhow::Result<Self> {
        let mut moved: BTreeMap<(String, String, usize), Document> = BTreeMap::new();
        let mut events = Vec::with_capacity(told.len());
        for (number, envelope) in told.iter().enumerate() {
            let tenant = envelope.tenantid.context("nobody's event")?.to_string();
            let moves = Moves::of(envelope)?;
            let place = match sum {
                Sum::OfBatch => 0,
                Sum::OfEvent => number,
            };
            for scope in moves.scopes {
                let document = moved.entry((tenant.clone(), scope, place)).or_default();
                for (field, by) in &moves.by {
                    let present = document.get_i64(field).unwrap_or_default();
                    document.insert(field, present + by);
                }
            }
            events.push(doc! {
                "tenant": tenant,
                "_id": envelope.id.to_string(),
                "seq": 1_i64,
                "type": &*envelope.kind,
                "time": DateTime::from_millis(envelope.time.timestamp_millis()),
                "event": serialize_to_bson(&envelope.to_json())?,
            });
        }
        let moved = moved.into_iter().map(|((tenant, scope, _), by)| {
            let counter = doc! {"tenant": tenant, "scope": scope, "time": "now"};
            (counter, doc! {"$inc": by})
        });
        Ok(Self {
            events,
            moved: moved.collect(),
        })
    }

    /// Five round trips.
    async fn write(&self, client: &Client, database: &Database) -> anyhow::Result<()> {
        let mut session = client.start_session().await?;
        let transaction = session.start_transaction();
        transaction.write_concern(WriteConcern::majority()).await?;
        let kept = collection(database, "events");
        let inserting = kept.insert_many(&self.events);
        inserting.session(&mut session).await?;
        for name in COUNTERS {
            let updates = self.moved.iter();
            let updates = updates.map(|(q, u)| doc! {"q": q, "u": u, "upsert": true});
            let command = doc! {"update": name, "updates": updates.collect::<Vec<_>>()};
            database.run_command(command).session(&mut session).await?;
        }
        Ok(session.commit_transaction().await?)
    }
}

/// Whose counters an event moves, and by how much each.
struct Moves {
    scopes: [String; 3],
    by: [(String, i64); 2],
}

impl Moves {
    fn of(envelope: &Envelope) -> anyhow::Result<Self> {
        let (project, people, by);
        if envelope.is::<TaskCreated>() {
            let made: TaskCreated = envelope.data()?;
            (project, people) = (made.project_id, made.assignee_ids);
            by = [
                ("created".to_owned(), 1),
                (format!("level.{}", made.status), 1),
            ];
        } else {
            let changed: TaskStatusChanged = envelope.data()?;
            (project, people) = (changed.project_id, changed.assignee_ids);
            by = [
                (format!("level.{}", changed.from), -1),
                (format!("level.{}", changed.to), 1),
            ];
        }
        let person = people.first().context("nobody's task")?;
        let scopes = [
            "organization".to_owned(),
            project.to_string(),
            person.to_string(),
        ];
        Ok(Self { scopes, by })
    }
}

fn collection(database: &Database, name: &str) -> Collection<Document> {
    database.collection(name)
}
