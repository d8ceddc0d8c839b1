//! HTTP of single comments.

use std::collections::BTreeSet;

use events::topic::comment::{CommentDeleted, CommentEdited};
use events::topic::task::TaskUpdated;
use httpkit::{IfMatch, Json, NoContent, Problem, Query, Versioned};
use kernel::CommentId;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::mention;
use super::store::{self, CommentRow};
use super::view::{CommentView, Shown, UpdateComment};
use crate::access::{CommentAccess, Delete, Read, Write, visible};
use crate::activity;
use crate::api::{ReadProblems, WriteProblems};
use crate::markdown::{self, Links};
use crate::patch::Meant;
use crate::tenant::Tenant;

/// Get a comment
#[utoipa::path(get, path = "/comments/{id}", tag = "comments", params(("id" = CommentId, Path), Shown),
    responses((status = 200, description = "the comment", body = CommentView), ReadProblems))]
pub(super) async fn get_comment(
    access: CommentAccess<Read>,
    Query(shown): Query<Shown>,
) -> Result<Versioned<CommentView>, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let links = match shown.html {
        true => Some(links(&tenant, &tenant.read().await?, std::slice::from_ref(&row)).await?),
        false => None,
    };
    Ok(versioned(CommentView::new(row, links.as_ref())))
}

/// Change what one's own comment says
///
/// What it said before is kept.
#[utoipa::path(patch, path = "/comments/{id}", tag = "comments", request_body = UpdateComment,
    params(("id" = CommentId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn update_comment(
    access: CommentAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<UpdateComment>,
) -> Result<Versioned<CommentView>, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(row.comment.version)?;
    if row.comment.body == body.body {
        return Ok(versioned(CommentView::new(row, None)));
    }
    let people = mention::resolve(&tenant.read().await?, row.of_project, &body.body).await?;
    let unit = tenant.begin().await?;
    let edited = store::rewrite(&unit, row.comment.id, &body.body, expected, tenant.now()).await?;
    let comment = edited.ok_or_else(|| meant.overtaken())?;
    let named = if people.is_empty() && row.mention_ids.is_empty() {
        Vec::new()
    } else {
        mention::replace(&unit, comment.id, &people).await?
    };
    let event = CommentEdited {
        comment_id: comment.id,
        project_id: row.of_project,
        task_id: comment.task_id,
        mentioned_ids: named,
        version: comment.version,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    let mention_ids = people.iter().map(|id| id.uuid()).collect();
    let row = CommentRow {
        comment,
        mention_ids,
        ..row
    };
    Ok(versioned(CommentView::new(row, None)))
}

/// Change what one's own comment says, as PATCH does
#[utoipa::path(put, path = "/comments/{id}", tag = "comments", request_body = UpdateComment,
    params(("id" = CommentId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the comment", body = CommentView), WriteProblems))]
pub(super) async fn replace_comment(
    access: CommentAccess<Write>,
    if_match: IfMatch,
    body: Json<UpdateComment>,
) -> Result<Versioned<CommentView>, Problem> {
    update_comment(access, if_match, body).await
}

/// Delete a comment
///
/// One's own, or anybody's with the right to delete tasks. Answers to it stay.
#[utoipa::path(delete, path = "/comments/{id}", tag = "comments",
    params(("id" = CommentId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_comment(
    access: CommentAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(row.comment.version)?;
    let unit = tenant.begin().await?;
    if !store::delete(&unit, row.comment.id, expected, tenant.now()).await? {
        return Err(meant.overtaken());
    }
    let (id, project, task) = (row.comment.id, row.of_project, row.comment.task_id);
    let changes = json!({"comment_id": {"from": id, "to": null}});
    activity::record(&unit, &tenant, project, task, "comment.deleted", changes).await?;
    let event = CommentDeleted {
        comment_id: id,
        project_id: project,
        task_id: task,
    };
    tenant.emit(&unit, &event).await?;
    if let Some(task_id) = task {
        let event = TaskUpdated {
            task_id,
            project_id: project,
            changed: vec!["comments".to_owned()],
            priority: None,
            estimate_seconds: None,
            version: None,
        };
        tenant.emit(&unit, &event).await?;
    }
    unit.commit().await?;
    Ok(NoContent)
}

/// The tasks that comments speak of by their keys, of those the person sees.
pub(super) async fn links(
    tenant: &Tenant,
    db: &impl ConnectionTrait,
    rows: &[CommentRow],
) -> Result<Links, Problem> {
    let keys = rows
        .iter()
        .flat_map(|row| markdown::keys(&row.comment.body));
    let keys: BTreeSet<String> = keys.collect();
    if keys.is_empty() {
        return Ok(Links::new());
    }
    let (keys, seen) = (
        keys.into_iter().collect(),
        visible(&tenant.member, "p", "$2"),
    );
    Ok(store::tasks_by_key(db, keys, &seen, tenant.user()).await?)
}

pub(super) fn versioned(body: CommentView) -> Versioned<CommentView> {
    let version = body.version;
    Versioned { version, body }
}
