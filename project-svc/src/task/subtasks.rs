//! The tasks that a task is made of; creating them is in [`super::create`].

use chrono::{DateTime, Utc};
use httpkit::{Json, PageQuery, PageRequest, Problem};
use kernel::{Page, TaskId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::list::{SummaryRow, TaskSummary, summaries};
use crate::access::{Read, TaskAccess};
use crate::api::ReadProblems;
use crate::entity::task;

/// List the subtasks of a task
///
/// Those right below it, the oldest first.
#[utoipa::path(get, path = "/tasks/{id}/subtasks", tag = "tasks", params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of tasks", body = Page<TaskSummary>), ReadProblems))]
pub(super) async fn list_subtasks(
    access: TaskAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    let after = page.after()?;
    let connection = access.tenant.read().await?;
    let rows = below(
        &connection,
        access.thing.task.id,
        after,
        page.limit_and_one(),
    )
    .await?;
    let key = |row: &SummaryRow| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, TaskSummary::from)))
}

async fn below(
    db: &impl ConnectionTrait,
    parent: TaskId,
    after: Option<(DateTime<Utc>, TaskId)>,
    limit: u64,
) -> Result<Vec<SummaryRow>, DbErr> {
    use task::Column::{CreatedAt, Id, ParentId};

    let mut tasks = summaries()
        .filter(ParentId.eq(parent))
        .order_by_asc(CreatedAt)
        .order_by_asc(Id)
        .limit(limit);
    if let Some((created_at, id)) = after {
        let place = Expr::tuple([CreatedAt.into_expr(), Id.into_expr()]);
        tasks = tasks.filter(place.gt(Expr::tuple([Expr::val(created_at), Expr::val(id)])));
    }
    tasks.into_model().all(db).await
}
