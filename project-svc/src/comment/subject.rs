//! HTTP of writing comments: on a task, on a project, in answer to another one.

use events::topic::comment::ProjectCommentAdded;
use events::topic::task::TaskCommentAdded;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, Json, Problem, Versioned};
use kernel::{CommentId, ProjectId, TaskId};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::store::{self, CommentRow};
use super::view::{CommentView, CreateComment, CreateCommentOn, CreateReply};
use super::{mention, routes};
use crate::access::{
    Allowed, Comment, CommentAccess, ListTasks, Permits, ProjectAccess, TaskAccess, load,
};
use crate::activity;
use crate::api::WriteProblems;
use crate::entity::{comment, project};
use crate::task::TaskRow;
use crate::tenant::Tenant;

/// What a comment is on.
#[derive(Clone, Copy)]
struct Subject {
    project: ProjectId,
    /// A task of that project; none for the project itself.
    task: Option<TaskId>,
}

/// Comment on a task
#[utoipa::path(post, path = "/tasks/{id}/comments", tag = "comments", request_body = CreateComment,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn create_comment(
    access: TaskAccess<Comment>,
    key: IdempotencyKey,
    Json(body): Json<CreateComment>,
) -> Result<Created<Versioned<CommentView>>, Problem> {
    write(&access.tenant, Subject::task(&access.thing), key, body).await
}

/// Comment on a card, which is a task
#[utoipa::path(post, path = "/cards/{id}/comments", tag = "comments", request_body = CreateComment,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn create_card_comment(
    access: TaskAccess<Comment>,
    key: IdempotencyKey,
    Json(body): Json<CreateComment>,
) -> Result<Created<Versioned<CommentView>>, Problem> {
    write(&access.tenant, Subject::task(&access.thing), key, body).await
}

