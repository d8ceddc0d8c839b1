//! Which events take rights away, and whose. It is done at once and without asking anybody: who still may comes back
//! by joining again.

use events::Envelope;
use kernel::{BoardId, ProjectId, SessionId, UserId, WorkspaceId};

use super::connection::End;
use super::names::id;
use super::room::Room;

/// What somebody loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// A session's connections, in whatever organization.
    Session(SessionId),
    /// A person's connections.
    Person(UserId, End),
    /// Everybody's connections.
    Organization,
    /// A person's place in a project's rooms.
    OfProject(UserId, ProjectId),
    /// A person's place in a workspace's room, and in all projects', since which of them are there is not known here.
    OfWorkspace(UserId, WorkspaceId),
    /// Everybody's place in a project's rooms.
    Project(ProjectId, Why),
    /// Everybody's place in one room.
    Room(Room, Why),
    /// Everybody's place in all rooms but their own.
    Rooms,
}

/// Why somebody is out of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Removed,
    Deleted,
    Changed,
    Missed,
}

impl Why {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Deleted => "deleted",
            Self::Changed => "changed",
            Self::Missed => "missed",
        }
    }
}

/// What an event takes away.
pub(super) fn loss(envelope: &Envelope) -> Option<Loss> {
    let data = envelope.raw_data();
    let project = || id::<ProjectId>(data, "project_id");
    let user = || id::<UserId>(data, "user_id");
    let workspace = || id::<WorkspaceId>(data, "workspace_id");
    let changed = |fields: &[&str]| {
        let names = data.get("changed").and_then(|names| names.as_array());
        let mut names = names.into_iter().flatten().filter_map(|name| name.as_str());
        names.any(|name| fields.contains(&name))
    };
    match &*envelope.kind {
        "session.revoked" => Some(Loss::Session(id(data, "session_id")?)),
        "member.left" => Some(Loss::Person(user()?, End::MemberLeft)),
        "user.permission_changed" => Some(Loss::Person(user()?, End::RightsChanged)),
        "tenant.suspended" | "tenant.renamed" | "tenant.deletion_scheduled" | "tenant.deleted" => {
            Some(Loss::Organization)
        }
        "project.member_removed" => Some(Loss::OfProject(user()?, project()?)),
        "workspace.member_removed" => Some(Loss::OfWorkspace(user()?, workspace()?)),
        "project.updated" if changed(&["is_public", "public", "workspace_id"]) => {
            Some(Loss::Project(project()?, Why::Changed))
        }
        "workspace.updated" if changed(&["is_public", "public"]) => Some(Loss::Rooms),
        "project.deleted" => Some(Loss::Project(project()?, Why::Deleted)),
        "board.deleted" => {
            let board: BoardId = id(data, "board_id")?;
            Some(Loss::Room(Room::Board(board), Why::Deleted))
        }
        "workspace.deleted" => Some(Loss::Room(Room::Workspace(workspace()?), Why::Deleted)),
        _ => None,
    }
}
