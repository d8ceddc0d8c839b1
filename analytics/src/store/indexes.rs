//! The indexes. Each query has one. They begin with the tenant, but for the one by which workers find what is due in
//! any organization, and those by which MongoDB removes what is kept no longer.

use std::time::Duration;

use mongodb::bson::{Document, doc};

use super::Collection;

/// An index of a collection.
pub(super) struct Index {
    pub(super) collection: Collection,
    pub(super) keys: Document,
    pub(super) unique: bool,
    /// How long after the time in its key a document is removed.
    pub(super) expire_after: Option<Duration>,
}

/// All of them.
pub(super) fn all() -> Vec<Index> {
    let unique = |collection, keys| Index {
        collection,
        keys,
        unique: true,
        expire_after: None,
    };
    let plain = |collection, keys| Index {
        collection,
        keys,
        unique: false,
        expire_after: None,
    };
    let expiring = |collection| Index {
        collection,
        keys: doc! { "expires_at": 1 },
        unique: false,
        expire_after: Some(Duration::ZERO),
    };
    let task = |keys: Document| {
        let mut all = doc! { "tenant": 1, "generation": 1 };
        all.extend(keys);
        plain(Collection::Tasks, all)
    };
    let rollup = |collection, last: &str| {
        let mut keys = doc! { "tenant": 1, "generation": 1, "scope": 1 };
        keys.insert(last, 1);
        unique(collection, keys)
    };
    vec![
        plain(Collection::Events, doc! { "tenant": 1, "time": 1 }),
        plain(Collection::Events, doc! { "tenant": 1, "seq": 1, "_id": 1 }),
        plain(
            Collection::Events,
            doc! { "tenant": 1, "type": 1, "time": 1 },
        ),
        unique(
            Collection::Tasks,
            doc! { "tenant": 1, "generation": 1, "task": 1 },
        ),
        task(doc! { "state.project": 1 }),
        // What was done: the durations are read from the index alone.
        task(doc! { "facts.done_ms": 1, "facts.lead_ms": 1, "facts.cycle_ms": 1 }),
        task(
            doc! { "facts.project": 1, "facts.done_ms": 1, "facts.lead_ms": 1, "facts.cycle_ms": 1 },
        ),
        task(doc! { "facts.assignees": 1, "facts.done_ms": 1 }),
        // What is open, and since when it is where it is.
        task(doc! { "facts.open": 1, "facts.status_ms": 1, "facts.status": 1 }),
        task(doc! { "facts.project": 1, "facts.open": 1, "facts.status_ms": 1, "facts.status": 1 }),
        task(doc! { "facts.assignees": 1, "facts.open": 1, "facts.status_ms": 1 }),
        task(doc! { "facts.created_ms": 1 }),
        rollup(Collection::Days, "day"),
        rollup(Collection::Months, "month"),
        unique(
            Collection::Totals,
            doc! { "tenant": 1, "generation": 1, "scope": 1 },
        ),
        unique(Collection::Organizations, doc! { "tenant": 1 }),
        unique(Collection::Rebuilds, doc! { "tenant": 1 }),
        unique(Collection::Erased, doc! { "tenant": 1 }),
        unique(
            Collection::CustomReports,
            doc! { "tenant": 1, "custom_report": 1 },
        ),
        plain(
            Collection::CustomReports,
            doc! { "tenant": 1, "owner": 1, "custom_report": 1 },
        ),
        unique(Collection::Reports, doc! { "tenant": 1, "report": 1 }),
        plain(
            Collection::Reports,
            doc! { "tenant": 1, "custom_report": 1, "report": 1 },
        ),
        plain(
            Collection::Reports,
            doc! { "tenant": 1, "requested_by": 1, "report": 1 },
        ),
        plain(Collection::Reports, doc! { "tenant": 1, "state": 1 }),
        plain(Collection::Reports, doc! { "due_at": 1 }),
        plain(Collection::Reports, doc! { "tell_at": 1 }),
        unique(
            Collection::Schedules,
            doc! { "tenant": 1, "custom_report": 1 },
        ),
        plain(Collection::Schedules, doc! { "tenant": 1, "owner": 1 }),
        plain(Collection::Schedules, doc! { "tenant": 1, "recipients": 1 }),
        plain(Collection::Schedules, doc! { "due_at": 1 }),
        expiring(Collection::Reports),
        unique(
            Collection::ReportRows,
            doc! { "tenant": 1, "report": 1, "attempt": 1, "place": 1 },
        ),
        expiring(Collection::ReportRows),
    ]
}
