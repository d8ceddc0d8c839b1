//! Access as an argument: an extractor finds the thing named in the path, in the caller's own
//! organization, and lets the handler run only for those who may do what its type says.
//!
//! What is not there, deleted, or in a project the person may not see, is 404; what the person may see but not do
//! is 403; a change in a project that is put away is 409. What somebody may do where is decided in
//! [`rights`](rights::rights) alone, what takes no change there in [`rules`].

mod rights;
mod rules;

use std::future::Future;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use httpkit::{Path, Problem};
use kernel::{Permission, UserId};
use sea_orm::{ConnectionTrait, DbErr};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use self::rights::{
    Rights, Standing, find, find_many, permitted, rights, visible, visible_workspace,
};
pub(crate) use self::rules::*;
use crate::column::ColumnRow;
use crate::comment::CommentRow;
use crate::entity::{board, project};
use crate::state::AppState;
use crate::task::TaskRow;
use crate::team::TeamRow;
use crate::tenant::Tenant;
use crate::workspace::WorkspaceRow;

/// Something a path can name.
pub(crate) trait Thing: Sized + Send {
    type Id: DeserializeOwned + Send;

    /// The thing and how the caller stands to it, in one statement; none when it or what it belongs to is deleted.
    /// See [`find`] for what lies in a project.
    fn load<C: ConnectionTrait>(
        db: &C,
        id: Self::Id,
        caller: UserId,
    ) -> impl Future<Output = Result<Option<(Self, Standing)>, DbErr>> + Send;

    /// Whether somebody with these rights may know that it exists.
    fn is_seen_with(rights: Rights) -> bool {
        rights.contains(Permission::ProjectRead)
    }
}

/// Something that may be done with a `T`.
pub(crate) trait Permits<T> {
    /// 403 for who has not the rights it takes, 409 where nothing may change.
    fn check(tenant: &Tenant, rights: Rights, thing: &T) -> Result<(), Problem>;
}

/// The thing of the path, for a person who may do `A` with it.
pub(crate) struct Access<T, A> {
    pub(crate) tenant: Tenant,
    pub(crate) thing: T,
    /// All that the person may do with it.
    pub(crate) rights: Rights,
    action: PhantomData<A>,
}

pub(crate) type ProjectAccess<A> = Access<project::Model, A>;
pub(crate) type BoardAccess<A> = Access<board::Model, A>;
pub(crate) type ColumnAccess<A> = Access<ColumnRow, A>;
pub(crate) type TaskAccess<A> = Access<TaskRow, A>;
pub(crate) type CommentAccess<A> = Access<CommentRow, A>;
pub(crate) type TeamAccess<A> = Access<TeamRow, A>;
pub(crate) type WorkspaceAccess<A> = Access<WorkspaceRow, A>;

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
        let (thing, rights) = load(&tenant, id).await?;
        A::check(&tenant, rights, &thing)?;
        let action = PhantomData;
        Ok(Self {
            tenant,
            thing,
            rights,
            action,
        })
    }
}

/// The thing and the caller's rights there; 404 for what the caller may not know of.
pub(crate) async fn load<T: Thing>(tenant: &Tenant, id: T::Id) -> Result<(T, Rights), Problem> {
    let found = T::load(&tenant.read().await?, id, tenant.user()).await?;
    seen(tenant, found).ok_or_else(Problem::not_found)
}

/// What was found and the caller's rights there, if the caller may know of it.
pub(crate) fn seen<T: Thing>(tenant: &Tenant, found: Option<(T, Standing)>) -> Option<(T, Rights)> {
    let (thing, standing) = found?;
    let rights = rights(&tenant.member, &standing);
    T::is_seen_with(rights).then_some((thing, rights))
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
