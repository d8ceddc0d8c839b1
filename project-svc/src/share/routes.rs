//! HTTP for the shortener.

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use garde::Validate;
use httpkit::{Json, Problem};
use kernel::{Permission, TaskId};
use serde::{Deserialize, Serialize};

use crate::access::{self, GuestTask};
use crate::task::TaskRow;
use crate::tenant::Tenant;

/// What somebody wants to share.
#[derive(Serialize, Deserialize, Validate)]
pub(super) struct Shareable {
    #[garde(skip)]
    kind: Kind,
    #[garde(skip)]
    id: TaskId,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Task,
}

/// A task as a guest sees it: nothing of people, projects or comments.
#[derive(Serialize)]
pub(super) struct SharedTask {
    key: String,
    title: String,
    description: String,
    status: TaskStatus,
    priority: TaskPriority,
    due_date: Option<NaiveDate>,
    updated_at: DateTime<Utc>,
}

/// 200 when the person behind the forwarded token may share it, 403 when not, 404 when it is not there.
pub(super) async fn check_shareable(
    tenant: Tenant,
    Json(asked): Json<Shareable>,
) -> Result<Json<Shareable>, Problem> {
    let (_, rights) = access::load::<TaskRow>(&tenant, asked.id).await?;
    rights.require(Permission::LinkCreate)?;
    Ok(Json(asked))
}

/// The one task that the token names.
pub(super) async fn get_shared_task(GuestTask(row): GuestTask) -> Json<SharedTask> {
    let (key, task) = (row.key(), row.task);
    Json(SharedTask {
        key,
        title: task.title,
        description: task.description,
        status: task.status,
        priority: task.priority,
        due_date: task.due_date,
        updated_at: task.updated_at,
    })
}
