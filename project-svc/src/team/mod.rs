//! Teams: people who work together, over all projects. A team allows nothing in projects; its leads look after the
//! team itself.

mod members;
pub(crate) mod model;
mod routes;
pub(crate) mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::TeamRow;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_team, routes::list_teams))
        .routes(routes!(
            routes::get_team,
            routes::update_team,
            routes::replace_team,
            routes::delete_team
        ))
        .routes(routes!(
            members::list_team_members,
            members::add_team_member
        ))
        .routes(routes!(
            members::update_team_member,
            members::remove_team_member
        ))
        .routes(routes!(members::list_teams_of_user))
}
