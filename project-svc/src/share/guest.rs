//! Access of guests as an argument: the one thing that a link covers, while whoever made the link may see it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use httpkit::tokens::{Resource, Via};
use httpkit::{Member, Path, Problem, Query, Shared};
use kernel::{BoardId, Id, ProjectId, Role, TaskId, TenantId, UserId, ViewId};
use serde::Deserialize;
use tenancy::TenantConnection;

use crate::access::{Standing, Thing, rights};
use crate::entity::{board, project};
use crate::people;
use crate::saved_view::ViewRow;
use crate::state::AppState;
use crate::task::TaskRow;

/// Something a link can show.
pub(super) trait Shareable: Thing {
    /// The name of it in tokens.
    fn resource(id: Self::Id) -> Resource;
}

impl Shareable for TaskRow {
    fn resource(id: TaskId) -> Resource {
        Resource::Task(id)
    }
}

impl Shareable for board::Model {
    fn resource(id: BoardId) -> Resource {
        Resource::Board(id)
    }
}

impl Shareable for project::Model {
    fn resource(id: ProjectId) -> Resource {
        Resource::Project(id)
    }
}

impl Shareable for ViewRow {
    fn resource(id: ViewId) -> Resource {
        Resource::View(id)
    }
}

/// What a link says beside its thing.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Shows {
    /// Who made the link.
    by: UserId,
    /// Whether comments are shown.
    #[serde(default)]
    pub(super) comments: bool,
    /// Whether people are named.
    #[serde(default)]
    pub(super) people: bool,
}

/// The one thing that a guest's link covers: any other id is not there.
pub(super) struct Guest<T> {
    pub(super) thing: T,
    pub(super) shows: Shows,
    pub(super) connection: TenantConnection,
}

impl<T> FromRequestParts<AppState> for Guest<T>
where
    T: Shareable,
    T::Id: Id,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Shared { tenant, resource } = Shared::from_request_parts(parts, state).await?;
        let Path(id) = Path::<T::Id>::from_request_parts(parts, state).await?;
        let Query(shows) = Query::<Shows>::from_request_parts(parts, state).await?;
        if resource != T::resource(id) {
            return Err(Problem::not_found());
        }
        let connection = state.pools.acquire(tenant).await?;
        let found = T::load(&connection, id, shows.by).await?;
        let (thing, standing) = found.ok_or_else(Problem::not_found)?;
        let role = people::store::role(&connection, shows.by).await?;
        let sees = role.is_some_and(|role| may_see::<T>(tenant, shows.by, role, &standing));
        if !sees {
            return Err(Problem::not_found());
        }
        Ok(Self {
            thing,
            shows,
            connection,
        })
    }
}

/// Whether the maker of a link would see the thing. A role of the organization's own counts as the one it is built on.
fn may_see<T: Thing>(tenant: TenantId, user: UserId, role: Role, standing: &Standing) -> bool {
    let maker = Member {
        tenant,
        user,
        session: user.uuid().into(),
        via: Via::Session,
        name: String::new(),
        role,
        permissions: role.permissions(),
        timezone: None,
    };
    T::is_seen_with(rights(&maker, standing))
}
