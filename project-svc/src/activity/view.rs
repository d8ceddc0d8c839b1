//! What answers about activities look like.

use chrono::{DateTime, Utc};
use kernel::{ActivityId, Page, ProjectId, TaskId, UserId};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{hide_names, shorten};

/// Something that was done.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct ActivityView {
    pub(crate) id: ActivityId,
    pub(crate) project_id: ProjectId,
    /// The task it was done to, if it was one.
    pub(crate) task_id: Option<TaskId>,
    /// How people name that task.
    #[schema(example = "APO-12")]
    pub(crate) task_key: Option<String>,
    pub(crate) actor_id: UserId,
    /// Display name of who did it.
    pub(crate) actor_name: String,
    /// What was done.
    #[schema(example = "project.updated")]
    pub(crate) kind: String,
    /// The fields that changed, as `{"name": {"from": "A", "to": "B"}}`; long text is cut short.
    #[schema(value_type = Object)]
    pub(crate) changes: Value,
    pub(crate) created_at: DateTime<Utc>,
}

/// The same, and whether it may name where a task came from.
#[derive(FromQueryResult)]
pub(super) struct ActivityRow {
    #[sea_orm(nested)]
    view: ActivityView,
    nameable: bool,
}

/// A page of entries that were read with one more than `limit`.
pub(super) fn feed(rows: Vec<ActivityRow>, limit: u32) -> Page<ActivityView> {
    let key = |row: &ActivityRow| (row.view.created_at, row.view.id);
    Page::of(rows, limit, key, |row| {
        let ActivityRow { mut view, nameable } = row;
        if !nameable {
            hide_names(&mut view.changes);
        }
        shorten(&mut view.changes);
        view
    })
}
