//! HTTP of custom reports.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{
    Created, IfMatch, Json, ListQuery, Member, NoContent, NoFilter, PageRequest, Path, Problem,
    Versioned,
};
use kernel::{Clock, CustomReportId, Ids, Page, TimeZone, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{CustomReport, Definition};
use super::store;
use crate::scope::TenantScope;
use crate::store::{StoreError, date, time};
use crate::{AppState, Store};

/// Custom reports of one organization.
const MOST: u64 = 200;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_custom_reports, create_custom_report))
        .routes(routes!(
            get_custom_report,
            replace_custom_report,
            delete_custom_report
        ))
}

/// What a report shows, kept under a name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomReport)]
struct CustomReportView {
    id: CustomReportId,
    /// Who made it.
    owner_id: UserId,
    #[schema(example = "Throughput by week")]
    name: String,
    definition: Definition,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Rises with each change.
    version: i32,
}

impl From<CustomReport> for CustomReportView {
    fn from(report: CustomReport) -> Self {
        Self {
            id: report.custom_report,
            owner_id: report.owner,
            name: report.name,
            definition: report.definition,
            created_at: time(report.created_at),
            updated_at: time(report.updated_at),
            version: report.version,
        }
    }
}

/// What a report is to show.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
struct CreateCustomReport {
    #[garde(length(chars, min = 1, max = 100), custom(httpkit::text::line))]
    #[schema(min_length = 1, max_length = 100, example = "Throughput by week")]
    name: String,
    #[garde(dive)]
    definition: Definition,
}

/// What a report is to show from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
struct ReplaceCustomReport {
    #[garde(length(chars, min = 1, max = 100), custom(httpkit::text::line))]
    #[schema(min_length = 1, max_length = 100, example = "Throughput by week")]
    name: String,
    #[garde(dive)]
    definition: Definition,
    /// The version the change is meant for; 409 when it is another one by now.
    version: Option<i32>,
}

