//! One change of many tasks: one transaction, and an answer for each. What is refused of one leaves it as it was and
//! does not keep the others from their change.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use events::topic::task::{TaskPriority, TaskStatus};
use garde::Validate;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{FieldError, IfMatch, Json, Problem, ProblemBody};
use kernel::{LabelId, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbErr, raw_sql};
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use tenancy::UnitOfWork;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;
use uuid::Uuid;

use super::edit::{self, Edit};
use super::routes::assign;
use super::row::TaskRow;
use super::{landing, moving, trash, tree};
use crate::access::{self, Delete, Permits, Standing, Write};
use crate::api::WriteProblems;
use crate::entity::task;
use crate::patch::{Meant, set};
use crate::rules::{ASSIGNEES, ESTIMATE_SECONDS, LABELS, patched_date};
use crate::tenant::Tenant;
use crate::{label, people};

/// Tasks of one request.
const MOST_TASKS: usize = 100;

/// A change and the tasks it is for.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct EditTasks {
    /// Each task once.
    #[garde(length(min = 1, max = MOST_TASKS), dive)]
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<EditedTask>,
    #[garde(dive)]
    change: Change,
}

/// One of the tasks.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct EditedTask {
    #[garde(skip)]
    id: TaskId,
    /// The version the change is meant for; 409 for this task when it is not the present one.
    #[garde(skip)]
    version: Option<i32>,
}

/// What is to be different; what is left out stays. At least one thing.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct Change {
    /// To the end of the first column of this category of each task's board.
    #[garde(skip)]
    status: Option<TaskStatus>,
    #[garde(skip)]
    priority: Option<TaskPriority>,
    /// Null takes it away.
    #[garde(custom(patched_date))]
    #[serde(
        default,
        with = "double_option",
        skip_serializing_if = "Option::is_none"
    )]
    start_date: Option<Option<NaiveDate>>,
    /// Null takes it away.
    #[garde(custom(patched_date))]
    #[serde(
        default,
        with = "double_option",
        skip_serializing_if = "Option::is_none"
    )]
    due_date: Option<Option<NaiveDate>>,
    /// Null takes it away.
    #[garde(range(min = 0, max = ESTIMATE_SECONDS))]
    #[serde(
        default,
        with = "double_option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 0, maximum = 360_000_000)]
    estimate_seconds: Option<Option<i32>>,
    /// Everybody who is to do them from now on.
    #[garde(length(max = ASSIGNEES))]
    #[schema(max_items = 50)]
    assignee_ids: Option<Vec<UserId>>,
    /// Labels to carry beside what they carry.
    #[garde(length(max = LABELS))]
    #[serde(default)]
    #[schema(max_items = 50)]
    add_label_ids: Vec<LabelId>,
    /// Labels to carry no longer.
    #[garde(length(max = LABELS))]
    #[serde(default)]
    #[schema(max_items = 50)]
    remove_label_ids: Vec<LabelId>,
    /// Whether they are put away.
    #[garde(skip)]
    archived: Option<bool>,
    /// True puts them into the trash; nothing else may be asked then.
    #[garde(skip)]
    #[serde(default)]
    delete: bool,
}

/// What became of each task, in the order of the request.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct EditedTasks {
    items: Vec<Outcome>,
}

/// What became of one task.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Outcome {
    id: TaskId,
    /// What the request for this task alone would have answered.
    #[schema(example = 200)]
    status: u16,
    /// The version it has now; null where it was refused or deleted.
    version: Option<i32>,
    /// Why it was refused.
    problem: Option<ProblemBody>,
}

impl Change {
    fn edits(&self) -> bool {
        self.priority.is_some()
            || self.start_date.is_some()
            || self.due_date.is_some()
            || self.estimate_seconds.is_some()
            || self.labels()
    }

    fn labels(&self) -> bool {
        !self.add_label_ids.is_empty() || !self.remove_label_ids.is_empty()
    }

    fn columns(&self) -> task::ActiveModel {
        task::ActiveModel {
            priority: set(self.priority),
            start_date: set(self.start_date),
            due_date: set(self.due_date),
            estimate_seconds: set(self.estimate_seconds),
            ..Default::default()
        }
    }

