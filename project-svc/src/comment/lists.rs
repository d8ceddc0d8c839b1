//! HTTP of lists of comments, the oldest first: a thread's answers stand among the others and name what they answer.

use httpkit::{Json, ListQuery, PageRequest, Problem};
use kernel::{CommentId, Page, ProjectId, TaskId};

use super::routes::links;
use super::store::{self, CommentRow, On};
use super::view::{CommentFilter, CommentView, Shown};
use crate::access::{Allowed, CommentAccess, ListTasks, ProjectAccess, Read, TaskAccess, load};
use crate::api::ReadProblems;
use crate::entity::project;
use crate::task::TaskRow;
use crate::tenant::Tenant;

/// List the comments on a task
///
/// The oldest first.
#[utoipa::path(get, path = "/tasks/{id}/comments", tag = "comments", params(("id" = TaskId, Path), PageRequest, Shown),
    responses((status = 200, description = "a page of comments", body = Page<CommentView>), ReadProblems))]
pub(super) async fn list_comments(
    access: TaskAccess<Read>,
    ListQuery { page, filter }: ListQuery<Shown>,
) -> Result<Json<Page<CommentView>>, Problem> {
    let task = access.thing.task;
    listed(
        &access.tenant,
        On::Task(task.id),
        task.project_id,
        &page,
        filter.html,
    )
    .await
}

/// List the comments on a card, which is a task
///
/// The oldest first.
#[utoipa::path(get, path = "/cards/{id}/comments", tag = "comments", params(("id" = TaskId, Path), PageRequest, Shown),
    responses((status = 200, description = "a page of comments", body = Page<CommentView>), ReadProblems))]
pub(super) async fn list_card_comments(
    access: TaskAccess<Read>,
    query: ListQuery<Shown>,
) -> Result<Json<Page<CommentView>>, Problem> {
    list_comments(access, query).await
}

/// List the comments on a project
///
/// Those on the project itself, not on its tasks; the oldest first.
#[utoipa::path(get, path = "/projects/{id}/comments", tag = "comments",
    params(("id" = ProjectId, Path), PageRequest, Shown),
    responses((status = 200, description = "a page of comments", body = Page<CommentView>), ReadProblems))]
pub(super) async fn list_project_comments(
    access: ProjectAccess<Read>,
    ListQuery { page, filter }: ListQuery<Shown>,
) -> Result<Json<Page<CommentView>>, Problem> {
    let project = access.thing.id;
    listed(
        &access.tenant,
        On::Project(project),
        project,
        &page,
        filter.html,
    )
    .await
}

/// List the comments on a task or a project
///
/// The oldest first.
#[utoipa::path(get, path = "/comments", tag = "comments", params(PageRequest, CommentFilter),
    responses((status = 200, description = "a page of comments", body = Page<CommentView>), ReadProblems))]
pub(super) async fn list_comments_of(
    Allowed { tenant, .. }: Allowed<ListTasks>,
    ListQuery { page, filter }: ListQuery<CommentFilter>,
) -> Result<Json<Page<CommentView>>, Problem> {
    let (on, project) = match (filter.task_id, filter.project_id) {
        (Some(id), None) => {
            let (row, _) = load::<TaskRow>(&tenant, id).await?;
            (On::Task(id), row.task.project_id)
        }
        (None, Some(id)) => {
            load::<project::Model>(&tenant, id).await?;
            (On::Project(id), id)
        }
        _ => {
            let detail = "either the task or the project is needed";
            return Err(Problem::field("task_id", "invalid", detail));
        }
    };
    listed(&tenant, on, project, &page, filter.html).await
}

/// List the answers to a comment
///
/// The oldest first.
#[utoipa::path(get, path = "/comments/{id}/replies", tag = "comments",
    params(("id" = CommentId, Path), PageRequest, Shown),
    responses((status = 200, description = "a page of comments", body = Page<CommentView>), ReadProblems))]
pub(super) async fn list_replies(
    access: CommentAccess<Read>,
    ListQuery { page, filter }: ListQuery<Shown>,
) -> Result<Json<Page<CommentView>>, Problem> {
    let (id, project) = (access.thing.comment.id, access.thing.of_project);
    listed(&access.tenant, On::Comment(id), project, &page, filter.html).await
}

async fn listed(
    tenant: &Tenant,
    on: On,
    project: ProjectId,
    page: &PageRequest,
    html: bool,
) -> Result<Json<Page<CommentView>>, Problem> {
    let (after, limit) = (page.after()?, page.limit_and_one());
    let connection = tenant.read().await?;
    let rows = store::page(&connection, on, project, tenant.user(), after, limit).await?;
    let links = match html {
        true => Some(links(tenant, &connection, &rows).await?),
        false => None,
    };
    let key = |row: &CommentRow| (row.comment.created_at, row.comment.id);
    let view = |row| CommentView::new(row, links.as_ref());
    Ok(Json(Page::of(rows, page.limit, key, view)))
}
