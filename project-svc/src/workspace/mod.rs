//! Workspaces: where projects live. A role in a workspace holds in its public projects; a private workspace is not
//! there for who is not in it.

pub(crate) mod invite;
mod members;
pub(crate) mod model;
mod routes;
pub(crate) mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::WorkspaceRow;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_workspace, routes::list_workspaces))
        .routes(routes!(
            routes::get_workspace,
            routes::update_workspace,
            routes::replace_workspace,
            routes::delete_workspace
        ))
        .routes(routes!(invite::invite_into_workspace))
        .routes(routes!(
            members::list_workspace_members,
            members::add_workspace_member
        ))
        .routes(routes!(
            members::update_workspace_member,
            members::replace_workspace_member,
            members::remove_workspace_member
        ))
}
