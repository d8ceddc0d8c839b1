//! HTTP of comments.

use events::topic::task::{TaskCommentAdded, TaskUpdated};
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, Json, NoContent, PageQuery, PageRequest, Problem};
use kernel::{CommentId, Page, TaskId};

use super::store;
use super::view::{CommentView, CreateComment};
use crate::access::{Comment, CommentAccess, Delete, Read, TaskAccess};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::comment;

/// List the comments on a task
///
/// The oldest first.
#[utoipa::path(get, path = "/tasks/{id}/comments", tag = "comments", params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of comments", body = Page<CommentView>), ReadProblems))]
pub(super) async fn list_comments(
    access: TaskAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<CommentView>>, Problem> {
    let after = page.after()?;
    let connection = access.tenant.read().await?;
    let task = access.thing.task.id;
    let rows = store::page(&connection, task, after, page.limit_and_one()).await?;
    let key = |row: &comment::Model| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, CommentView::from)))
}

/// Comment on a task
#[utoipa::path(post, path = "/tasks/{id}/comments", tag = "comments", request_body = CreateComment,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn create_comment(
    access: TaskAccess<Comment>,
    key: IdempotencyKey,
    Json(body): Json<CreateComment>,
) -> Result<Created<Json<CommentView>>, Problem> {
    let (tenant, task) = (access.tenant, access.thing.task);
    let once = key.once(
        format!("create_comment:{}:{}", task.id, tenant.user()),
        &body,
    );
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let comment = store::insert(&unit, &tenant, task.id, body.body).await?;
    let event = TaskCommentAdded {
        task_id: task.id,
        project_id: task.project_id,
        comment_id: comment.id,
        author_id: comment.author_id,
    };
    tenant.emit(&unit, &event).await?;
    let view = CommentView::from(comment);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Delete a comment
///
/// One's own, or anybody's with the right to delete tasks.
#[utoipa::path(delete, path = "/comments/{id}", tag = "comments", params(("id" = CommentId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_comment(access: CommentAccess<Delete>) -> Result<NoContent, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let unit = tenant.begin().await?;
    if !store::delete(&unit, row.comment.id, tenant.now()).await? {
        return Err(Problem::not_found());
    }
    let event = TaskUpdated {
        task_id: row.comment.task_id,
        project_id: row.project_id,
        changed: vec!["comments".to_owned()],
        version: None,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(NoContent)
}

fn created(view: CommentView) -> Created<Json<CommentView>> {
    Created {
        location: format!("/api/v1/comments/{}", view.id),
        body: Json(view),
    }
}
