//! Tasks: what is to be done. A board shows them as cards; a task's status is its column's category.

mod list;
mod model;
mod moving;
mod place;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use list::{SummaryRow, TaskSummary, cards, cards_page};
pub(crate) use store::TaskRow;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_task, list::list_project_tasks))
        .routes(routes!(list::list_tasks))
        .routes(routes!(
            routes::get_task,
            routes::update_task,
            routes::delete_task
        ))
        .routes(routes!(moving::set_task_status))
        .routes(routes!(routes::assign_task))
        .routes(routes!(moving::move_card))
}
