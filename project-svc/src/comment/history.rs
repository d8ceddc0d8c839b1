//! HTTP of what comments said before.

use httpkit::{Json, PageQuery, PageRequest, Problem};
use kernel::{CommentId, Page};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};

use super::view::RevisionView;
use crate::access::{CommentAccess, Read};
use crate::api::ReadProblems;

/// List what a comment said before
///
/// The newest first, without what it says now.
#[utoipa::path(get, path = "/comments/{id}/history", tag = "comments", params(("id" = CommentId, Path), PageRequest),
    responses((status = 200, description = "a page of former texts", body = Page<RevisionView>), ReadProblems))]
pub(super) async fn list_comment_revisions(
    access: CommentAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<RevisionView>>, Problem> {
    let (id, limit) = (access.thing.comment.id, i64::from(page.limit) + 1);
    let rows = revisions(&access.tenant.read().await?, id, page.after()?, limit).await?;
    let key = |row: &RevisionView| row.version;
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

async fn revisions(
    db: &impl ConnectionTrait,
    id: CommentId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<RevisionView>, DbErr> {
    RevisionView::find_by_statement(raw_sql!(
        Postgres,
        "select version, body, written_at from comment_revisions
         where comment_id = {id} and ({before}::integer is null or version < {before})
         order by version desc limit {limit}"
    ))
    .all(db)
    .await
}
