//! Rooms: whose events a connection hears.

use std::fmt;
use std::str::FromStr;

use kernel::{BoardId, ProjectId, UserId, WorkspaceId};

/// A room of one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Room {
    Board(BoardId),
    Project(ProjectId),
    User(UserId),
    Workspace(WorkspaceId),
}

/// Text that names no room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl FromStr for Room {
    type Err = NoRoom;

    fn from_str(text: &str) -> Result<Self, NoRoom> {
        let (kind, id) = text.split_once(':').ok_or(NoRoom)?;
        let no_room = |_error| NoRoom;
        match kind {
            "board" => id.parse().map(Self::Board).map_err(no_room),
            "project" => id.parse().map(Self::Project).map_err(no_room),
            "user" => id.parse().map(Self::User).map_err(no_room),
            "workspace" => id.parse().map(Self::Workspace).map_err(no_room),
            _ => Err(NoRoom),
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Board(id) => write!(f, "board:{id}"),
            Self::Project(id) => write!(f, "project:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Workspace(id) => write!(f, "workspace:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_named_by_its_kind_and_id_alone() {
        let id = "0192aaaa-0000-7000-8000-000000000008";
        for kind in ["board", "project", "user", "workspace"] {
            let name = format!("{kind}:{id}");
            assert_eq!(name.parse::<Room>().unwrap().to_string(), name);
        }
        for name in [
            "",
            "board",
            "board:",
            "board:8",
            "task:8",
            ":",
            &format!("BOARD:{id}"),
        ] {
            assert_eq!(name.parse::<Room>(), Err(NoRoom), "{name}");
        }
    }
}
