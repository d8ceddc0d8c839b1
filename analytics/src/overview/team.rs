//! Numbers of a team: of the tasks of its people, each counted once. Who they are is asked of project-svc, in the
//! caller's own name.

use std::collections::BTreeMap;

use axum::extract::State;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use httpkit::client::{Upstream, UpstreamError};
use httpkit::{Json, Member, Path, Problem, Query};
use kernel::{Clock, Page, Permission, TeamId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dashboard::model::PersonNumbers;
use crate::numbers::Durations;
use crate::numbers::store::Numbers;
use crate::numbers::tasks::SharedTask;
use crate::period::{Asked, Period, PeriodQuery};
use crate::state::Projects;
use crate::{AppState, Store};

/// People of a team that are asked for: pages of 200. Larger teams are organizations.
const MAX_PAGES: usize = 5;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_team_numbers))
}

/// A team in numbers.
#[derive(Debug, Serialize, ToSchema)]
struct TeamNumbers {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    /// Tasks completed in the period that are still done.
    done: i64,
    /// Tasks neither done nor cancelled now.
    open: i64,
    /// Seconds of estimates of those.
    open_estimate: i64,
    /// The period in parts.
    series: Vec<TeamPoint>,
    /// Its people; a task of two of them counts for each.
    by_person: Vec<PersonNumbers>,
    /// Of what was done in the period, from its creation on.
    lead_time: Durations,
    /// Of what was done in the period, from when somebody began.
    cycle_time: Durations,
    /// The period before, if it is to be compared with.
    previous: Option<PreviousTeam>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TeamPoint {
    /// The day the part begins on.
    date: chrono::NaiveDate,
    /// Its first moment.
    start: String,
    done: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviousTeam {
    period: Period,
    done: i64,
}

/// What a team does, in numbers
///
/// Of the tasks that are its people's now. Needs `analytics:read`.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/teams/{id}",
    operation_id = "get_team_numbers",
    tag = "analytics",
    params(("id" = TeamId, Path), PeriodQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = TeamNumbers),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 404, description = "No such team"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_team_numbers(
    State(clock): State<Clock>,
    State(store): State<Store>,
    State(Projects(projects)): State<Projects>,
    member: Member,
    Path(team): Path<TeamId>,
    Query(query): Query<PeriodQuery>,
    headers: HeaderMap,
) -> Result<Json<TeamNumbers>, Problem> {
    member.require(Permission::AnalyticsRead)?;
    let numbers = Numbers::open(&store, member.tenant).await?;
    let asked = Asked::new(query, &member, numbers.ledger.timezone, clock.now())?;
    let people = people(&projects, &member, team, &headers).await?;
    let (done, open) = futures::try_join!(
        numbers.tasks_of(&people, Some(asked)),
        numbers.tasks_of(&people, None),
    )?;
    let previous = match asked.previous() {
        None => None,
        Some(before) => Some(PreviousTeam {
            period: before.period,
            done: count(&numbers.tasks_of(&people, Some(before)).await?),
        }),
    };
    Ok(Json(TeamNumbers {
        period: asked.period,
        timezone: asked.zone.0.name().to_owned(),
        done: count(&done),
        open: count(&open),
        open_estimate: open.iter().filter_map(|task| task.estimate_seconds).sum(),
        series: series(asked, &done),
        by_person: by_person(&people, &open, &done),
        lead_time: Durations::of(done.iter().filter_map(|task| task.lead_ms)),
        cycle_time: Durations::of(done.iter().filter_map(|task| task.cycle_ms)),
        previous,
    }))
}

/// A person of a team, as project-svc tells it.
#[derive(Deserialize)]
struct TeamMember {
    user_id: UserId,
}

async fn people(
    projects: &Upstream,
    member: &Member,
    team: TeamId,
    headers: &HeaderMap,
) -> Result<Vec<UserId>, Problem> {
    let (mut people, mut cursor) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let path = format!("/api/v1/teams/{team}/members?limit=200");
        let mut request = projects.request(Method::GET, &path, Some(member.tenant))?;
        if let Some(cursor) = &cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        if let Some(own) = headers.get(AUTHORIZATION) {
            request = request.header(AUTHORIZATION, own);
        }
        let page: Page<TeamMember> = projects.read(request).await.map_err(hidden)?;
        people.extend(page.items.into_iter().map(|member| member.user_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(people)
}

/// What the caller may not see there is not there.
fn hidden(error: UpstreamError) -> Problem {
    match error.status() {
        Some(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => Problem::not_found(),
        _ => error.into(),
    }
}

fn count(tasks: &[SharedTask]) -> i64 {
    i64::try_from(tasks.len()).unwrap_or(i64::MAX)
}

fn series(asked: Asked, done: &[SharedTask]) -> Vec<TeamPoint> {
    let point = |bucket: crate::period::Bucket| {
        let span = bucket.begins.timestamp_millis()..bucket.ends.timestamp_millis();
        let inside = done.iter().filter_map(|task| task.done_ms);
        let inside = inside.filter(|done| span.contains(done)).count();
        TeamPoint {
            date: bucket.date,
            start: bucket.start,
            done: i64::try_from(inside).unwrap_or(i64::MAX),
        }
    };
    asked.buckets().into_iter().map(point).collect()
}

fn by_person(people: &[UserId], open: &[SharedTask], done: &[SharedTask]) -> Vec<PersonNumbers> {
    let mut rows: BTreeMap<UserId, PersonNumbers> = people
        .iter()
        .map(|user| (*user, PersonNumbers::nothing(*user)))
        .collect();
    for task in open {
        for user in &task.assignees {
            if let Some(row) = rows.get_mut(user) {
                row.assigned += 1;
                row.assigned_estimate += task.estimate_seconds.unwrap_or_default();
            }
        }
    }
    for user in done.iter().flat_map(|task| &task.assignees) {
        if let Some(row) = rows.get_mut(user) {
            row.done += 1;
        }
    }
    rows.into_values().collect()
}