    /// 422 for a change of nothing, and for a change of what is to be deleted.
    fn check(&self) -> Result<(), Problem> {
        let changes = self.edits()
            || self.status.is_some()
            || self.assignee_ids.is_some()
            || self.archived.is_some();
        match (self.delete, changes) {
            (true, false) | (false, true) => Ok(()),
            (false, false) => Err(Problem::field(
                "/change",
                "missing",
                "must change something",
            )),
            (true, true) => {
                let detail = "what is deleted is not changed";
                Err(Problem::field("/change/delete", "ambiguous", detail))
            }
        }
    }
}

/// Change many tasks at once
///
/// In one transaction, with an answer for each: what is refused of one task leaves it as it was, the others are changed
/// all the same.
#[utoipa::path(post, path = "/tasks/bulk", tag = "tasks", request_body = EditTasks,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "what became of each task", body = EditedTasks), WriteProblems))]
pub(super) async fn edit_tasks(
    tenant: Tenant,
    key: IdempotencyKey,
    Json(body): Json<EditTasks>,
) -> Result<Json<EditedTasks>, Problem> {
    body.change.check()?;
    check_once(&body.items)?;
    let assignees = body.change.assignee_ids.as_deref().unwrap_or_default();
    let assignees = people::resolve(&tenant, assignees, "/change/assignee_ids").await?;
    let once = key.once(format!("edit_tasks:{}", tenant.user()), &body);
    let found = admit_all(&tenant, &body.items, &body.change).await?;
    let _turns = turns(&tenant, &found).await;
    let unit = tenant.begin().await?;
    if let Some(answer) = once.replayed(&unit, tenant.now()).await? {
        return Ok(Json(answer));
    }
    lock(&unit, &found, &body.change).await?;
    let mut items = Vec::with_capacity(body.items.len());
    for (item, found) in body.items.iter().zip(found) {
        let changed = match found {
            Ok(row) => in_savepoint(&unit, &tenant, row, item, (&body.change, &assignees)).await,
            Err(problem) => Err(problem),
        };
        items.push(outcome(item.id, changed)?);
    }
    let answer = EditedTasks { items };
    once.remember(&unit, &answer).await?;
    unit.commit().await?;
    Ok(Json(answer))
}

fn check_once(items: &[EditedTask]) -> Result<(), Problem> {
    let mut errors = Vec::new();
    for (place, item) in items.iter().enumerate() {
        if items.iter().take(place).any(|other| other.id == item.id) {
            let pointer = format!("/items/{place}/id");
            errors.push(FieldError::new(pointer, "duplicate", "is there already"));
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(errors))
    }
}

/// The tasks, each for somebody who may change it so; read in one statement.
async fn admit_all(
    tenant: &Tenant,
    items: &[EditedTask],
    change: &Change,
) -> Result<Vec<Result<TaskRow, Problem>>, Problem> {
    let ids: Vec<TaskId> = items.iter().map(|item| item.id).collect();
    let found = TaskRow::load_many(&tenant.read().await?, &ids, tenant.user()).await?;
    let found = found.into_iter().map(|found| (found.0.task.id, found));
    let mut found: HashMap<TaskId, (TaskRow, Standing)> = found.collect();
    let admitted = ids.iter().map(|id| {
        let seen = access::seen(tenant, found.remove(id));
        let (row, rights) = seen.ok_or_else(Problem::not_found)?;
        if change.delete {
            Delete::check(tenant, rights, &row)?;
        } else {
            Write::check(tenant, rights, &row)?;
        }
        Ok(row)
    });
    Ok(admitted.collect())
}

/// Waits for the turns of all projects, always in the same order.
async fn turns(
    tenant: &Tenant,
    found: &[Result<TaskRow, Problem>],
) -> Vec<Option<OwnedMutexGuard<()>>> {
    let projects = found.iter().flatten().map(|row| row.task.project_id);
    let mut turns = Vec::new();
    for project in projects.collect::<BTreeSet<_>>() {
        turns.push(tenant.turn(project).await);
    }
    turns
}

