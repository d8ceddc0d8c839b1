//! Writing down what is done to a task, field by field, by whom and when; reading it is in [`super::past`].

use events::topic::task::TaskUpdated;
use httpkit::Problem;
use serde_json::{Map, Value, json};
use tenancy::UnitOfWork;

use super::row::TaskRow;
use crate::activity;
use crate::entity::task;
use crate::tenant::Tenant;

/// What differs between two states of a task: by field, `{"from": .., "to": ..}`.
pub(super) fn changes(before: &TaskRow, after: &TaskRow) -> Map<String, Value> {
    let mut changes = Map::new();
    let mut compare = |field: String, from: Value, to: Value| {
        if from != to {
            changes.insert(field, json!({"from": from, "to": to}));
        }
    };
    for ((field, from), (_, to)) in fields(before).into_iter().zip(fields(after)) {
        compare(field.to_owned(), from, to);
    }
    let (from, to) = (own_fields(before), own_fields(after));
    for key in from.keys().chain(to.keys()) {
        let value = |fields: &Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
        compare(format!("fields.{key}"), value(&from), value(&to));
    }
    changes
}

/// All that is kept track of, custom fields excepted.
fn fields(row: &TaskRow) -> [(&'static str, Value); 16] {
    let task = &row.task;
    [
        ("key", json!(row.key())),
        ("project_id", json!(task.project_id)),
        ("board_id", json!(task.board_id)),
        ("column_id", json!(task.column_id)),
        ("title", json!(task.title)),
        ("description", json!(task.description)),
        ("status", json!(task.status)),
        ("priority", json!(task.priority)),
        ("start_date", json!(task.start_date)),
        ("due_date", json!(task.due_date)),
        ("estimate_seconds", json!(task.estimate_seconds)),
        ("parent_id", json!(task.parent_id)),
        ("assignee_ids", json!(row.assignees())),
        ("label_ids", json!(row.labels())),
        ("archived_at", json!(task.archived_at)),
        ("deleted_at", json!(task.deleted_at)),
    ]
}

fn own_fields(row: &TaskRow) -> Map<String, Value> {
    match &row.fields_by_key {
        Value::Object(fields) => fields.clone(),
        _ => Map::new(),
    }
}

/// Writes into the history what differs between two states of a task, if anything does.
pub(super) async fn record(
    unit: &UnitOfWork,
    tenant: &Tenant,
    kind: &'static str,
    (before, after): (&TaskRow, &TaskRow),
) -> Result<(), Problem> {
    let changes = changes(before, after);
    if changes.is_empty() {
        return Ok(());
    }
    let (project, task) = (after.task.project_id, after.task.id);
    let changes = Value::Object(changes);
    Ok(activity::record(unit, tenant, project, Some(task), kind, changes).await?)
}

/// Tells that something around a task changed which has no event of its own, and writes it into the history.
pub(crate) async fn tell_part(
    unit: &UnitOfWork,
    tenant: &Tenant,
    task: &task::Model,
    part: &str,
    changes: Value,
) -> Result<(), Problem> {
    let event = TaskUpdated {
        task_id: task.id,
        project_id: task.project_id,
        changed: vec![part.to_owned()],
        priority: None,
        estimate_seconds: None,
        version: None,
    };
    tenant.emit(unit, &event).await?;
    let project = task.project_id;
    Ok(activity::record(
        unit,
        tenant,
        project,
        Some(task.id),
        "task.updated",
        changes,
    )
    .await?)
}