/// List custom reports
///
/// In the order they were made. With `analytics:read` all of the organization, else one's own about oneself.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/custom-reports",
    operation_id = "list_custom_reports",
    tag = "analytics",
    params(PageRequest),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A page of custom reports", body = Page<CustomReportView>),
        (status = 401, description = "Not signed in"),
        (status = 422, description = "No such page"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn list_custom_reports(
    State(documents): State<Store>,
    member: Member,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<CustomReportView>>, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let limit = i64::from(page.limit) + 1;
    let rows = store::page(&scope, &member, page.after()?, limit).await?;
    let key = |row: &CustomReport| row.custom_report;
    Ok(Json(Page::of(
        rows,
        page.limit,
        key,
        CustomReportView::from,
    )))
}

/// Create a custom report
///
/// Needs `analytics:read`, but for one that is filtered by one's own `user_id`. 200 an organization at most.
#[utoipa::path(
    post,
    path = "/api/v1/analytics/custom-reports",
    operation_id = "create_custom_report",
    tag = "analytics",
    security(("bearer" = [])),
    request_body = CreateCustomReport,
    responses(
        (status = 201, description = "The custom report", body = CustomReportView),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 409, description = "`too_many_custom_reports`"),
        (status = 422, description = "Measures, group, filter or period do not go together"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn create_custom_report(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    State(ids): State<Ids>,
    member: Member,
    Json(body): Json<CreateCustomReport>,
) -> Result<Created<Versioned<CustomReportView>>, Problem> {
    let now = clock.now();
    body.definition.require(&member)?;
    body.definition.check(TimeZone::UTC.day(now))?;
    let scope = TenantScope::new(&documents, member.tenant);
    if store::count(&scope).await? >= MOST {
        let detail = format!("an organization has {MOST} custom reports at most; delete one first");
        return Err(Problem::conflict("too_many_custom_reports", detail));
    }
    let report = CustomReport {
        custom_report: ids.next(),
        owner: member.user,
        name: body.name,
        definition: body.definition,
        version: 1,
        created_at: date(now),
        updated_at: date(now),
    };
    store::insert(&scope, &report).await?;
    Ok(Created {
        location: format!("/api/v1/analytics/custom-reports/{}", report.custom_report),
        body: versioned(report),
    })
}

/// Get a custom report
///
/// With `analytics:read`, or one's own about oneself.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/custom-reports/{id}",
    operation_id = "get_custom_report",
    tag = "analytics",
    params(("id" = CustomReportId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The custom report; its version is the `ETag`", body = CustomReportView),
        (status = 401, description = "Not signed in"),
        (status = 404, description = "No such custom report"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_custom_report(
    State(documents): State<Store>,
    member: Member,
    Path(id): Path<CustomReportId>,
) -> Result<Versioned<CustomReportView>, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    Ok(versioned(visible(&scope, &member, id).await?))
}

/// Replace a custom report
///
/// Its owner's to do, and of who has `organization:manage`. Reports that were made stay as they are.
#[utoipa::path(
    put,
    path = "/api/v1/analytics/custom-reports/{id}",
    operation_id = "replace_custom_report",
    tag = "analytics",
    params(
        ("id" = CustomReportId, Path),
        ("If-Match" = Option<String>, Header, description = "the `ETag` the change is meant for"),
    ),
    security(("bearer" = [])),
    request_body = ReplaceCustomReport,
    responses(
        (status = 200, description = "The custom report as it is now", body = CustomReportView),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Another's, or without the permission `analytics:read`"),
        (status = 404, description = "No such custom report"),
        (status = 409, description = "`stale_version`"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "Measures, group, filter or period do not go together"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn replace_custom_report(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    member: Member,
    Path(id): Path<CustomReportId>,
    if_match: IfMatch,
    Json(body): Json<ReplaceCustomReport>,
) -> Result<Versioned<CustomReportView>, Problem> {
    let now = clock.now();
    let scope = TenantScope::new(&documents, member.tenant);
    let present = visible(&scope, &member, id).await?;
    present.require_change(&member)?;
    body.definition.require(&member)?;
    body.definition.check(TimeZone::UTC.day(now))?;
    if_match.check(present.version)?;
    let version = body.version.unwrap_or(present.version);
    let wanted = (body.name.as_str(), &body.definition);
    let replaced = store::replace(&scope, id, version, wanted, now).await;
    let replaced = replaced.map_err(|error| overtaken(error, &if_match))?;
    Ok(versioned(replaced))
}

/// Delete a custom report
///
/// Its owner's to do, and of who has `organization:manage`. Reports that were made stay until they expire.
#[utoipa::path(
    delete,
    path = "/api/v1/analytics/custom-reports/{id}",
    operation_id = "delete_custom_report",
    tag = "analytics",
    params(
        ("id" = CustomReportId, Path),
        ("If-Match" = Option<String>, Header, description = "the `ETag` the deletion is meant for"),
    ),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Another's"),
        (status = 404, description = "No such custom report"),
        (status = 409, description = "`stale_version`"),
        (status = 412, description = "`stale_version`"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn delete_custom_report(
    State(documents): State<Store>,
    member: Member,
    Path(id): Path<CustomReportId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let present = visible(&scope, &member, id).await?;
    present.require_change(&member)?;
    if_match.check(present.version)?;
    let deleted = store::delete(&scope, id, present.version).await;
    deleted.map_err(|error| overtaken(error, &if_match))?;
    Ok(NoContent)
}

/// The one asked for, if the member may know that it exists.
pub(crate) async fn visible(
    scope: &TenantScope<'_>,
    member: &Member,
    id: CustomReportId,
) -> Result<CustomReport, Problem> {
    let found = store::find(scope, id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    found.definition.require_visible(found.owner, member)?;
    Ok(found)
}

/// Somebody changed it since it was read.
fn overtaken(error: StoreError, if_match: &IfMatch) -> Problem {
    match (error, if_match) {
        (StoreError::Conflict, IfMatch::Versions(_)) => Problem::precondition_failed(),
        (StoreError::Conflict, IfMatch::Any) => stale(),
        (error, _) => error.into(),
    }
}

/// 409 for a change that was meant for another version.
pub(crate) fn stale() -> Problem {
    let detail = "somebody changed it meanwhile; read it again";
    Problem::conflict("stale_version", detail)
}

fn versioned(report: CustomReport) -> Versioned<CustomReportView> {
    Versioned {
        version: report.version,
        body: report.into(),
    }
}
