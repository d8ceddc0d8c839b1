//! Which events can be told, and what is said of them.

use events::topic::{board, comment, link, project, task, user, workspace};
use events::{Envelope, Event};
use kernel::ProjectId;
use serde_json::{Map, Value, json};

/// Every type that an endpoint may ask for. What is about sessions or the operator's work is told to nobody.
pub(crate) const OFFERED: [&str; 46] = [
    task::TaskCreated::TYPE,
    task::TaskUpdated::TYPE,
    task::TaskStatusChanged::TYPE,
    task::TaskMoved::TYPE,
    task::TaskAssigned::TYPE,
    task::TaskCommentAdded::TYPE,
    task::TaskDeleted::TYPE,
    task::TaskRestored::TYPE,
    task::TaskArchived::TYPE,
    task::TaskUnarchived::TYPE,
    task::TaskTransferred::TYPE,
    task::TaskDependencyAdded::TYPE,
    task::TaskDependencyRemoved::TYPE,
    project::ProjectCreated::TYPE,
    project::ProjectUpdated::TYPE,
    project::ProjectStatusChanged::TYPE,
    project::ProjectDeleted::TYPE,
    project::ProjectRestored::TYPE,
    project::ProjectMemberAdded::TYPE,
    project::ProjectMemberChanged::TYPE,
    project::ProjectMemberRemoved::TYPE,
    board::BoardCreated::TYPE,
    board::BoardUpdated::TYPE,
    board::BoardDeleted::TYPE,
    board::ColumnCreated::TYPE,
    board::ColumnUpdated::TYPE,
    board::ColumnDeleted::TYPE,
    comment::ProjectCommentAdded::TYPE,
    comment::CommentEdited::TYPE,
    comment::CommentDeleted::TYPE,
    comment::CommentReacted::TYPE,
    workspace::WorkspaceCreated::TYPE,
    workspace::WorkspaceUpdated::TYPE,
    workspace::WorkspaceDeleted::TYPE,
    workspace::WorkspaceMemberAdded::TYPE,
    workspace::WorkspaceMemberChanged::TYPE,
    workspace::WorkspaceMemberRemoved::TYPE,
    link::LinkCreated::TYPE,
    link::LinkUpdated::TYPE,
    link::LinkAccessed::TYPE,
    link::LinkFirstOpened::TYPE,
    link::LinkRevoked::TYPE,
    link::LinkExpired::TYPE,
    user::MemberJoined::TYPE,
    user::MemberLeft::TYPE,
    user::UserPermissionChanged::TYPE,
];

/// What the test button sends; nobody asks for it.
pub(crate) const TEST: &str = "webhook.test";

/// A body is shorter than this, in bytes (Standard Webhooks, "Payload size").
const MAX_BODY_BYTES: usize = 20_000;

/// Names of people are left out: what was sent cannot be erased. Receivers ask for them by id.
pub(super) const LEFT_OUT: [&str; 1] = ["name"];

/// Whether an endpoint may ask for it: a type, all of a topic (`task.*`), or all (`*`).
pub(crate) fn is_offered(pattern: &str) -> bool {
    OFFERED.iter().any(|kind| matches(pattern, kind))
}

/// Whether an event of this type was asked for.
pub(crate) fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(topic) => topic.ends_with('.') && kind.starts_with(topic),
        None => pattern == kind,
    }
}

/// Whether it happened in the project, or left it.
pub(crate) fn is_of(envelope: &Envelope, project: ProjectId) -> bool {
    let project = project.to_string();
    let names = |field: &str| {
        let id = envelope.raw_data().get(field);
        id.and_then(Value::as_str) == Some(project.as_str())
    };
    names("project_id") || names("from_project_id")
}

