//! A world of its own for each test: a database with an outbox, a routing key nobody else uses, and a
//! broker behind a door that can be shut.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use events::dead::{DeadLetters, Fate, Letter};
use events::topic::user::UserCreated;
use events::{Action, Amqp, Consumer, Envelope, Publisher, Queue};
use kernel::{Clock, Ids, UserId};
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use testkit::{eventually, unique, until};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const OUTBOX: &str = "create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    type text not null,
    tenant_id uuid,
    event jsonb not null,
    created_at timestamptz not null default now()
)";

pub(crate) fn amqp_url() -> String {
    testkit::setting("TENANTRY_TEST_AMQP_URL")
}

/// A database with an empty outbox, dropped with the value's [`OutboxDatabase::drop`].
pub(crate) struct OutboxDatabase {
    pub(crate) db: DatabaseConnection,
    database: testkit::Database,
}

impl OutboxDatabase {
    pub(crate) async fn create() -> Self {
        let database = testkit::Database::create(unique("events_")).await;
        database.execute(OUTBOX).await;
        let db = Database::connect(database.url().as_str()).await.unwrap();
        Self { db, database }
    }

    pub(crate) async fn waiting(&self) -> i64 {
        let count = Statement::from_string(
            self.db.get_database_backend(),
            "select count(*) as n from outbox",
        );
        let row = self.db.query_one_raw(count).await.unwrap().unwrap();
        row.try_get("", "n").unwrap()
    }

    pub(crate) async fn drop(self) {
        self.db.close().await.unwrap();
        self.database.drop().await;
    }
}

/// A topic of this test alone: a routing key and a queue bound to it.
pub(crate) struct Topic {
    pub(crate) key: &'static str,
    pub(crate) queue: String,
}

impl Topic {
    pub(crate) fn new() -> Self {
        let unique = unique("");
        Self {
            key: format!("test.{unique}").leak(),
            queue: format!("test.{unique}"),
        }
    }

    /// An event under this topic, told apart by its subject.
    pub(crate) fn event(&self, subject: &impl ToString) -> Envelope {
        let user_id: UserId = Ids::system().next();
        let event = UserCreated { user_id };
        let (ids, clock) = (Ids::system(), Clock::system());
        let mut json = Envelope::new(&ids, &clock, "test", None, None, &event).to_json();
        json["type"] = self.key.into();
        json["subject"] = subject.to_string().into();
        Envelope::decode(json.to_string().as_bytes()).unwrap()
    }

    pub(crate) fn work_queue(&self) -> Queue {
        Queue::work(&self.queue, &[self.key])
    }

    /// Lets the broker forget a queue where messages waited this long for another try.
    pub(crate) async fn delete_waiting(&self, pause: Duration) {
        let (_connection, channel) = raw_channel().await;
        let name = format!("{}.retry.{}", self.queue, pause.as_millis());
        let options = QueueDeleteOptions::default();
        channel.queue_delete(name.into(), options).await.unwrap();
    }

    /// All dead messages, which stay.
    pub(crate) async fn dead(&self) -> Vec<Letter> {
        let (letters, mut found) = (dead_letters().await, Vec::new());
        let walk = letters.walk(&self.queue, u32::MAX, |letter| {
            found.push(letter.clone());
            Fate::Keep
        });
        walk.await.unwrap();
        found
    }

    /// Waits until so many are dead.
    pub(crate) async fn buries(&self, count: usize) -> Vec<Letter> {
        eventually("messages are dead", 20, async || {
            let dead = self.dead().await;
            (dead.len() == count).then_some(dead)
        })
        .await
    }

    /// A busy broker may be asked again: it gives up on a queue that it does not end in time.
    pub(crate) async fn delete(self) {
        for name in [self.queue.clone(), format!("{}.dead", self.queue)] {
            eventually("a queue is deleted", 20, async || {
                let (_connection, channel) = raw_channel().await;
                let options = QueueDeleteOptions::default();
                channel
                    .queue_delete(name.clone().into(), options)
                    .await
                    .ok()
            })
            .await;
        }
    }
}

pub(crate) async fn dead_letters() -> DeadLetters {
    let amqp = Amqp::new(&amqp_url(), "test").unwrap();
    DeadLetters::open(&amqp).await.unwrap()
}

pub(crate) async fn raw_channel() -> (Connection, lapin::Channel) {
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&amqp_url(), properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// Everything a consumer got, in order of arrival.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<Vec<Envelope>>>);

impl Inbox {
    pub(crate) fn subjects(&self) -> Vec<String> {
        let got = self.0.lock().unwrap();
        got.iter().map(|e| e.subject.clone().unwrap()).collect()
    }

    pub(crate) fn ids(&self) -> Vec<kernel::EventId> {
        self.0.lock().unwrap().iter().map(|e| e.id).collect()
    }

    pub(crate) async fn holds(&self, count: usize) {
        until("events arrive", async || self.ids().len() >= count).await;
    }

    pub(crate) fn put(&self, batch: Vec<Envelope>) -> Vec<Action> {
        let actions = vec![Action::Ack; batch.len()];
        self.0.lock().unwrap().extend(batch);
        actions
    }
}

/// The running parts of a test, stopped at its end.
pub(crate) struct Running {
    pub(crate) shutdown: CancellationToken,
    tasks: tokio::task::JoinSet<()>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            shutdown: CancellationToken::new(),
            tasks: tokio::task::JoinSet::new(),
        }
    }

    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    pub(crate) fn publisher(&mut self, url: &str) -> Publisher {
        let publisher = Publisher::new(Amqp::new(url, "test publisher").unwrap());
        self.spawn(publisher.clone().run(self.shutdown.clone()));
        publisher
    }

    /// Starts a consumer that acknowledges all, and waits until its queue stands.
    pub(crate) async fn consumer(&mut self, url: &str, queue: Queue) -> Inbox {
        let inbox = Inbox::default();
        let consumer = Consumer::new(Amqp::new(url, "test consumer").unwrap(), queue);
        let state = consumer.state();
        let kept = inbox.clone();
        let handler = move |batch| {
            let actions = kept.put(batch);
            async move { actions }
        };
        self.spawn(consumer.run(handler, self.shutdown.clone()));
        state.wait_connected().await;
        inbox
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.join_all().await;
    }
}

/// A door to the broker.
pub(crate) struct Door {
    open: watch::Sender<bool>,
    port: u16,
}

impl Door {
    pub(crate) async fn new(open: bool) -> Self {
        let open = watch::Sender::new(open);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = open.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, state.clone()));
            }
        });
        Self { open, port }
    }

    pub(crate) fn url(&self) -> String {
        let (server, port) = (amqp_url(), self.port);
        let (credentials, _) = server.rsplit_once('@').unwrap();
        format!("{credentials}@127.0.0.1:{port}")
    }

    pub(crate) fn shut(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}

/// Carries bytes while the door is open; shutting it ends the connection.
async fn pass(mut client: TcpStream, mut open: watch::Receiver<bool>) {
    if !*open.borrow() {
        return;
    }
    let url = amqp_url();
    let address = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
    let mut broker = TcpStream::connect(address).await.unwrap();
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut broker) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
