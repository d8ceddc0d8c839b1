//! The reads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use futures::TryStreamExt;
use kernel::{TenantId, UserId};
use mongodb::bson::{Document, deserialize_from_document, doc};
use mongodb::options::FindOptions;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::model::{DayRollup, History, Kind, Moves, Standings};
use crate::counter::{Scope, Slot};
use crate::organization::store::ledger;
use crate::organization::{Generation, Ledger};
use crate::period::Asked;
use crate::scope::TenantScope;
use crate::store::{Collection, Store, StoreError};

/// Time for one read; a person is waiting for it.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// The numbers of one organization, of the generation that counts.
pub(crate) struct Numbers<'a> {
    scope: TenantScope<'a>,
    pub(crate) ledger: Ledger,
}

impl<'a> Numbers<'a> {
    pub(crate) async fn open(store: &'a Store, tenant: TenantId) -> Result<Self, StoreError> {
        let scope = TenantScope::new(store, tenant);
        let ledger = in_time(ledger(&scope)).await?;
        Ok(Self { scope, ledger })
    }

    fn generation(&self) -> Generation {
        self.ledger.generation
    }

    /// Documents of the generation, without what is only their key.
    pub(crate) async fn read(
        &self,
        collection: Collection,
        filter: Document,
        projection: Document,
    ) -> Result<Vec<Document>, StoreError> {
        let options = FindOptions::builder().projection(projection).build();
        self.read_as(collection, filter, options).await
    }

