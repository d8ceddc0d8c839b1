//! Comments on tasks and projects: Markdown as written, in threads of one level, with reactions and the people they
//! name. What a comment said before it was edited is kept.

mod history;
mod lists;
mod mention;
mod reaction;
mod routes;
mod store;
mod subject;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::CommentRow;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(lists::list_comments, subject::create_comment))
        .routes(routes!(
            lists::list_card_comments,
            subject::create_card_comment
        ))
        .routes(routes!(
            lists::list_project_comments,
            subject::create_project_comment
        ))
        .routes(routes!(lists::list_comments_of, subject::create_comment_on))
        .routes(routes!(
            routes::get_comment,
            routes::update_comment,
            routes::replace_comment,
            routes::delete_comment
        ))
        .routes(routes!(lists::list_replies, subject::create_reply))
        .routes(routes!(history::list_comment_revisions))
        .routes(routes!(reaction::list_reactions))
        .routes(routes!(reaction::add_reaction, reaction::remove_reaction))
}