/// What is sent: type, time, and the event's own data with the organization and who did it.
pub(crate) fn body(envelope: &Envelope) -> String {
    let mut data = envelope.raw_data().as_object().cloned().unwrap_or_default();
    data.retain(|field, _| !LEFT_OUT.contains(&field.as_str()));
    data.insert("organization_id".to_owned(), json!(envelope.tenantid));
    data.insert("actor_id".to_owned(), json!(envelope.actorid));
    let whole = text(envelope, &data);
    if whole.len() < MAX_BODY_BYTES {
        return whole;
    }
    // Lists alone can be long; receivers ask for them by id.
    data.retain(|_, value| !value.is_array());
    data.insert("shortened".to_owned(), json!(true));
    text(envelope, &data)
}

fn text(envelope: &Envelope, data: &Map<String, Value>) -> String {
    json!({"type": envelope.kind, "timestamp": envelope.time, "data": data}).to_string()
}

#[cfg(test)]
mod tests {
    use kernel::{Clock, Ids, Role, TenantId, UserId};

    use super::*;

    fn envelope<E: Event>(event: &E) -> Envelope {
        let (ids, clock) = (Ids::system(), Clock::system());
        let (tenant, actor): (TenantId, UserId) = (ids.next(), ids.next());
        Envelope::new(&ids, &clock, "test", tenant, actor, event)
    }

    #[test]
    fn patterns_are_types_topics_or_all() {
        for (pattern, kind, matched) in [
            ("*", "task.created", true),
            ("task.*", "task.created", true),
            ("task.created", "task.created", true),
            ("task.*", "project.created", false),
            ("task.c*", "task.created", false),
            ("task*", "task.created", false),
            ("task.created", "task.updated", false),
        ] {
            assert_eq!(matches(pattern, kind), matched, "{pattern} {kind}");
        }
        for bad in [
            "",
            "task",
            "task.",
            "task.**",
            "moon.*",
            "session.revoked",
            "tenant.*",
            TEST,
            "webhook.*",
        ] {
            assert!(!is_offered(bad), "{bad}");
        }
    }

    #[test]
    fn people_are_told_by_id_alone() {
        let ids = Ids::system();
        let joined = envelope(&user::MemberJoined {
            user_id: ids.next(),
            name: "Ada Lovelace".to_owned(),
            role: Role::Member,
            workspace: None,
        });
        let body: Value = serde_json::from_str(&body(&joined)).unwrap();
        assert_eq!(body["type"], "member.joined");
        assert_eq!(body["data"]["user_id"], joined.raw_data()["user_id"]);
        assert_eq!(body["data"]["organization_id"], json!(joined.tenantid));
        assert_eq!(body["data"]["actor_id"], json!(joined.actorid));
        assert!(body["data"].get("name").is_none());
        let fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["data", "timestamp", "type"]);
    }

    #[test]
    fn body_is_never_as_long_as_20_kb() {
        let ids = Ids::system();
        let (project_id, comment_id, author_id) = (ids.next(), ids.next(), ids.next());
        let mut event = comment::ProjectCommentAdded {
            project_id,
            comment_id,
            author_id,
            parent_id: None,
            mentioned_ids: Vec::new(),
        };
        let mut longest = 0;
        for people in [0, 400, 500, 1_000] {
            event.mentioned_ids = (0..people).map(|_| ids.next()).collect();
            let body = body(&envelope(&event));
            longest = longest.max(body.len());
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["data"]["comment_id"], json!(comment_id));
            let is_short = body["data"].get("mentioned_ids").is_none();
            assert_eq!(is_short, body["data"]["shortened"] == true || people == 0);
        }
        assert!((15_000..MAX_BODY_BYTES).contains(&longest), "{longest}");
    }

    #[test]
    fn event_of_a_project_is_one_that_names_it() {
        let ids = Ids::system();
        let project_id: ProjectId = ids.next();
        let deleted = envelope(&project::ProjectDeleted { project_id });
        assert!(is_of(&deleted, project_id));
        assert!(!is_of(&deleted, ids.next()));
        let left = envelope(&user::MemberLeft {
            user_id: ids.next(),
        });
        assert!(!is_of(&left, project_id));
    }
}
