//! Checklists: what is ticked off inside a task. Whoever changes them holds the task's row.

mod copy;
mod items;
mod lists;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use copy::copy;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(lists::list_checklists, lists::create_checklist))
        .routes(routes!(lists::update_checklist, lists::delete_checklist))
        .routes(routes!(items::create_checklist_item))
        .routes(routes!(
            items::update_checklist_item,
            items::delete_checklist_item
        ))
}
