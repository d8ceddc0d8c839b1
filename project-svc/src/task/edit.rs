//! Changing what a task says: its own columns, labels and custom fields.

use events::topic::task::TaskUpdated;
use httpkit::Problem;
use kernel::LabelId;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ConnectionTrait, FromQueryResult, raw_sql};
use tenancy::UnitOfWork;

use super::history;
use super::model::{check_dates, previous};
use super::row::TaskRow;
use crate::entity::task;
use crate::field::Given;
use crate::patch::changed;
use crate::tenant::Tenant;
use crate::{label, versions};

/// What is to be different.
#[derive(Default)]
pub(super) struct Edit {
    pub(super) columns: task::ActiveModel,
    /// All labels from now on; checked.
    pub(super) labels: Option<Vec<LabelId>>,
    /// Checked for the task's project.
    pub(super) fields: Option<Given>,
}

impl Edit {
    pub(super) fn is_empty(&self) -> bool {
        changed(&self.columns).is_empty() && self.labels.is_none() && self.fields.is_none()
    }
}

/// The task that was found, as it is now; nobody else changes its row until the commit.
pub(crate) async fn hold(db: &impl ConnectionTrait, found: &TaskRow) -> Result<TaskRow, Problem> {
    let id = found.task.id;
    let held = task::Model::find_by_statement(raw_sql!(
        Postgres,
        "select t.* from tasks t join projects p on p.id = t.project_id
         where t.id = {id} and t.deleted_at is null and p.deleted_at is null for no key update of t"
    ));
    let held = held.one(db).await?.ok_or_else(Problem::not_found)?;
    as_held(db, found, held).await
}

/// The task that was found, with its row as it is now that it is held. What is around it is as it was found while the
/// version is: people, labels and fields count it.
pub(super) async fn as_held(
    db: &impl ConnectionTrait,
    found: &TaskRow,
    held: task::Model,
) -> Result<TaskRow, Problem> {
    // What the caller may do was decided for the project it was found in.
    if held.project_id != found.task.project_id {
        return Err(Problem::not_found());
    }
    if held.version == found.task.version {
        return Ok(found.clone().with(held));
    }
    let row = TaskRow::lock(db, held.id).await?;
    row.ok_or_else(Problem::not_found)
}

/// Changes a task whose row is held; answers it, and whether anything is different now.
pub(super) async fn apply(
    unit: &UnitOfWork,
    tenant: &Tenant,
    held: TaskRow,
    edit: Edit,
) -> Result<(TaskRow, bool), Problem> {
    let Edit {
        mut columns,
        labels,
        fields,
    } = edit;
    let task = &held.task;
    let start = set_or(&columns.start_date, task.start_date);
    check_dates(start, set_or(&columns.due_date, task.due_date))?;
    let given = fields.map(|given| given.onto(&task.fields));
    if let Some((by_id, _)) = &given {
        columns.fields = Set(by_id.clone());
    }
    let updated =
        versions::update::<task::Entity>(unit, task.id, columns, None, tenant.now()).await?;
    let updated = updated.ok_or_else(Problem::not_found)?;
    let (mut before, mut after) = (held.clone(), held.with(updated));
    if let Some(labels) = labels {
        let (came, went) = label::replace(unit, after.task.id, &labels).await?;
        before = before.with_labels(&sorted(previous(&labels, &came, &went)));
        after = after.with_labels(&sorted(labels));
    }
    if let Some((_, by_key)) = given {
        after = after.with_fields(by_key);
    }
    let names: Vec<String> = history::changes(&before, &after)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    if names.is_empty() {
        return Ok((after, false));
    }
    let event = TaskUpdated {
        task_id: after.task.id,
        project_id: after.task.project_id,
        changed: names,
        priority: Some(after.task.priority),
        estimate_seconds: after.task.estimate_seconds,
        version: Some(after.task.version),
    };
    tenant.emit(unit, &event).await?;
    history::record(unit, tenant, "task.updated", (&before, &after)).await?;
    Ok((after, true))
}

fn set_or<T: Copy + Into<sea_orm::Value>>(field: &sea_orm::ActiveValue<T>, present: T) -> T {
    match field {
        Set(value) => *value,
        NotSet | sea_orm::ActiveValue::Unchanged(_) => present,
    }
}

fn sorted(mut labels: Vec<LabelId>) -> Vec<LabelId> {
    labels.sort_unstable();
    labels.dedup();
    labels
}
