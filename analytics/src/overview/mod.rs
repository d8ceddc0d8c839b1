//! The same numbers of a part of an organization: a project, a person, a team, its links.

mod links;
mod person;
mod project;
mod team;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    project::router()
        .merge(person::router())
        .merge(team::router())
        .merge(links::router())
}
