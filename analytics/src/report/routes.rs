//! HTTP of reports.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::LOCATION;
use httpkit::{Json, ListQuery, Member, NoContent, PageRequest, Path, Problem, Query};
use kernel::{Clock, CustomReportId, Ids, Page, Permission, ReportId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::export::{self, Format};
use super::model::{Failure, Report, ReportState};
use super::{Wake, store};
use crate::custom_report::{self, Definition};
use crate::organization::store::ledger;
use crate::period::{Period, zone_of};
use crate::scope::TenantScope;
use crate::store::time;
use crate::{AppState, Store};

/// Reports of one organization that are kept at a time.
const MOST_KEPT: u64 = 500;

/// Reports of one organization that are waited for at a time.
const MOST_UNFINISHED: u64 = 5;

/// When to ask again for one more.
const RETRY_AFTER_SECONDS: u64 = 10;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(run_custom_report))
        .routes(routes!(list_reports))
        .routes(routes!(get_report, delete_report))
        .routes(routes!(export_report))
}

/// A custom report that was run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
struct ReportView {
    id: ReportId,
    custom_report_id: CustomReportId,
    /// The custom report's name when it was run.
    name: String,
    /// Who ran it, or whose schedule did.
    requested_by: UserId,
    /// What it shows, as it was when it was run.
    definition: Definition,
    /// The days it is about.
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    state: ReportState,
    /// Why it failed.
    failure: Option<Failure>,
    /// How many rows it has, when it is ready.
    rows: Option<i64>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// When it is thrown away.
    expires_at: DateTime<Utc>,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        Self {
            id: report.report,
            custom_report_id: report.custom_report,
            name: report.name,
            requested_by: report.requested_by,
            definition: report.definition,
            period: report.period,
            timezone: report.timezone.into(),
            state: report.state,
            failure: report.failure,
            rows: (report.state == ReportState::Ready).then_some(report.rows),
            created_at: time(report.created_at),
            finished_at: report.finished_at.map(time),
            expires_at: time(report.expires_at),
        }
    }
}

/// Which reports.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReportFilter {
    /// Only those of this custom report.
    #[param(value_type = Option<String>, format = Uuid)]
    custom_report_id: Option<CustomReportId>,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// CSV, a JSON array, or a JSON object a line.
    #[param(inline)]
    format: Format,
}