    /// The same, straight into what they are: many of them, or large ones.
    async fn read_into<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        collection: Collection,
        filter: Document,
        projection: Document,
    ) -> Result<Vec<T>, StoreError> {
        let filter = self.generation().with(filter);
        let options = FindOptions::builder().projection(projection).build();
        let read = async {
            let cursor = self.scope.stream(collection, filter, options).await?;
            Ok(cursor.with_type::<T>().try_collect().await?)
        };
        in_time(read).await
    }

    /// Documents of the generation, as `options` want them.
    pub(crate) async fn read_as(
        &self,
        collection: Collection,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<Document>, StoreError> {
        let filter = self.generation().with(filter);
        let read = async {
            let cursor = self.scope.stream(collection, filter, options).await?;
            Ok(cursor.try_collect().await?)
        };
        in_time(read).await
    }

    /// What moved in a period.
    pub(crate) async fn history(
        &self,
        scope: Scope,
        asked: Asked,
        kind: Kind,
    ) -> Result<History, StoreError> {
        let (first, last) = utc_days(asked);
        let days = self.days(scope, first, last, kind.fields()).await?;
        Ok(History::of_days(&days))
    }

    /// What moved in a period, and who completed how many tasks in it. `scope` is the organization or a project.
    pub(crate) async fn history_with_people(
        &self,
        scope: Scope,
        asked: Asked,
    ) -> Result<(History, BTreeMap<UserId, i64>), StoreError> {
        let (first, last) = utc_days(asked);
        let mut keys = Kind::Counts.fields();
        keys.insert("done_by", 1);
        let whole = whole_days(asked);
        let [before, after] = match &whole {
            None => [(asked.begins(), asked.ends()), (asked.ends(), asked.ends())],
            Some(whole) => [(asked.begins(), whole.start), (whole.end, asked.ends())],
        };
        let (days, begun, ended) = futures::try_join!(
            self.days(scope, first, last, keys),
            self.done_by_tasks(scope, before),
            self.done_by_tasks(scope, after),
        )?;
        let mut people: BTreeMap<UserId, i64> = BTreeMap::new();
        for user in begun.into_iter().chain(ended) {
            *people.entry(user).or_default() += 1;
        }
        for rollup in &days {
            let midnight = rollup.day.and_time(NaiveTime::MIN).and_utc();
            if whole
                .as_ref()
                .is_some_and(|whole| whole.contains(&midnight))
            {
                for (user, by) in &rollup.done_by {
                    *people.entry(*user).or_default() += by;
                }
            }
        }
        Ok((History::of_days(&days), people))
    }

    /// Whose the tasks are that were done in a part of a day: a person for each of their tasks.
    async fn done_by_tasks(
        &self,
        scope: Scope,
        (begins, ends): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<UserId>, StoreError> {
        if begins >= ends {
            return Ok(Vec::new());
        }
        let mut filter = of_scope(scope);
        let done = doc! { "$gte": begins.timestamp_millis(), "$lt": ends.timestamp_millis() };
        filter.insert("facts.done_ms", done);
        let keys = doc! { "_id": 0, "facts.assignees": 1 };
        let found = self.read(Collection::Tasks, filter, keys).await?;
        let mut people = Vec::new();
        for document in found {
            let task: Assigned = deserialize_from_document(document)?;
            people.extend(task.facts.assignees);
        }
        Ok(people)
    }

    /// Days of one scope in their order; the first and the last one included.
    async fn days(
        &self,
        scope: Scope,
        first: NaiveDate,
        last: NaiveDate,
        keys: Document,
    ) -> Result<Vec<DayRollup>, StoreError> {
        // Days are ISO dates, which sort as they follow each other.
        let days = doc! { "$gte": first.to_string(), "$lte": last.to_string() };
        let filter = doc! { "scope": scope.to_string(), "day": days };
        let mut projection = doc! { "_id": 0, "day": 1 };
        projection.extend(keys);
        self.read_into(Collection::Days, filter, projection).await
    }

    /// How many tasks were in each status right before a period, and how long they were thought to take: whole months
    /// since the beginning, then days of the month.
    pub(crate) async fn before(&self, scope: Scope, asked: Asked) -> Result<Moves, StoreError> {
        let slot = Slot::of(asked.begins());
        let day = slot.day();
        let month = day.format("%Y-%m").to_string();
        let filter = doc! { "scope": scope.to_string(), "month": { "$lt": &month } };
        let keys = doc! { "_id": 0, "level": 1, "estimate": 1 };
        let first = day.with_day(1).unwrap_or(day);
        let (months, days) = futures::try_join!(
            self.read(Collection::Months, filter, keys),
            self.days(scope, first, day, Kind::Levels.fields()),
        )?;
        let mut sum = History::of_days(&days).between(Slot::new(first, 0), slot);
        for document in months {
            sum.add(&deserialize_from_document(document)?);
        }
        Ok(sum)
    }

    /// How things stand.
    pub(crate) async fn standings(&self, scope: Scope) -> Result<Standings, StoreError> {
        let filter = doc! { "scope": scope.to_string() };
        let found = self
            .read(Collection::Totals, filter, doc! { "_id": 0 })
            .await?;
        let found = found.into_iter().next().unwrap_or_default();
        Ok(deserialize_from_document(found)?)
    }
}

/// The people of a task, as it is stored.
#[derive(Deserialize)]
struct Assigned {
    facts: AssignedFacts,
}

#[derive(Deserialize)]
struct AssignedFacts {
    assignees: Vec<UserId>,
}

/// Begins a filter of tasks that count.
pub(crate) fn of_scope(scope: Scope) -> Document {
    match scope {
        Scope::Organization | Scope::Link(_) => Document::new(),
        Scope::Project(id) => doc! { "facts.project": id.to_string() },
        Scope::Person(id) => doc! { "facts.assignees": id.to_string() },
    }
}

/// The UTC days that a period touches, both included.
fn utc_days(asked: Asked) -> (NaiveDate, NaiveDate) {
    let last = asked.ends() - TimeDelta::seconds(1);
    (asked.begins().date_naive(), last.date_naive())
}

/// The whole UTC days of a period, if it has any: from the first midnight to the last one.
fn whole_days(asked: Asked) -> Option<Range<DateTime<Utc>>> {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let begins = asked.begins();
    let first = midnight(begins.date_naive());
    let first = match first < begins {
        true => first + TimeDelta::days(1),
        false => first,
    };
    let last = midnight(asked.ends().date_naive());
    (first < last).then_some(first..last)
}

async fn in_time<T>(read: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(READ_TIMEOUT, read)
        .await
        .unwrap_or(Err(StoreError::Timeout))
}
