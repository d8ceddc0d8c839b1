//! Comments on tasks, Markdown as written.

mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::CommentRow;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_comments, routes::create_comment))
        .routes(routes!(routes::delete_comment))
}