/// Run a custom report
///
/// In the background: ask for the report until its `state` is `ready` or `failed`. It is kept for 14 days. At most 5 of
/// an organization are waited for at a time, and 500 kept. Needs `analytics:read`, but for one about oneself.
#[utoipa::path(
    post,
    path = "/api/v1/analytics/custom-reports/{id}/run",
    operation_id = "run_custom_report",
    tag = "analytics",
    params(("id" = CustomReportId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 202, description = "The report, which is being made", body = ReportView),
        (status = 401, description = "Not signed in"),
        (status = 404, description = "No such custom report"),
        (status = 409, description = "`too_many_reports`"),
        (status = 429, description = "`reports_being_made`"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn run_custom_report(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    State(ids): State<Ids>,
    State(wake): State<Wake>,
    member: Member,
    Path(id): Path<CustomReportId>,
) -> Result<
    (
        StatusCode,
        [(http::HeaderName, String); 1],
        Json<ReportView>,
    ),
    Problem,
> {
    let scope = TenantScope::new(&documents, member.tenant);
    let wanted = custom_report::visible(&scope, &member, id).await?;
    wanted.definition.require(&member)?;
    check_limits(&scope).await?;
    let now = clock.now();
    let timezone = match wanted.definition.timezone {
        Some(zone) => zone,
        None => zone_of(&member, ledger(&scope).await?.timezone),
    };
    let report = Report::new(ids.next(), member.user, wanted, timezone, now)?;
    store::insert(&scope, &report, now).await?;
    wake.wake();
    let location = format!("/api/v1/analytics/reports/{}", report.report);
    let headers = [(LOCATION, location)];
    Ok((StatusCode::ACCEPTED, headers, Json(report.into())))
}

/// List reports
///
/// The latest first, as long as they are kept. With `analytics:read` all of the organization, else one's own about oneself.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/reports",
    operation_id = "list_reports",
    tag = "analytics",
    params(PageRequest, ReportFilter),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A page of reports", body = Page<ReportView>),
        (status = 401, description = "Not signed in"),
        (status = 422, description = "No such page"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn list_reports(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    member: Member,
    ListQuery { page, filter }: ListQuery<ReportFilter>,
) -> Result<Json<Page<ReportView>>, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let all = member.permissions.contains(Permission::AnalyticsRead);
    let own = (!all).then_some(member.user);
    let limit = (i64::from(page.limit) + 1, clock.now());
    let of = filter.custom_report_id;
    let rows = store::page(&scope, own, of, page.after()?, limit).await?;
    let key = |row: &Report| row.report;
    Ok(Json(Page::of(rows, page.limit, key, ReportView::from)))
}

/// Get a report
///
/// With `analytics:read`, or one's own about oneself.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/reports/{id}",
    operation_id = "get_report",
    tag = "analytics",
    params(("id" = ReportId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The report", body = ReportView),
        (status = 401, description = "Not signed in"),
        (status = 404, description = "No such report, or no longer"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_report(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    member: Member,
    Path(id): Path<ReportId>,
) -> Result<Json<ReportView>, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    Ok(Json(
        visible(&scope, &member, id, clock.now()).await?.into(),
    ))
}

/// Delete a report
///
/// Of who ran it, and of who has `organization:manage`.
#[utoipa::path(
    delete,
    path = "/api/v1/analytics/reports/{id}",
    operation_id = "delete_report",
    tag = "analytics",
    params(("id" = ReportId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Another's"),
        (status = 404, description = "No such report, or no longer"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn delete_report(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    member: Member,
    Path(id): Path<ReportId>,
) -> Result<NoContent, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let report = visible(&scope, &member, id, clock.now()).await?;
    if report.requested_by != member.user {
        member.require(Permission::OrganizationManage)?;
    }
    store::delete(&scope, id).await?;
    Ok(NoContent)
}

/// Download a report
///
/// All its rows, in the order of what they are of. Who may see it is asked anew each time.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/reports/{id}/export",
    operation_id = "export_report",
    tag = "analytics",
    params(("id" = ReportId, Path), ExportQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The rows, as a file", content(
            (String = "text/csv"),
            (String = "application/json"),
            (String = "application/jsonl"),
        )),
        (status = 401, description = "Not signed in"),
        (status = 404, description = "No such report, or no longer"),
        (status = 409, description = "`report_not_ready`"),
        (status = 422, description = "No such format"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn export_report(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    member: Member,
    Path(id): Path<ReportId>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let report = visible(&scope, &member, id, clock.now()).await?;
    if report.state != ReportState::Ready {
        let detail = "ask for the report until its state is `ready`";
        return Err(Problem::conflict("report_not_ready", detail));
    }
    let rows = store::rows(&scope, &report).await?;
    Ok(export::stream(&report, rows, query.format))
}

/// The one asked for, if the member may see its numbers now.
async fn visible(
    scope: &TenantScope<'_>,
    member: &Member,
    id: ReportId,
    now: DateTime<Utc>,
) -> Result<Report, Problem> {
    let found = store::find(scope, id, now).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let asker = found.requested_by;
    found.definition.require_visible(asker, member)?;
    Ok(found)
}

async fn check_limits(scope: &TenantScope<'_>) -> Result<(), Problem> {
    let (kept, unfinished) = store::counts(scope).await?;
    if kept >= MOST_KEPT {
        let detail = format!("{MOST_KEPT} reports are kept at most; delete one first");
        return Err(Problem::conflict("too_many_reports", detail));
    }
    if unfinished >= MOST_UNFINISHED {
        let detail = format!("{MOST_UNFINISHED} reports are being made; wait for one of them");
        let problem = Problem::too_many("reports_being_made", RETRY_AFTER_SECONDS);
        return Err(problem.with_detail(detail));
    }
    Ok(())
}
