//! Access as an argument: the link of the path, if the caller may manage it.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use httpkit::tokens::Via;
use httpkit::{Guard, Member, Path, Problem};
use kernel::{LinkId, Permission};

use super::store;
use crate::entity::link;
use crate::state::Shortener;

/// A link of the caller's organization that the caller may manage; 404 for every other.
pub(super) struct Managed {
    pub(super) member: Member,
    pub(super) link: link::Model,
}

impl<S> FromRequestParts<S> for Managed
where
    S: Send + Sync,
    Guard: FromRef<S>,
    Arc<Shortener>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let member = Member::from_request_parts(parts, state).await?;
        check_program(&member)?;
        let Path(id) = Path::<LinkId>::from_request_parts(parts, state).await?;
        let shortener = Arc::<Shortener>::from_ref(state);
        let link = store::find(&shortener.db, member.tenant, id).await?;
        let link = link.ok_or_else(Problem::not_found)?;
        if link.created_by == member.user || manages_all(&member) {
            Ok(Self { member, link })
        } else {
            Err(Problem::not_found())
        }
    }
}

/// People reach their own links whatever they may still do; a program of theirs only what it was given.
pub(super) fn check_program(member: &Member) -> Result<(), Problem> {
    match member.via {
        Via::Session => Ok(()),
        Via::PersonalToken if manages_all(member) => Ok(()),
        Via::PersonalToken => member.require(Permission::LinkCreate),
    }
}

/// Whether the member reaches everybody's links.
pub(super) fn manages_all(member: &Member) -> bool {
    member.permissions.contains(Permission::LinkManage)
}
