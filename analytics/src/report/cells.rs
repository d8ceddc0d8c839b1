//! From what was found to rows.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use mongodb::bson::deserialize_from_document;

use super::model::{Failure, Report};
use super::sources::{Cut, Found, Source};
use crate::custom_report::{Group, Measure};
use crate::numbers::Durations;
use crate::organization::store::ledger;
use crate::scope::TenantScope;
use crate::store::StoreError;

/// Tasks or events that one report looks at, for each source: a worker's memory has an end.
const MOST_FOUND: usize = 500_000;

/// Rows of one report.
const MOST_ROWS: usize = 100_000;

/// A row: what it is of, and its numbers in the order of the report's columns.
pub(super) type Row = (Option<String>, Vec<Option<i64>>);

/// What is known of a row.
#[derive(Debug, Default)]
struct Cells {
    created: i64,
    done: i64,
    estimate_done: i64,
    lead_ms: Vec<i64>,
    cycle_ms: Vec<i64>,
    comments: i64,
    opens: i64,
}

/// The rows of a report in the order of what they are of, or why there are none. [`StoreError::Conflict`] if the numbers
/// were rebuilt meanwhile.
pub(super) async fn rows(
    scope: &TenantScope<'_>,
    report: &Report,
) -> Result<Result<Vec<Row>, Failure>, StoreError> {
    let definition = &report.definition;
    let generation = ledger(scope).await?.generation;
    let cut = Cut::new(report.asked());
    let mut rows: BTreeMap<Option<String>, Cells> = BTreeMap::new();
    if matches!(definition.group_by, Group::Day | Group::Week | Group::Month) {
        rows.extend(cut.all().map(|key| (key, Cells::default())));
    }
    let sources = definition.measures.iter().copied().map(Source::of);
    for source in sources.collect::<BTreeSet<_>>() {
        let mut found = source.stream(scope, generation, report).await?;
        let mut looked_at = 0;
        while let Some(document) = found.try_next().await? {
            looked_at += 1;
            let found: Found = deserialize_from_document(document)?;
            let (estimate, took) = (found.estimate_seconds, (found.lead_ms, found.cycle_ms));
            for key in found.keys(definition.group_by, &cut) {
                rows.entry(key).or_default().add(source, estimate, took);
            }
            if looked_at > MOST_FOUND || rows.len() > MOST_ROWS {
                return Ok(Err(Failure::TooLarge));
            }
        }
    }
    if ledger(scope).await?.generation != generation {
        return Err(StoreError::Conflict);
    }
    let rows = rows.into_iter();
    let rows = rows.map(|(key, cells)| (key, cells.numbers(&definition.measures)));
    Ok(Ok(rows.collect()))
}

impl Cells {
    fn add(
        &mut self,
        source: Source,
        estimate_seconds: Option<i64>,
        (lead_ms, cycle_ms): (Option<i64>, Option<i64>),
    ) {
        match source {
            Source::Created => self.created += 1,
            Source::Comments => self.comments += 1,
            Source::Opens => self.opens += 1,
            Source::Done => {
                self.done += 1;
                self.estimate_done += estimate_seconds.unwrap_or_default();
                self.lead_ms.extend(lead_ms);
                self.cycle_ms.extend(cycle_ms);
            }
        }
    }

    fn numbers(self, measures: &[Measure]) -> Vec<Option<i64>> {
        let (lead, cycle) = (Durations::of(self.lead_ms), Durations::of(self.cycle_ms));
        let numbers = measures.iter().flat_map(|measure| match measure {
            Measure::TasksCreated => vec![Some(self.created)],
            Measure::TasksDone => vec![Some(self.done)],
            Measure::EstimateDone => vec![Some(self.estimate_done)],
            Measure::LeadTime => durations(lead),
            Measure::CycleTime => durations(cycle),
            Measure::Comments => vec![Some(self.comments)],
            Measure::LinkOpens => vec![Some(self.opens)],
        });
        numbers.collect()
    }
}

fn durations(of: Durations) -> Vec<Option<i64>> {
    vec![
        i64::try_from(of.count).ok(),
        of.mean_seconds,
        of.p50_seconds,
        of.p85_seconds,
        of.p95_seconds,
    ]
}
