//! What may be done with what: the actions, and the permission each of them takes.

use httpkit::tokens::Via;
use httpkit::{Problem, require};
use kernel::{Permission, Permissions};

use super::{Needs, Permits};
use crate::column::ColumnRow;
use crate::comment::CommentRow;
use crate::entity::{board, project};
use crate::project::Trashed;
use crate::saved_view::ViewRow;
use crate::task::{TaskRow, TrashedTask};
use crate::team::TeamRow;
use crate::tenant::Tenant;
use crate::workspace::WorkspaceRow;
use crate::workspace::model::WorkspaceRole;

/// See it and what is in it.
pub(crate) struct Read;
/// Change it.
pub(crate) struct Write;
/// Change how it is arranged: its columns, labels and fields, or itself as a column.
pub(crate) struct Manage;
/// Delete it.
pub(crate) struct Delete;
/// Delete tasks of it, and bring them back.
pub(crate) struct DeleteTasks;
/// Put a task into it.
pub(crate) struct AddTask;
/// Comment on it.
pub(crate) struct Comment;
/// Put a project into it.
pub(crate) struct AddProject;
/// Create workspaces.
pub(crate) struct CreateWorkspace;
/// List projects.
pub(crate) struct ListProjects;
/// List what one keeps at hand, add to it and take from it.
pub(crate) struct KeepAtHand;
/// List tasks over all projects.
pub(crate) struct ListTasks;
/// List teams, and who is in them.
pub(crate) struct ListTeams;
/// Create teams.
pub(crate) struct CreateTeam;

macro_rules! permissions {
    ($($action:ident of $thing:ty => $permission:ident,)+) => {
        $(impl Permits<$thing> for $action {
            fn check(_: &Tenant, rights: Permissions, _: &$thing) -> Result<(), Problem> {
                require(rights, Permission::$permission)
            }
        })+
    };
}

permissions! {
    Read of project::Model => ProjectRead,
    Write of project::Model => ProjectUpdate,
    Delete of project::Model => ProjectDelete,
    Delete of Trashed => ProjectDelete,
    AddTask of project::Model => TaskCreate,
    Manage of project::Model => BoardManage,
    DeleteTasks of project::Model => TaskDelete,
    Read of board::Model => ProjectRead,
    Manage of board::Model => BoardManage,
    Read of ColumnRow => TaskRead,
    Manage of ColumnRow => BoardManage,
    AddTask of ColumnRow => TaskCreate,
    Read of TaskRow => TaskRead,
    Write of TaskRow => TaskUpdate,
    Delete of TaskRow => TaskDelete,
    AddTask of TaskRow => TaskCreate,
    Delete of TrashedTask => TaskDelete,
    Comment of TaskRow => CommentCreate,
    Read of WorkspaceRow => ProjectRead,
    Write of WorkspaceRow => WorkspaceManage,
    AddProject of WorkspaceRow => ProjectCreate,
    Comment of project::Model => CommentCreate,
    Read of CommentRow => TaskRead,
    Read of ViewRow => TaskRead,
    Comment of CommentRow => CommentCreate,
    Read of TeamRow => MemberRead,
    Delete of TeamRow => TeamManage,
}

impl Permits<TeamRow> for Write {
    /// For who manages teams, and for the team's own leads, but not for programs of theirs.
    fn check(tenant: &Tenant, rights: Permissions, team: &TeamRow) -> Result<(), Problem> {
        if team.is_led_by(tenant.user()) && tenant.member.via == Via::Session {
            return Ok(());
        }
        require(rights, Permission::TeamManage)
    }
}

/// One's own, others' with the right to change the project.
fn arranges(tenant: &Tenant, rights: Permissions, row: &ViewRow) -> Result<(), Problem> {
    if row.view.owner_id == tenant.user() {
        require(rights, Permission::TaskRead)
    } else {
        require(rights, Permission::ProjectUpdate)
    }
}

impl Permits<ViewRow> for Write {
    fn check(tenant: &Tenant, rights: Permissions, view: &ViewRow) -> Result<(), Problem> {
        arranges(tenant, rights, view)
    }
}

impl Permits<ViewRow> for Delete {
    fn check(tenant: &Tenant, rights: Permissions, view: &ViewRow) -> Result<(), Problem> {
        arranges(tenant, rights, view)
    }
}

impl Permits<CommentRow> for Write {
    /// One's own alone: nobody puts words into another's mouth.
    fn check(tenant: &Tenant, rights: Permissions, comment: &CommentRow) -> Result<(), Problem> {
        require(rights, Permission::CommentCreate)?;
        if comment.comment.author_id == tenant.user() {
            Ok(())
        } else {
            Err(Problem::forbidden("not_the_author"))
        }
    }
}

impl Permits<CommentRow> for Delete {
    /// One's own with the right to comment, others' with the right to delete.
    fn check(tenant: &Tenant, rights: Permissions, comment: &CommentRow) -> Result<(), Problem> {
        if comment.comment.author_id == tenant.user() {
            require(rights, Permission::CommentCreate)
        } else {
            require(rights, Permission::TaskDelete)
        }
    }
}

impl Permits<WorkspaceRow> for Delete {
    /// For its owners, and for who manages all workspaces of the organization; not for its admins.
    fn check(tenant: &Tenant, rights: Permissions, row: &WorkspaceRow) -> Result<(), Problem> {
        require(rights, Permission::WorkspaceManage)?;
        if row.role == Some(WorkspaceRole::Owner) {
            return Ok(());
        }
        tenant.require(Permission::WorkspaceManage)
    }
}

impl Needs for CreateWorkspace {
    const PERMISSION: Permission = Permission::WorkspaceManage;
}

impl Needs for ListProjects {
    const PERMISSION: Permission = Permission::ProjectRead;
}

impl Needs for KeepAtHand {
    const PERMISSION: Permission = Permission::ProjectRead;
}

impl Needs for ListTasks {
    const PERMISSION: Permission = Permission::TaskRead;
}

impl Needs for ListTeams {
    const PERMISSION: Permission = Permission::MemberRead;
}

impl Needs for CreateTeam {
    const PERMISSION: Permission = Permission::TeamManage;
}
