//! What an organization's database told, kept by the database itself, beside what analytics made of it.

use std::collections::BTreeSet;

use e2e::{Dev, Organization, Sql};
use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use testkit::{eventually, setting};

/// Time for everything to arrive once all parts are back.
const ARRIVAL_SECONDS: u64 = 120;

/// Keeps every event of tasks with the transaction that tells it: the outbox forgets what was published.
const WATCH: &str = "
    create table told (id uuid primary key, event jsonb not null);
    create function note_told() returns trigger language plpgsql security definer set search_path = public as
        $$ begin insert into told values (new.id, new.event); return null; end $$;
    create trigger note_told after insert on outbox for each row when (new.type like 'task.%')
        execute function note_told();";

const LEAVE: &str = "
    drop trigger note_told on outbox;
    drop function note_told;
    drop table told;";

/// How many tasks there are of each status, as the dashboard says it.
const BY_STATUS: &str =
    "select status || ' ' || count(*) from tasks group by status order by status";

/// Knows all that an organization told of its tasks from its first one on.
pub(super) struct Witness {
    pub(super) organization: Organization,
    pub(super) sql: Sql,
    stored: Collection<Document>,
}

impl Witness {
    /// Of an organization that has no tasks yet.
    pub(super) async fn of(organization: Organization) -> Self {
        let sql = Sql::tenant(organization.id).await;
        sql.run(WATCH).await.unwrap();
        let client = Client::with_uri_str(setting("TENANTRY_TEST_MONGO_URL")).await;
        let stored = client.unwrap().database("analytics").collection("events");
        Self {
            organization,
            sql,
            stored,
        }
    }

    /// How many events were told.
    pub(super) async fn told(&self) -> usize {
        let told = self.sql.number("select count(*) from told", &[]).await;
        usize::try_from(told).unwrap()
    }

    /// How many of them analytics has; none while MongoDB is away.
    pub(super) async fn arrived(&self) -> usize {
        let arrived = self.stored.count_documents(self.own()).await;
        usize::try_from(arrived.unwrap_or_default()).unwrap()
    }

    /// Some of them, with their ids, as they were told.
    pub(super) async fn some(&self, count: i64) -> Vec<(String, Vec<u8>)> {
        let some = "select event::text from told order by id desc limit $1";
        let some = self.sql.texts(some, &[&count]).await.into_iter();
        some.map(|event| {
            let read: serde_json::Value = serde_json::from_str(&event).unwrap();
            (read["id"].as_str().unwrap().to_owned(), event.into_bytes())
        })
        .collect()
    }

    /// Every event that was told is there, no other is, and each counts once.
    pub(super) async fn lost_nothing_and_counted_nothing_twice(&self) {
        eventually("the outbox is empty", ARRIVAL_SECONDS, async || {
            let left = self.sql.number("select count(*) from outbox", &[]).await;
            (left == 0).then_some(())
        })
        .await;
        let told = "select id::text from told";
        let told: BTreeSet<String> = self.sql.texts(told, &[]).await.into_iter().collect();
        eventually("every event arrives", ARRIVAL_SECONDS, async || {
            (self.arrived().await >= told.len()).then_some(())
        })
        .await;
        let lost: Vec<_> = told.difference(&self.ids().await).cloned().collect();
        assert_eq!(lost, [""; 0], "lost");
        assert_eq!(self.arrived().await, told.len(), "arrived and told");
        self.counts_are_true().await;
    }

    /// Numbers are those of the tasks as they stand, and those that the events come to.
    async fn counts_are_true(&self) {
        let api = &self.organization.owner.api;
        let dashboard = api.get("/api/v1/analytics/dashboard").await;
        let dashboard = dashboard.expect(200).json();
        let tasks = self.sql.number("select count(*) from tasks", &[]).await;
        assert_eq!(dashboard["tasks"]["created"], tasks, "{dashboard}");
        let by_status = dashboard["by_status"].as_object().unwrap().iter();
        let mut counted: Vec<_> = by_status
            .filter(|(_, count)| **count != 0)
            .map(|(status, count)| format!("{status} {count}"))
            .collect();
        counted.sort();
        assert_eq!(counted, self.sql.texts(BY_STATUS, &[]).await);
        let tenant = &self.organization.subdomain;
        Dev.migrator(&["analytics", "rebuild", "--tenant", tenant, "--check"])
            .await;
    }

    async fn ids(&self) -> BTreeSet<String> {
        let found = self.stored.find(self.own()).projection(doc! {"_id": 1});
        let found: Vec<Document> = found.await.unwrap().try_collect().await.unwrap();
        let ids = found.iter().map(|one| one.get_str("_id").unwrap());
        ids.map(str::to_owned).collect()
    }

    fn own(&self) -> Document {
        doc! {"tenant": self.organization.id.to_string(), "type": {"$regex": "^task\\."}}
    }

    /// Leaves the database as other tests expect it.
    pub(super) async fn leave(self) {
        self.sql.run(LEAVE).await.unwrap();
    }
}
