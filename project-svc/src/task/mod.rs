//! Tasks: what is to be done. A board shows them as cards; a task's status is its column's category.

mod bulk;
mod create;
mod edit;
mod filtered;
mod history;
mod home;
mod landing;
mod list;
mod model;
mod moving;
mod past;
mod place;
mod rehousing;
mod routes;
mod row;
mod store;
mod subtasks;
mod transfer;
mod trash;
mod tree;
mod view;
mod watchers;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use edit::hold;
pub(crate) use filtered::filtered;
pub(crate) use history::tell_part;
pub(crate) use home::{ColumnHome, Home, ParentHome};
pub(crate) use list::{LOOKED_UP, SummaryRow, TaskSummary, cards, cards_page};
pub(crate) use model::Progress;
pub(crate) use rehousing::{MOST_MOVED, count_on, rehouse};
pub(crate) use row::TaskRow;
pub(crate) use trash::TrashedTask;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create_task, list::list_project_tasks))
        .routes(routes!(list::list_tasks, create::create_task_anywhere))
        .routes(routes!(
            routes::get_task,
            routes::update_task,
            routes::replace_task,
            trash::delete_task
        ))
        .routes(routes!(routes::get_task_by_key))
        .routes(routes!(moving::set_task_status))
        .routes(routes!(routes::assign_task))
        .routes(routes!(subtasks::list_subtasks, create::create_subtask))
        .routes(routes!(bulk::edit_tasks))
        .routes(routes!(transfer::transfer_task))
        .routes(routes!(transfer::copy_task))
        .routes(routes!(trash::archive_task))
        .routes(routes!(trash::unarchive_task))
        .routes(routes!(trash::restore_task))
        .routes(routes!(trash::list_trash))
        .routes(routes!(past::list_task_history))
        .routes(routes!(past::get_history_entry))
        .routes(routes!(watchers::list_watchers))
        .routes(routes!(watchers::watch_task, watchers::unwatch_task))
        .routes(routes!(watchers::add_watcher, watchers::remove_watcher))
        .merge(cards_router())
}

/// Tasks as cards of a board.
fn cards_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            routes::get_card,
            routes::replace_card,
            trash::delete_card
        ))
        .routes(routes!(create::create_card))
        .routes(routes!(moving::move_card))
        .routes(routes!(past::list_card_activities))
}
