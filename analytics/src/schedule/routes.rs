//! HTTP of schedules.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{IfMatch, Json, Member, NoContent, Path, Problem, Versioned};
use kernel::{Clock, CustomReportId, Permission, TimeZone, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{Every, Rhythm, Schedule};
use super::store;
use crate::custom_report;
use crate::organization::store::ledger;
use crate::period::zone_of;
use crate::scope::TenantScope;
use crate::store::{StoreError, date, time};
use crate::{AppState, Store};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(
        get_report_schedule,
        replace_report_schedule,
        delete_report_schedule
    ))
}

/// When a custom report is run by itself, and who is told by mail.
#[derive(Debug, Serialize, ToSchema)]
struct ReportSchedule {
    /// Who made it.
    owner_id: UserId,
    every: Every,
    /// 1 is Monday; with `week`.
    weekday: Option<u32>,
    /// With `month`; in a month without that day it is the last one.
    day_of_month: Option<u32>,
    hour: u32,
    /// IANA name of the time zone whose clocks are meant.
    timezone: String,
    /// Who is told.
    recipient_ids: Vec<UserId>,
    /// When it is run next.
    next_run_at: DateTime<Utc>,
    /// Rises with each change.
    version: i32,
}

impl From<Schedule> for ReportSchedule {
    fn from(schedule: Schedule) -> Self {
        Self {
            owner_id: schedule.owner,
            every: schedule.rhythm.every,
            weekday: schedule.rhythm.weekday,
            day_of_month: schedule.rhythm.day_of_month,
            hour: schedule.rhythm.hour,
            timezone: schedule.rhythm.timezone.into(),
            recipient_ids: schedule.recipients,
            next_run_at: time(schedule.due_at),
            version: schedule.version,
        }
    }
}

/// When a custom report is to be run, and who is to be told.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
struct ReplaceReportSchedule {
    every: Every,
    /// 1 is Monday; with `week` and with nothing else.
    #[garde(inner(range(min = 1, max = 7)))]
    #[schema(minimum = 1, maximum = 7)]
    weekday: Option<u32>,
    /// With `month` and with nothing else; in a month without that day it is the last one.
    #[garde(inner(range(min = 1, max = 31)))]
    #[schema(minimum = 1, maximum = 31)]
    day_of_month: Option<u32>,
    #[garde(range(max = 23))]
    #[schema(maximum = 23, example = 7)]
    hour: u32,
    /// IANA name of the time zone whose clocks are meant; one's own when left out, else the organization's, else UTC.
    #[schema(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<TimeZone>,
    /// Members who are told by mail, each once. Who is no member any more is told nothing.
    #[garde(length(min = 1, max = 50))]
    #[schema(min_items = 1, max_items = 50)]
    recipient_ids: Vec<UserId>,
    /// The version the change is meant for; 409 when it is another one by now.
    version: Option<i32>,
}

/// Show when a custom report is run
#[utoipa::path(
    get,
    path = "/api/v1/analytics/custom-reports/{id}/schedule",
    operation_id = "get_report_schedule",
    tag = "analytics",
    params(("id" = CustomReportId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The schedule; its version is the `ETag`", body = ReportSchedule),
        (status = 401, description = "Not signed in"),
        (status = 404, description = "No such custom report, or it has no schedule"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_report_schedule(
    State(documents): State<Store>,
    member: Member,
    Path(id): Path<CustomReportId>,
) -> Result<Versioned<ReportSchedule>, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    custom_report::visible(&scope, &member, id).await?;
    let found = store::find(&scope, id).await?;
    Ok(versioned(found.ok_or_else(Problem::not_found)?))
}

/// Say when a custom report is run
///
/// The custom report's owner's to do, and of who has `organization:manage`. Recipients get a mail with a link; what they see
/// there is what they may see. A report about oneself goes to oneself alone.
#[utoipa::path(
    put,
    path = "/api/v1/analytics/custom-reports/{id}/schedule",
    operation_id = "replace_report_schedule",
    tag = "analytics",
    params(
        ("id" = CustomReportId, Path),
        ("If-Match" = Option<String>, Header, description = "the `ETag` the change is meant for"),
    ),
    security(("bearer" = [])),
    request_body = ReplaceReportSchedule,
    responses(
        (status = 200, description = "The schedule as it is now", body = ReportSchedule),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Another's"),
        (status = 404, description = "No such custom report"),
        (status = 409, description = "`stale_version`"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "No such rhythm or time zone, or wrong recipients"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn replace_report_schedule(
    State(documents): State<Store>,
    State(clock): State<Clock>,
    member: Member,
    Path(id): Path<CustomReportId>,
    if_match: IfMatch,
    Json(body): Json<ReplaceReportSchedule>,
) -> Result<Versioned<ReportSchedule>, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let report = custom_report::visible(&scope, &member, id).await?;
    report.require_change(&member)?;
    report.definition.require(&member)?;
    let timezone = match body.timezone {
        Some(zone) => zone,
        None => zone_of(&member, ledger(&scope).await?.timezone),
    };
    let rhythm = Rhythm {
        every: body.every,
        weekday: body.weekday,
        day_of_month: body.day_of_month,
        hour: body.hour,
        timezone,
    };
    rhythm.check()?;
    check_recipients(&member, &body.recipient_ids)?;
    let present = store::find(&scope, id).await?;
    let present = present.map_or(0, |schedule| schedule.version);
    if_match.check(present)?;
    let wanted = Schedule {
        custom_report: id,
        owner: member.user,
        rhythm,
        recipients: body.recipient_ids,
        version: present + 1,
        due_at: date(rhythm.next(clock.now())),
    };
    if body.version.is_some_and(|version| version != present) {
        return Err(custom_report::stale());
    }
    let replaced = store::replace(&scope, present, &wanted).await;
    let replaced = replaced.map_err(|error| match error {
        StoreError::Conflict => custom_report::stale(),
        error => error.into(),
    })?;
    Ok(versioned(replaced))
}

/// Stop running a custom report by itself
///
/// The custom report's owner's to do, and of who has `organization:manage`.
#[utoipa::path(
    delete,
    path = "/api/v1/analytics/custom-reports/{id}/schedule",
    operation_id = "delete_report_schedule",
    tag = "analytics",
    params(("id" = CustomReportId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Another's"),
        (status = 404, description = "No such custom report, or it has no schedule"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn delete_report_schedule(
    State(documents): State<Store>,
    member: Member,
    Path(id): Path<CustomReportId>,
) -> Result<NoContent, Problem> {
    let scope = TenantScope::new(&documents, member.tenant);
    let report = custom_report::visible(&scope, &member, id).await?;
    report.require_change(&member)?;
    match store::delete(&scope, id).await? {
        true => Ok(NoContent),
        false => Err(Problem::not_found()),
    }
}

fn check_recipients(member: &Member, recipients: &[UserId]) -> Result<(), Problem> {
    let at = "/recipient_ids";
    let seen = recipients.iter().enumerate();
    let mut repeated =
        seen.filter(|(place, one)| recipients.iter().take(*place).any(|o| o == *one));
    if repeated.next().is_some() {
        return Err(Problem::field(at, "repeated", "nobody is told twice"));
    }
    if !member.permissions.contains(Permission::AnalyticsRead) && recipients != [member.user] {
        let detail = "a report about oneself goes to oneself alone";
        return Err(Problem::field(at, "invalid", detail));
    }
    Ok(())
}

fn versioned(schedule: Schedule) -> Versioned<ReportSchedule> {
    Versioned {
        version: schedule.version,
        body: schedule.into(),
    }
}
