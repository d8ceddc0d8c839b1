//! Reactions: each person has each kind once for a comment.

use chrono::{DateTime, Utc};
use events::topic::comment::CommentReacted;
use httpkit::{Json, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{CommentId, Page, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde::Deserialize;

use super::store::CommentRow;
use super::view::{ReactionKind, ReactionView};
use crate::access::{Comment, CommentAccess, Read};
use crate::api::{ReadProblems, WriteProblems};
use crate::tenant::Tenant;

/// The kind of a path that names a comment too.
#[derive(Deserialize)]
pub(super) struct KindPath {
    kind: ReactionKind,
}

/// List who feels what about a comment
///
/// The first first.
#[utoipa::path(get, path = "/comments/{id}/reactions", tag = "comments", params(("id" = CommentId, Path), PageRequest),
    responses((status = 200, description = "a page of reactions", body = Page<ReactionView>), ReadProblems))]
pub(super) async fn list_reactions(
    access: CommentAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<ReactionView>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let id = access.thing.comment.id;
    let rows = reactions(&access.tenant.read().await?, id, after, limit).await?;
    let key = |row: &ReactionView| (row.added_at, row.user_id, row.kind);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// React to a comment
///
/// Once more changes nothing.
#[utoipa::path(put, path = "/comments/{id}/reactions/{kind}", tag = "comments",
    params(("id" = CommentId, Path), ("kind" = ReactionKind, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn add_reaction(
    access: CommentAccess<Comment>,
    Path(KindPath { kind }): Path<KindPath>,
) -> Result<NoContent, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let (id, user, now) = (row.comment.id, tenant.user(), tenant.now());
    let unit = tenant.begin().await?;
    let insert = raw_sql!(
        Postgres,
        "insert into comment_reactions (comment_id, user_id, kind, added_at) values ({id}, {user}, {kind}, {now})
         on conflict do nothing"
    );
    if unit.execute_raw(insert).await?.rows_affected() == 1 {
        tenant
            .emit(&unit, &reacted(&tenant, &row, kind, true))
            .await?;
    }
    unit.commit().await?;
    Ok(NoContent)
}

/// Take back a reaction to a comment
///
/// Nothing happens where there is none.
#[utoipa::path(delete, path = "/comments/{id}/reactions/{kind}", tag = "comments",
    params(("id" = CommentId, Path), ("kind" = ReactionKind, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn remove_reaction(
    access: CommentAccess<Comment>,
    Path(KindPath { kind }): Path<KindPath>,
) -> Result<NoContent, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let (id, user) = (row.comment.id, tenant.user());
    let unit = tenant.begin().await?;
    let delete = raw_sql!(
        Postgres,
        "delete from comment_reactions where comment_id = {id} and user_id = {user} and kind = {kind}"
    );
    if unit.execute_raw(delete).await?.rows_affected() == 1 {
        tenant
            .emit(&unit, &reacted(&tenant, &row, kind, false))
            .await?;
    }
    unit.commit().await?;
    Ok(NoContent)
}

async fn reactions(
    db: &impl ConnectionTrait,
    id: CommentId,
    after: Option<(DateTime<Utc>, UserId, ReactionKind)>,
    limit: i64,
) -> Result<Vec<ReactionView>, DbErr> {
    let (at, user, kind) = match after {
        Some((at, user, kind)) => (Some(at), Some(user), Some(kind)),
        None => (None, None, None),
    };
    ReactionView::find_by_statement(raw_sql!(
        Postgres,
        "select user_id, kind, added_at from comment_reactions
         where comment_id = {id} and ({at}::timestamptz is null or (added_at, user_id, kind) > ({at}, {user}, {kind}))
         order by added_at, user_id, kind limit {limit}"
    ))
    .all(db)
    .await
}

fn reacted(tenant: &Tenant, row: &CommentRow, kind: ReactionKind, added: bool) -> CommentReacted {
    CommentReacted {
        comment_id: row.comment.id,
        project_id: row.of_project,
        task_id: row.comment.task_id,
        user_id: tenant.user(),
        kind: kind.to_string(),
        added,
    }
}