/// Locks all that will change, in the order that all others keep to: projects, columns, tasks.
async fn lock(
    unit: &UnitOfWork,
    found: &[Result<TaskRow, Problem>],
    change: &Change,
) -> Result<(), DbErr> {
    let tasks: Vec<&task::Model> = found.iter().flatten().map(|row| &row.task).collect();
    let ids: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
    if change.delete {
        let projects: Vec<_> = tasks.iter().map(|task| task.project_id).collect();
        landing::lock_projects(unit, &projects).await?;
        return tree::lock_whole(unit, &ids).await;
    }
    if let Some(status) = change.status {
        let boards: Vec<Uuid> = tasks.iter().map(|task| task.board_id.uuid()).collect();
        let columns = raw_sql!(
            Postgres,
            "select id from columns where board_id = any({boards}) and category = {status}
             order by id for no key update"
        );
        unit.query_all_raw(columns).await?;
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let tasks = raw_sql!(
        Postgres,
        "select id from tasks where id = any({ids}) order by id for no key update"
    );
    unit.query_all_raw(tasks).await?;
    Ok(())
}

/// Changes one task, or nothing of it.
async fn in_savepoint(
    unit: &UnitOfWork,
    tenant: &Tenant,
    found: TaskRow,
    item: &EditedTask,
    change: (&Change, &[UserId]),
) -> Result<Option<i32>, Problem> {
    let point = unit.savepoint().await?;
    let changed = edit_one(unit, tenant, found, item, change).await;
    match &changed {
        Ok(_) => unit.release(point).await?,
        // The whole request ends with it.
        Err(problem) if problem.status().is_server_error() => {}
        Err(_) => unit.roll_back(point).await?,
    }
    changed
}

/// Answers the version the task has then; none when it is deleted.
async fn edit_one(
    unit: &UnitOfWork,
    tenant: &Tenant,
    found: TaskRow,
    item: &EditedTask,
    (change, assignees): (&Change, &[UserId]),
) -> Result<Option<i32>, Problem> {
    let meant = Meant::new(IfMatch::Any, item.version);
    let mut row = edit::hold(unit, &found).await?;
    meant.check(row.task.version)?;
    if change.delete {
        trash::delete(unit, tenant, row.task.id).await?;
        return Ok(None);
    }
    if change.edits() {
        let edit = Edit {
            columns: change.columns(),
            labels: labels(unit, &row, change).await?,
            fields: None,
        };
        row = edit::apply(unit, tenant, row, edit).await?.0;
    }
    if change.assignee_ids.is_some() {
        row = assign(unit, tenant, row, assignees).await?;
    }
    if let Some(status) = change.status {
        row = moving::to_status(unit, tenant, row, status).await?;
    }
    if let Some(away) = change.archived {
        row = trash::archive(unit, tenant, row, away).await?;
    }
    Ok(Some(row.task.version))
}

/// All labels that the task has then; none when they stay.
async fn labels(
    unit: &UnitOfWork,
    row: &TaskRow,
    change: &Change,
) -> Result<Option<Vec<LabelId>>, Problem> {
    if !change.labels() {
        return Ok(None);
    }
    let (project, added) = (row.task.project_id, &change.add_label_ids);
    label::check(unit, project, added, "/change/add_label_ids").await?;
    let mut labels = row.labels();
    labels.retain(|label| !change.remove_label_ids.contains(label));
    labels.extend(added.iter().copied());
    labels.sort_unstable();
    labels.dedup();
    if labels.len() > LABELS {
        let detail = format!("a task carries at most {LABELS} labels");
        return Err(Problem::conflict("too_many_labels", detail));
    }
    Ok(Some(labels))
}

/// What the caller hears of one task. A fault of the system is one of the whole request.
fn outcome(id: TaskId, changed: Result<Option<i32>, Problem>) -> Result<Outcome, Problem> {
    match changed {
        Ok(version) => Ok(Outcome {
            id,
            status: if version.is_some() { 200 } else { 204 },
            version,
            problem: None,
        }),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => Ok(Outcome {
            id,
            status: problem.status().as_u16(),
            version: None,
            problem: Some(problem.body()),
        }),
    }
}
