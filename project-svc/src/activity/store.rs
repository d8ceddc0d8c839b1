//! Queries of activities.

use kernel::{ActivityId, ProjectId, TaskId};
use sea_orm::ActiveValue::Set;
use sea_orm::{DbErr, EntityTrait};
use serde_json::Value;
use tenancy::UnitOfWork;

use crate::entity::activity;
use crate::tenant::Tenant;

/// Notes what the acting person does to a project or, with `task`, to a task of it. `kind` is a word like
/// `task.moved`; `changes` is an object, of [`changes`](super::changes) or of the same form.
pub(crate) async fn record(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: ProjectId,
    task: Option<TaskId>,
    kind: &str,
    changes: Value,
) -> Result<(), DbErr> {
    let entry = activity::ActiveModel {
        id: Set(tenant.next_id::<ActivityId>()),
        project_id: Set(project),
        task_id: Set(task),
        actor_id: Set(tenant.user()),
        kind: Set(kind.to_owned()),
        changes: Set(changes),
        created_at: Set(tenant.now()),
    };
    activity::Entity::insert(entry)
        .exec_without_returning(unit)
        .await
        .map(drop)
}
