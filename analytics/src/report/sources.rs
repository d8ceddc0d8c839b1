//! Where measures come from: tasks by when they were created or done, and events that are kept.

use mongodb::Cursor;
use mongodb::bson::{self, Document, doc, serialize_to_bson};
use mongodb::options::FindOptions;
use serde::Deserialize;

use super::model::Report;
use crate::custom_report::{Group, Measure};
use crate::organization::Generation;
use crate::period::Asked;
use crate::scope::TenantScope;
use crate::store::{Collection, StoreError, date};

/// Where a measure comes from. Each is read once for all measures of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Tasks created in the period.
    Created,
    /// Tasks done in the period that still are.
    Done,
    /// Comments written in the period.
    Comments,
    /// Opens of links in the period.
    Opens,
}

impl Source {
    pub(super) const fn of(measure: Measure) -> Self {
        match measure {
            Measure::TasksCreated => Self::Created,
            Measure::TasksDone | Measure::EstimateDone | Measure::LeadTime | Measure::CycleTime => {
                Self::Done
            }
            Measure::Comments => Self::Comments,
            Measure::LinkOpens => Self::Opens,
        }
    }

    /// What there is, as it comes.
    pub(super) async fn stream(
        self,
        scope: &TenantScope<'_>,
        generation: Generation,
        report: &Report,
    ) -> Result<Cursor<Document>, StoreError> {
        let asked = report.asked();
        match self {
            Self::Created => tasks(scope, generation, report, "facts.created_ms").await,
            Self::Done => tasks(scope, generation, report, "facts.done_ms").await,
            Self::Comments => {
                let mut filter = events("task.comment_added", asked);
                put(
                    &mut filter,
                    "event.data.project_id",
                    report.definition.filter.project_id,
                );
                put(
                    &mut filter,
                    "event.data.author_id",
                    report.definition.filter.user_id,
                );
                let shown = doc! {
                    "project": "$event.data.project_id",
                    "people": ["$event.data.author_id"],
                    "task": "$event.data.task_id",
                };
                scope
                    .stream(Collection::Events, filter, with_time(shown))
                    .await
            }
            Self::Opens => {
                let mut filter = events("link.accessed", asked);
                filter.insert("event.data.bot", false);
                put(
                    &mut filter,
                    "event.data.link_id",
                    report.definition.filter.link_id,
                );
                let shown = doc! {
                    "link": "$event.data.link_id",
                    "device": "$event.data.device",
                    "referrer": "$event.data.referrer",
                };
                scope
                    .stream(Collection::Events, filter, with_time(shown))
                    .await
            }
        }
    }
}

/// One task, comment or open.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Found {
    at_ms: i64,
    project: Option<String>,
    #[serde(default)]
    people: Vec<String>,
    status: Option<String>,
    priority: Option<String>,
    task: Option<String>,
    link: Option<String>,
    device: Option<String>,
    referrer: Option<String>,
    pub(super) estimate_seconds: Option<i64>,
    pub(super) lead_ms: Option<i64>,
    pub(super) cycle_ms: Option<i64>,
}

impl Found {
    /// The rows it counts in: none stands for what it does not have.
    pub(super) fn keys(self, group: Group, cut: &Cut) -> Vec<Option<String>> {
        match group {
            Group::Day | Group::Week | Group::Month => vec![cut.key(self.at_ms)],
            Group::Project => vec![self.project],
            Group::Person if self.people.is_empty() => vec![None],
            Group::Person => self.people.into_iter().map(Some).collect(),
            Group::Status => vec![self.status],
            Group::Priority => vec![self.priority],
            Group::Task => vec![self.task],
            Group::Link => vec![self.link],
            Group::Device => vec![self.device],
            Group::Referrer => vec![self.referrer],
        }
    }
}

/// Parts of a period: where each begins, and the day that names it.
pub(super) struct Cut(Vec<(i64, String)>);

impl Cut {
    pub(super) fn new(asked: Asked) -> Self {
        let parts = asked.buckets().into_iter();
        let parts = parts.map(|part| (part.begins.timestamp_millis(), part.date.to_string()));
        Self(parts.collect())
    }

    /// The names of all parts.
    pub(super) fn all(&self) -> impl Iterator<Item = Option<String>> {
        self.0.iter().map(|(_, day)| Some(day.clone()))
    }

    fn key(&self, at_ms: i64) -> Option<String> {
        let behind = self.0.partition_point(|(begins, _)| *begins <= at_ms);
        let part = self.0.get(behind.checked_sub(1)?);
        part.map(|(_, day)| day.clone())
    }
}

async fn tasks(
    scope: &TenantScope<'_>,
    generation: Generation,
    report: &Report,
    time: &str,
) -> Result<Cursor<Document>, StoreError> {
    let (asked, wanted) = (report.asked(), report.definition.filter);
    let (begins, ends) = (asked.begins(), asked.ends());
    let span = doc! { "$gte": begins.timestamp_millis(), "$lt": ends.timestamp_millis() };
    let mut filter = generation.with(doc! { time: span });
    put(&mut filter, "facts.project", wanted.project_id);
    put(&mut filter, "facts.assignees", wanted.user_id);
    for (key, value) in [
        ("facts.status", serialize_to_bson(&wanted.status)?),
        ("facts.priority", serialize_to_bson(&wanted.priority)?),
    ] {
        if value != bson::Bson::Null {
            filter.insert(key, value);
        }
    }
    let shown = doc! {
        "_id": 0,
        "at_ms": format!("${time}"),
        "task": 1,
        "project": "$facts.project",
        "people": "$facts.assignees",
        "status": "$facts.status",
        "priority": "$facts.priority",
        "estimate_seconds": "$facts.estimate_seconds",
        "lead_ms": "$facts.lead_ms",
        "cycle_ms": "$facts.cycle_ms",
    };
    let options = FindOptions::builder().projection(shown).build();
    scope.stream(Collection::Tasks, filter, options).await
}

/// Kept events of a type and a period.
fn events(kind: &str, asked: Asked) -> Document {
    let span = doc! { "$gte": date(asked.begins()), "$lt": date(asked.ends()) };
    doc! { "type": kind, "time": span }
}

fn with_time(shown: Document) -> FindOptions {
    let mut all = doc! { "_id": 0, "at_ms": { "$toLong": "$time" } };
    all.extend(shown);
    FindOptions::builder().projection(all).build()
}

fn put(filter: &mut Document, key: &str, id: Option<impl ToString>) {
    if let Some(id) = id {
        filter.insert(key, id.to_string());
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use kernel::TimeZone;

    use super::*;
    use crate::period::{Granularity, Period};

    #[test]
    fn moments_lie_in_the_days_of_the_time_zone() {
        let day = |day: &str| day.parse().unwrap();
        let period = Period {
            from: day("2026-03-28"),
            to: day("2026-03-30"),
        };
        let zone = TimeZone::try_from("Europe/Berlin".to_owned()).unwrap();
        let cut = Cut::new(Asked::of(period, zone, Granularity::Day));
        let at = |time: &str| {
            let time: DateTime<Utc> = time.parse().unwrap();
            cut.key(time.timestamp_millis())
        };
        assert_eq!(at("2026-03-27T22:59:59Z"), None);
        assert_eq!(at("2026-03-27T23:00:00Z").as_deref(), Some("2026-03-28"));
        assert_eq!(at("2026-03-29T21:59:59Z").as_deref(), Some("2026-03-29"));
        assert_eq!(at("2026-03-29T22:00:00Z").as_deref(), Some("2026-03-30"));
    }
}
