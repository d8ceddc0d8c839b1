//! What may be done with what: the actions, and the permission each of them takes.

use httpkit::Problem;
use httpkit::tokens::Via;
use kernel::Permission;

use super::{Needs, Permits, Rights};
use crate::board::LaidOut;
use crate::column::ColumnRow;
use crate::comment::CommentRow;
use crate::entity::{board, project};
use crate::project::Trashed;
use crate::saved_view::ViewRow;
use crate::task::{ColumnHome, Home, ParentHome, TaskRow, TrashedTask};
use crate::team::TeamRow;
use crate::tenant::Tenant;
use crate::webhook::WebhookRow;
use crate::workspace::WorkspaceRow;
use crate::workspace::model::WorkspaceRole;

/// See it and what is in it.
pub(crate) struct Read;
/// Change it.
pub(crate) struct Write;
/// Change how it is arranged: its columns, labels and fields, or itself as a column.
pub(crate) struct Manage;
/// Put it away, and take it out again.
pub(crate) struct PutAway;
/// Say who is in it.
pub(crate) struct Admit;
/// Delete it.
pub(crate) struct Delete;
/// See which tasks of it were deleted.
pub(crate) struct ReadTrash;
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
/// Create webhooks, and list them.
pub(crate) struct ManageWebhooks;

macro_rules! permissions {
    ($($action:ident of $thing:ty => $how:ident $permission:ident,)+) => {
        $(impl Permits<$thing> for $action {
            fn check(_: &Tenant, rights: Rights, _: &$thing) -> Result<(), Problem> {
                rights.$how(Permission::$permission)
            }
        })+
    };
}

// What is put away with its project can be read; what changes it asks `change`.
permissions! {
    Read of project::Model => require ProjectRead,
    Write of project::Model => change ProjectUpdate,
    PutAway of project::Model => require ProjectUpdate,
    Admit of project::Model => require ProjectUpdate,
    Delete of project::Model => require ProjectDelete,
    Delete of Trashed => require ProjectDelete,
    AddTask of project::Model => change TaskCreate,
    AddTask of Home => change TaskCreate,
    AddTask of ColumnHome => change TaskCreate,
    AddTask of ParentHome => change TaskCreate,
    Manage of project::Model => change BoardManage,
    ReadTrash of project::Model => require TaskDelete,
    Comment of project::Model => change CommentCreate,
    Read of board::Model => require ProjectRead,
    Read of LaidOut => require ProjectRead,
    Manage of board::Model => change BoardManage,
    Read of ColumnRow => require TaskRead,
    Manage of ColumnRow => change BoardManage,
    Read of TaskRow => require TaskRead,
    Write of TaskRow => change TaskUpdate,
    Delete of TaskRow => change TaskDelete,
    AddTask of TaskRow => change TaskCreate,
    Delete of TrashedTask => change TaskDelete,
    Comment of TaskRow => change CommentCreate,
    Read of CommentRow => require TaskRead,
    Comment of CommentRow => change CommentCreate,
    Read of ViewRow => require TaskRead,
    Read of WorkspaceRow => require ProjectRead,
    Write of WorkspaceRow => require WorkspaceManage,
    AddProject of WorkspaceRow => require ProjectCreate,
    Read of TeamRow => require MemberRead,
    Delete of TeamRow => require TeamManage,
    Read of WebhookRow => require WebhookManage,
    Write of WebhookRow => require WebhookManage,
    Delete of WebhookRow => require WebhookManage,
}

impl Permits<TeamRow> for Write {
    /// For who manages teams, and for the team's own leads, but not for programs of theirs.
    fn check(tenant: &Tenant, rights: Rights, team: &TeamRow) -> Result<(), Problem> {
        if team.is_led_by(tenant.user()) && tenant.member.via == Via::Session {
            return Ok(());
        }
        rights.require(Permission::TeamManage)
    }
}

/// One's own, others' with the right to change the project. A shared one is a part of the project.
fn arranges(tenant: &Tenant, rights: Rights, row: &ViewRow) -> Result<(), Problem> {
    let own = row.view.owner_id == tenant.user();
    match (own, row.view.shared) {
        (true, false) => rights.require(Permission::TaskRead),
        (true, true) => rights.change(Permission::TaskRead),
        (false, _) => rights.change(Permission::ProjectUpdate),
    }
}

impl Permits<ViewRow> for Write {
    fn check(tenant: &Tenant, rights: Rights, view: &ViewRow) -> Result<(), Problem> {
        arranges(tenant, rights, view)
    }
}

impl Permits<ViewRow> for Delete {
    fn check(tenant: &Tenant, rights: Rights, view: &ViewRow) -> Result<(), Problem> {
        arranges(tenant, rights, view)
    }
}

impl Permits<CommentRow> for Write {
    /// One's own alone: nobody puts words into another's mouth.
    fn check(tenant: &Tenant, rights: Rights, comment: &CommentRow) -> Result<(), Problem> {
        rights.change(Permission::CommentCreate)?;
        if comment.comment.author_id == tenant.user() {
            Ok(())
        } else {
            Err(Problem::forbidden("not_the_author"))
        }
    }
}

impl Permits<CommentRow> for Delete {
    /// One's own with the right to comment, others' with the right to delete.
    fn check(tenant: &Tenant, rights: Rights, comment: &CommentRow) -> Result<(), Problem> {
        if comment.comment.author_id == tenant.user() {
            rights.change(Permission::CommentCreate)
        } else {
            rights.change(Permission::TaskDelete)
        }
    }
}

impl Permits<WorkspaceRow> for Delete {
    /// For its owners, and for who manages all workspaces of the organization; not for its admins.
    fn check(tenant: &Tenant, rights: Rights, row: &WorkspaceRow) -> Result<(), Problem> {
        rights.require(Permission::WorkspaceManage)?;
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

impl Needs for ManageWebhooks {
    const PERMISSION: Permission = Permission::WebhookManage;
}
