//! Lists of tasks by a filter, in any order.

use httpkit::{Json, PageRequest, Problem};
use kernel::{Page, ProjectId, TaskId, TimeZone};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QuerySelect};
use serde_json::Value;

use super::list::{Assignee, SummaryRow, TaskFilter, TaskSummary, summaries, with_archived};
use crate::access::visible;
use crate::entity::task;
use crate::filter::{Asked, Filter, Sort, resolve};
use crate::tenant::Tenant;

/// Holds for the tasks of one person.
const ASSIGNED_TO: &str =
    "exists (select from task_assignees a where a.task_id = tasks.id and a.user_id = $1)";

/// A summary with its place in the order of the list.
#[derive(FromQueryResult)]
struct ListedRow {
    #[sea_orm(nested)]
    summary: SummaryRow,
    place: Value,
}

/// A page of the tasks that pass a filter, of one project or of all that the person sees.
pub(crate) async fn filtered(
    tenant: &Tenant,
    page: &PageRequest,
    project_id: Option<ProjectId>,
    filter: String,
    sort: Option<String>,
    timezone: Option<TimeZone>,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    let filter = TaskFilter {
        assignee: None,
        status: None,
        project_id,
        filter: Some(filter),
        sort,
        timezone,
    };
    listed(tenant, page, &filter).await
}

/// The same by the parameters of a list.
pub(super) async fn listed(
    tenant: &Tenant,
    page: &PageRequest,
    wanted: &TaskFilter,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    use task::Column::{ProjectId, Status};

    let asked = Asked::now(tenant, wanted.timezone);
    let text = wanted.filter.as_deref().unwrap_or_default();
    let filter = Filter::read(text, asked).map_err(|refused| refused.problem(text, "filter"))?;
    let sort = order(wanted.sort.as_deref(), &filter)?;
    let behind = behind(page, &sort)?;

    let tasks = if filter.names_archived() {
        with_archived()
    } else {
        summaries()
    };
    let mut tasks = tasks
        .expr_as(sort.place(), "place")
        .filter(Expr::cust_with_values(
            visible(&tenant.member, "projects", "$1"),
            [tenant.user()],
        ))
        .limit(page.limit_and_one());
    tasks = sort.apply(tasks);
    if let Some(project) = wanted.project_id {
        tasks = tasks.filter(ProjectId.eq(project));
    }
    if let Some(status) = wanted.status {
        tasks = tasks.filter(Status.eq(status));
    }
    if let Some(assignee) = wanted.assignee {
        let person = match assignee {
            Assignee::Me => tenant.user(),
            Assignee::Person(id) => id,
        };
        tasks = tasks.filter(Expr::cust_with_values(ASSIGNED_TO, [person]));
    }
    if let Some(behind) = behind {
        tasks = tasks.filter(behind);
    }
    let connection = tenant.read().await?;
    let project = wanted.project_id;
    if let Some(passes) = resolve(&connection, tenant, project, &filter, text, "filter").await? {
        tasks = tasks.filter(passes);
    }
    let rows: Vec<ListedRow> = tasks.into_model().all(&connection).await?;
    let key = |row: &ListedRow| (sort.text(), row.place.clone(), row.summary.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| {
        row.summary.into()
    })))
}

/// The order asked for by the parameter or inside the filter.
fn order(parameter: Option<&str>, filter: &Filter) -> Result<Sort, Problem> {
    match (parameter, &filter.sort) {
        (Some(_), Some(_)) => {
            let detail = "the filter says the order already";
            Err(Problem::field("sort", "repeated", detail))
        }
        (Some(text), None) => Sort::read_text(text)
            .map_err(|refused| Problem::field("sort", "invalid", refused.to_string())),
        (None, sort) => Ok(sort.clone().unwrap_or_default()),
    }
}

/// Holds for what comes after the page before; a cursor is of one order only.
fn behind(page: &PageRequest, sort: &Sort) -> Result<Option<SimpleExpr>, Problem> {
    let Some((of, place, id)) = page.after::<(String, Vec<Value>, TaskId)>()? else {
        return Ok(None);
    };
    let behind = sort.behind(&place, id).filter(|_| of == sort.text());
    let foreign = || Problem::field("cursor", "invalid", "not a cursor of this list");
    behind.map(Some).ok_or_else(foreign)
}