/// Comment on a project
#[utoipa::path(post, path = "/projects/{id}/comments", tag = "comments", request_body = CreateComment,
    params(("id" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn create_project_comment(
    access: ProjectAccess<Comment>,
    key: IdempotencyKey,
    Json(body): Json<CreateComment>,
) -> Result<Created<Versioned<CommentView>>, Problem> {
    write(&access.tenant, Subject::project(&access.thing), key, body).await
}

/// Comment on a task or a project
#[utoipa::path(post, path = "/comments", tag = "comments", request_body = CreateCommentOn,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn create_comment_on(
    Allowed { tenant, .. }: Allowed<ListTasks>,
    key: IdempotencyKey,
    Json(body): Json<CreateCommentOn>,
) -> Result<Created<Versioned<CommentView>>, Problem> {
    let subject = match (body.task_id, body.project_id) {
        (Some(id), None) => {
            let (task, rights) = load::<TaskRow>(&tenant, id).await?;
            Comment::check(&tenant, rights, &task)?;
            Subject::task(&task)
        }
        (None, Some(id)) => {
            let (project, rights) = load::<project::Model>(&tenant, id).await?;
            Comment::check(&tenant, rights, &project)?;
            Subject::project(&project)
        }
        _ => {
            let detail = "either a task or a project is commented on";
            return Err(Problem::field("/task_id", "invalid", detail));
        }
    };
    let body = CreateComment {
        body: body.body,
        parent_id: body.parent_id,
    };
    write(&tenant, subject, key, body).await
}

/// Answer a comment
///
/// An answer to an answer joins the thread of the first comment.
#[utoipa::path(post, path = "/comments/{id}/replies", tag = "comments", request_body = CreateReply,
    params(("id" = CommentId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the answer", body = CommentView), WriteProblems))]
pub(super) async fn create_reply(
    access: CommentAccess<Comment>,
    key: IdempotencyKey,
    Json(body): Json<CreateReply>,
) -> Result<Created<Versioned<CommentView>>, Problem> {
    let subject = Subject::of(&access.thing);
    let body = CreateComment {
        body: body.body,
        parent_id: Some(access.thing.comment.id),
    };
    write(&access.tenant, subject, key, body).await
}

async fn write(
    tenant: &Tenant,
    on: Subject,
    key: IdempotencyKey,
    body: CreateComment,
) -> Result<Created<Versioned<CommentView>>, Problem> {
    let thing = match on.task {
        Some(task) => task.uuid(),
        None => on.project.uuid(),
    };
    let once = key.once(format!("create_comment:{thing}:{}", tenant.user()), &body);
    let parent = match body.parent_id {
        Some(id) => Some(thread(tenant, on, id).await?),
        None => None,
    };
    let people = mention::resolve(&tenant.read().await?, on.project, &body.body).await?;
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let comment = store::insert(&unit, new(tenant, on, parent, body.body)).await?;
    if !people.is_empty() {
        mention::replace(&unit, comment.id, &people).await?;
    }
    let kind = "comment.added";
    let changes = json!({"comment_id": {"from": null, "to": comment.id}});
    activity::record(&unit, tenant, on.project, on.task, kind, changes).await?;
    let row = CommentRow::new(comment, on.project, &people);
    if let Some(task_id) = on.task {
        let event = added_to_task(task_id, &row, people);
        tenant.emit(&unit, &event).await?;
    } else {
        let event = added_to_project(&row, people);
        tenant.emit(&unit, &event).await?;
    }
    let view = CommentView::new(row, None);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

fn new(
    tenant: &Tenant,
    on: Subject,
    parent: Option<CommentId>,
    body: String,
) -> comment::ActiveModel {
    let now = tenant.now();
    comment::ActiveModel {
        id: Set(tenant.next_id()),
        task_id: Set(on.task),
        project_id: Set(on.task.is_none().then_some(on.project)),
        parent_id: Set(parent),
        author_id: Set(tenant.user()),
        body: Set(body),
        version: Set(1),
        edited_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    }
}

/// The first comment of the thread that an answer joins; 422 for a comment on something else.
async fn thread(tenant: &Tenant, on: Subject, id: CommentId) -> Result<CommentId, Problem> {
    let detail = "is no comment on the same thing";
    let unknown = || Problem::field("/parent_id", "unknown_reference", detail);
    let parent = match load::<CommentRow>(tenant, id).await {
        Ok((parent, _)) => parent.comment,
        Err(problem) if problem.status() == http::StatusCode::NOT_FOUND => return Err(unknown()),
        Err(problem) => return Err(problem),
    };
    let same = match on.task {
        Some(task) => parent.task_id == Some(task),
        None => parent.project_id == Some(on.project),
    };
    if same {
        Ok(parent.parent_id.unwrap_or(parent.id))
    } else {
        Err(unknown())
    }
}

fn added_to_task(
    task_id: TaskId,
    row: &CommentRow,
    people: Vec<kernel::UserId>,
) -> TaskCommentAdded {
    TaskCommentAdded {
        task_id,
        project_id: row.of_project,
        comment_id: row.comment.id,
        author_id: row.comment.author_id,
        parent_id: row.comment.parent_id,
        mentioned_ids: people,
    }
}

fn added_to_project(row: &CommentRow, people: Vec<kernel::UserId>) -> ProjectCommentAdded {
    ProjectCommentAdded {
        project_id: row.of_project,
        comment_id: row.comment.id,
        author_id: row.comment.author_id,
        parent_id: row.comment.parent_id,
        mentioned_ids: people,
    }
}

impl Subject {
    fn task(row: &TaskRow) -> Self {
        Self {
            project: row.task.project_id,
            task: Some(row.task.id),
        }
    }

    fn project(project: &project::Model) -> Self {
        Self {
            project: project.id,
            task: None,
        }
    }

    fn of(row: &CommentRow) -> Self {
        Self {
            project: row.of_project,
            task: row.comment.task_id,
        }
    }
}

fn created(view: CommentView) -> Created<Versioned<CommentView>> {
    Created {
        location: format!("/api/v1/comments/{}", view.id),
        body: routes::versioned(view),
    }
}
