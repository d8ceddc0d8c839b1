//! Access as an argument: an extractor finds the thing named in the path, in the caller's own
//! organization, and lets the handler run only for those who may do what its type says.
//!
//! What is not there, or deleted, is 404; what the person may see but not do is 403.

use std::future::Future;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use httpkit::tokens::{Resource, Via};
use httpkit::{Path, Problem, Shared};
use kernel::{Permission, TaskId};
use sea_orm::{ConnectionTrait, DbErr};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::column::ColumnRow;
use crate::comment::CommentRow;
use crate::entity::{board, project};
use crate::state::AppState;
use crate::task::TaskRow;
use crate::team::TeamRow;
use crate::tenant::Tenant;

/// Something a path can name.
pub(crate) trait Thing: Sized + Send {
    type Id: DeserializeOwned + Send;

    /// The thing, unless it or what it belongs to is deleted.
    fn load<C: ConnectionTrait>(
        db: &C,
        id: Self::Id,
    ) -> impl Future<Output = Result<Option<Self>, DbErr>> + Send;
}

/// Something that may be done with a `T`.
pub(crate) trait Permits<T> {
    fn check(tenant: &Tenant, thing: &T) -> Result<(), Problem>;
}

/// The thing of the path, for a person who may do `A` with it.
pub(crate) struct Access<T, A> {
    pub(crate) tenant: Tenant,
    pub(crate) thing: T,
    action: PhantomData<A>,
}

pub(crate) type ProjectAccess<A> = Access<project::Model, A>;
pub(crate) type BoardAccess<A> = Access<board::Model, A>;
pub(crate) type ColumnAccess<A> = Access<ColumnRow, A>;
pub(crate) type TaskAccess<A> = Access<TaskRow, A>;
pub(crate) type CommentAccess<A> = Access<CommentRow, A>;
pub(crate) type TeamAccess<A> = Access<TeamRow, A>;

/// The parameter of the path that names the thing; there may be others.
#[derive(Deserialize)]
struct Named<I> {
    id: I,
}

impl<T: Thing, A: Permits<T>> FromRequestParts<AppState> for Access<T, A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let tenant = Tenant::from_request_parts(parts, state).await?;
        let Path(Named { id }) = Path::<Named<T::Id>>::from_request_parts(parts, state).await?;
        // The connection goes back at once: the body may take its time to arrive.
        let found = T::load(&tenant.read().await?, id).await?;
        let thing = found.ok_or_else(Problem::not_found)?;
        A::check(&tenant, &thing)?;
        let action = PhantomData;
        Ok(Self {
            tenant,
            thing,
            action,
        })
    }
}

/// A person who may do `A` in the organization as a whole.
pub(crate) struct Allowed<A> {
    pub(crate) tenant: Tenant,
    action: PhantomData<A>,
}

/// What may be done in the organization as a whole.
pub(crate) trait Needs {
    const PERMISSION: Permission;
}

impl<A: Needs> FromRequestParts<AppState> for Allowed<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let tenant = Tenant::from_request_parts(parts, state).await?;
        tenant.require(A::PERMISSION)?;
        let action = PhantomData;
        Ok(Self { tenant, action })
    }
}

/// The one task that a guest's link covers: any other id is not there.
pub(crate) struct GuestTask(pub(crate) TaskRow);

impl FromRequestParts<AppState> for GuestTask {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Shared { tenant, resource } = Shared::from_request_parts(parts, state).await?;
        let Path(id) = Path::<TaskId>::from_request_parts(parts, state).await?;
        if resource != Resource::Task(id) {
            return Err(Problem::not_found());
        }
        let connection = state.pools.acquire(tenant).await?;
        let task = TaskRow::load(&connection, id).await?;
        Ok(Self(task.ok_or_else(Problem::not_found)?))
    }
}

/// See it and what is in it.
pub(crate) struct Read;
/// Change it.
pub(crate) struct Write;
/// Change how it is arranged: its columns, or itself as a column.
pub(crate) struct Manage;
/// Delete it.
pub(crate) struct Delete;
/// Put a task into it.
pub(crate) struct AddTask;
/// Comment on it.
pub(crate) struct Comment;
/// Create projects.
pub(crate) struct CreateProject;
/// List projects.
pub(crate) struct ListProjects;
/// List tasks over all projects.
pub(crate) struct ListTasks;
/// List teams, and who is in them.
pub(crate) struct ListTeams;
/// Create teams.
pub(crate) struct CreateTeam;
/// Give a link to a task to somebody outside.
pub(crate) struct ShareTask;

macro_rules! permissions {
    ($($action:ident of $thing:ty => $permission:ident,)+) => {
        $(impl Permits<$thing> for $action {
            fn check(tenant: &Tenant, _: &$thing) -> Result<(), Problem> {
                tenant.require(Permission::$permission)
            }
        })+
    };
}

permissions! {
    Read of project::Model => ProjectRead,
    Write of project::Model => ProjectUpdate,
    Delete of project::Model => ProjectDelete,
    AddTask of project::Model => TaskCreate,
    Read of board::Model => ProjectRead,
    Manage of board::Model => BoardManage,
    Read of ColumnRow => TaskRead,
    Manage of ColumnRow => BoardManage,
    Read of TaskRow => TaskRead,
    Write of TaskRow => TaskUpdate,
    Delete of TaskRow => TaskDelete,
    Comment of TaskRow => CommentCreate,
    Read of TeamRow => MemberRead,
    Delete of TeamRow => TeamManage,
}

impl Permits<TeamRow> for Write {
    /// For who manages teams, and for the team's own leads, but not for programs of theirs.
    fn check(tenant: &Tenant, team: &TeamRow) -> Result<(), Problem> {
        if team.is_led_by(tenant.user()) && tenant.member.via == Via::Session {
            return Ok(());
        }
        tenant.require(Permission::TeamManage)
    }
}

impl Permits<CommentRow> for Delete {
    /// One's own with the right to comment, others' with the right to delete.
    fn check(tenant: &Tenant, comment: &CommentRow) -> Result<(), Problem> {
        if comment.comment.author_id == tenant.user() {
            tenant.require(Permission::CommentCreate)
        } else {
            tenant.require(Permission::TaskDelete)
        }
    }
}

impl Needs for CreateProject {
    const PERMISSION: Permission = Permission::ProjectCreate;
}

impl Needs for ListProjects {
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

impl Needs for ShareTask {
    const PERMISSION: Permission = Permission::LinkCreate;
}
