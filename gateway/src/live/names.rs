//! Which events are told, by what name, and to whom. What is not here is told to nobody.
//!
//! A project's events go to the rooms of that project and its boards alone: who may join those has been judged, while
//! not everybody in a workspace sees each of its projects. A person's room tells what is about the person.

use std::str::FromStr;

use events::Envelope;
use kernel::{BoardId, ProjectId, UserId, WorkspaceId};
use serde::Serialize;
use serde_json::{Value, json};

/// Who hears an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// A project's room and those of all its boards.
    Project(ProjectId),
    /// A project's room and that of one of its boards.
    Board(ProjectId, BoardId),
    Workspace(WorkspaceId),
    Person(UserId),
}

/// An event as clients get it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) audience: Vec<Audience>,
    pub(super) payload: Payload,
}

/// The one argument of an event.
#[derive(Debug, Serialize)]
pub(super) struct Payload {
    pub(super) id: kernel::EventId,
    #[serde(rename = "type")]
    kind: String,
    time: chrono::DateTime<chrono::Utc>,
    actor_id: Option<UserId>,
    trace_id: Option<String>,
    data: Value,
}

/// What an event is told as. A task that goes to another project is told twice: who sees the one need not see the
/// other.
pub(super) fn told(envelope: &Envelope) -> Vec<Told> {
    let data = envelope.raw_data();
    let told = |name, audience: Vec<Audience>, data: Value| Told {
        name,
        audience,
        payload: Payload {
            id: envelope.id,
            kind: envelope.kind.to_string(),
            time: envelope.time,
            actor_id: envelope.actorid,
            trace_id: trace_id(envelope.traceparent.as_deref()),
            data,
        },
    };
    if envelope.kind == "task.transferred" {
        let left = json!({
            "task_id": data.get("task_id"), "project_id": data.get("from_project_id"), "version": data.get("version"),
        });
        let from = id(data, "from_project_id").map(Audience::Project);
        let to = id(data, "project_id").map(Audience::Project);
        let names = ["kanban:card:deleted", "kanban:card:transferred"];
        let each = names.into_iter().zip([(from, left), (to, data.clone())]);
        return each
            .filter_map(|(name, (audience, data))| Some(told(name, vec![audience?], data)))
            .collect();
    }
    let Some(name) = name(&envelope.kind) else {
        return Vec::new();
    };
    let audience = audience(&envelope.kind, data);
    if audience.is_empty() {
        return Vec::new();
    }
    vec![told(name, audience, data.clone())]
}

/// The name of a type, for those that are told to one audience.
fn name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "board.created" => "kanban:board:created",
        "board.updated" => "kanban:board:updated",
        "board.deleted" => "kanban:board:deleted",
        "column.created" => "kanban:column:created",
        "column.updated" => "kanban:column:updated",
        "column.deleted" => "kanban:column:deleted",
        "task.created" => "kanban:card:created",
        "task.updated"
        | "task.status_changed"
        | "task.dependency_added"
        | "task.dependency_removed" => "kanban:card:updated",
        "task.moved" => "kanban:card:moved",
        "task.assigned" => "kanban:card:assigned",
        "task.deleted" => "kanban:card:deleted",
        "task.archived" => "kanban:card:archived",
        "task.unarchived" => "kanban:card:unarchived",
        "task.restored" => "kanban:card:restored",
        "task.comment_added" | "project.comment_added" => "kanban:comment:created",
        "comment.edited" => "kanban:comment:updated",
        "comment.deleted" => "kanban:comment:deleted",
        "comment.reacted" => "kanban:comment:reacted",
        "project.created" => "project:created",
        "project.updated" => "project:updated",
        "project.status_changed" => "project:status:changed",
        "project.deleted" => "project:deleted",
        "project.restored" => "project:restored",
        "project.member_added" => "project:member:added",
        "project.member_changed" => "project:member:updated",
        "project.member_removed" => "project:member:removed",
        "workspace.created" => "workspace:created",
        "workspace.updated" => "workspace:updated",
        "workspace.deleted" => "workspace:deleted",
        "workspace.member_added" => "workspace:member:added",
        "workspace.member_changed" => "workspace:member:updated",
        "workspace.member_removed" => "workspace:member:removed",
        "link.created" => "link:created",
        "link.first_opened" => "link:opened",
        _ => return None,
    })
}

fn audience(kind: &str, data: &Value) -> Vec<Audience> {
    let (topic, what) = kind.split_once('.').unwrap_or((kind, ""));
    let project = id(data, "project_id");
    let place = match (topic, id(data, "workspace_id")) {
        // A column is of one board; whatever else happens may be seen from each of a project's boards.
        ("column", _) => match (project, id(data, "board_id")) {
            (Some(project), Some(board)) => Some(Audience::Board(project, board)),
            _ => None,
        },
        ("workspace", Some(workspace)) => Some(Audience::Workspace(workspace)),
        _ => project.map(Audience::Project),
    };
    let person = match what {
        "member_added" | "member_changed" | "member_removed" => id(data, "user_id"),
        "created" | "first_opened" if topic != "task" => id(data, "created_by"),
        _ => None,
    };
    place
        .into_iter()
        .chain(person.map(Audience::Person))
        .collect()
}

/// An id in an event's data.
pub(super) fn id<I: FromStr>(data: &Value, field: &str) -> Option<I> {
    data.get(field)?.as_str()?.parse().ok()
}

/// The trace's id in a `traceparent` (W3C Trace Context §3.2).
fn trace_id(traceparent: Option<&str>) -> Option<String> {
    traceparent?.split('-').nth(1).map(str::to_owned)
}
