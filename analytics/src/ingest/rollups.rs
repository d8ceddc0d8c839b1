//! Increments as updates of rollups: one of each document that they touch.

use std::collections::BTreeMap;

use mongodb::bson::{Document, doc};

use crate::counter::{Counter, Moved, Number};
use crate::organization::Generation;
use crate::scope::Update;

/// Updates by collection.
pub(super) struct Rollups {
    pub(super) days: Vec<Update>,
    pub(super) months: Vec<Update>,
    pub(super) totals: Vec<Update>,
}

/// Increments by the document's scope and time.
type Increments = BTreeMap<(String, String), Document>;

impl Rollups {
    pub(super) fn of(generation: Generation, increments: &BTreeMap<Counter, i64>) -> Self {
        let (mut days, mut months) = (Increments::new(), Increments::new());
        let mut totals = Increments::new();
        for (Counter { scope, number }, by) in increments {
            let scope = scope.to_string();
            match number {
                Number::At(slot, moved) => {
                    let (day, quarter) = (slot.day(), slot.of_day());
                    if matches!(moved, Moved::Level(_) | Moved::Estimate(_)) {
                        let month = day.format("%Y-%m").to_string();
                        add(&mut months, scope.clone(), month, moved.to_string(), *by);
                    }
                    let field = format!("moves.{moved}.{quarter}");
                    add(&mut days, scope, day.to_string(), field, *by);
                }
                Number::DoneBy(day, user) => {
                    let field = format!("done_by.{user}");
                    add(&mut days, scope, day.to_string(), field, *by);
                }
                Number::Now(standing) => {
                    add(&mut totals, scope, String::new(), standing.to_string(), *by);
                }
            }
        }
        let updates = |increments: Increments, time: Option<&str>| {
            let updates = increments.into_iter().map(|((scope, at), by)| {
                let mut document = generation.with(doc! { "scope": scope });
                if let Some(time) = time {
                    document.insert(time, at);
                }
                (document, doc! { "$inc": by })
            });
            updates.collect()
        };
        Self {
            days: updates(days, Some("day")),
            months: updates(months, Some("month")),
            totals: updates(totals, None),
        }
    }
}

/// Numbers of several slots may be one of a month.
fn add(increments: &mut Increments, scope: String, time: String, field: String, by: i64) {
    let document = increments.entry((scope, time)).or_default();
    let present = document.get_i64(&field).unwrap_or_default();
    document.insert(field, present + by);
}
