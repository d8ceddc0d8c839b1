//! Throughput, lead time and cycle time: how much was done in each part of a period, and how long it took.

use axum::extract::State;
use chrono::NaiveDate;
use httpkit::{Json, Member, Problem, Query};
use kernel::Clock;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::RateQuery;
use crate::numbers::store::Numbers;
use crate::numbers::tasks::DoneTask;
use crate::numbers::{Durations, Kind};
use crate::period::{Asked, Period};
use crate::{AppState, Store};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_throughput))
        .routes(routes!(get_lead_time))
        .routes(routes!(get_cycle_time))
}

/// How much was done.
#[derive(Debug, Serialize, ToSchema)]
struct Throughput {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    /// Tasks done in the period that still are.
    done: i64,
    points: Vec<ThroughputPoint>,
    /// The period before, if it is to be compared with.
    previous: Option<PreviousThroughput>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ThroughputPoint {
    /// The day the part begins on.
    date: NaiveDate,
    /// Its first moment.
    start: String,
    done: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviousThroughput {
    period: Period,
    done: i64,
}

/// How long tasks took that were done in a period.
#[derive(Debug, Serialize, ToSchema)]
struct Times {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    /// Of the whole period; of the 100,000 tasks that were done last if there are more.
    overall: Durations,
    /// Of what was done in each part.
    points: Vec<TimesPoint>,
    /// The period before, if it is to be compared with.
    previous: Option<PreviousTimes>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TimesPoint {
    /// The day the part begins on.
    date: NaiveDate,
    /// Its first moment.
    start: String,
    #[serde(flatten)]
    durations: Durations,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviousTimes {
    period: Period,
    overall: Durations,
}

/// How much was done
///
/// In each part of the period. Needs `analytics:read`, but for one's own tasks.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/throughput",
    operation_id = "get_throughput",
    tag = "analytics",
    params(RateQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Throughput),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_throughput(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<RateQuery>,
) -> Result<Json<Throughput>, Problem> {
    let scope = query.scope(&member)?;
    let numbers = Numbers::open(&store, member.tenant).await?;
    let zone = numbers.ledger.timezone;
    let asked = Asked::new(query.period(), &member, zone, clock.now())?;
    let history = numbers.history(scope, asked, Kind::Counts).await?;
    let previous = match asked.previous() {
        None => None,
        Some(before) => Some(PreviousThroughput {
            period: before.period,
            done: numbers
                .history(scope, before, Kind::Counts)
                .await?
                .sum(before)
                .done,
        }),
    };
    let point = |bucket| ThroughputPoint {
        done: history.of(&bucket).done,
        date: bucket.date,
        start: bucket.start,
    };
    Ok(Json(Throughput {
        period: asked.period,
        timezone: asked.zone.0.name().to_owned(),
        done: history.sum(asked).done,
        points: asked.buckets().into_iter().map(point).collect(),
        previous,
    }))
}

/// How long tasks took from their creation
///
/// Of tasks done in the period that still are. Needs `analytics:read`, but for one's own tasks.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/lead-time",
    operation_id = "get_lead_time",
    tag = "analytics",
    params(RateQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Times),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_lead_time(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<RateQuery>,
) -> Result<Json<Times>, Problem> {
    let times = times(&store, &member, query, &clock, |task| Some(task.lead_ms));
    Ok(Json(times.await?))
}

/// How long tasks took from when somebody began
///
/// From the first time a task was in progress or in review. Of tasks done in the period that still are; those that
/// nobody was seen working on are left out. Needs `analytics:read`, but for one's own tasks.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/cycle-time",
    operation_id = "get_cycle_time",
    tag = "analytics",
    params(RateQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Times),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_cycle_time(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<RateQuery>,
) -> Result<Json<Times>, Problem> {
    let times = times(&store, &member, query, &clock, |task| task.cycle_ms);
    Ok(Json(times.await?))
}

async fn times(
    store: &Store,
    member: &Member,
    query: RateQuery,
    clock: &Clock,
    duration: fn(&DoneTask) -> Option<i64>,
) -> Result<Times, Problem> {
    let scope = query.scope(member)?;
    let numbers = Numbers::open(store, member.tenant).await?;
    let zone = numbers.ledger.timezone;
    let asked = Asked::new(query.period(), member, zone, clock.now())?;
    // The last one first.
    let tasks = numbers.done_tasks(scope, asked).await?;
    let previous = match asked.previous() {
        None => None,
        Some(before) => {
            let tasks = numbers.done_tasks(scope, before).await?;
            let overall = Durations::of(tasks.iter().filter_map(duration));
            Some(PreviousTimes {
                period: before.period,
                overall,
            })
        }
    };
    Ok(Times {
        period: asked.period,
        timezone: asked.zone.0.name().to_owned(),
        overall: Durations::of(tasks.iter().filter_map(duration)),
        points: points(asked, &tasks, duration),
        previous,
    })
}

/// `tasks` in descending order of when they were done.
fn points(
    asked: Asked,
    tasks: &[DoneTask],
    duration: fn(&DoneTask) -> Option<i64>,
) -> Vec<TimesPoint> {
    let mut rest = tasks;
    let mut points = Vec::new();
    for bucket in asked.buckets().into_iter().rev() {
        let begins = bucket.begins.timestamp_millis();
        let inside = rest.partition_point(|task| task.done_ms >= begins);
        let (inside, before) = rest.split_at(inside);
        rest = before;
        points.push(TimesPoint {
            date: bucket.date,
            start: bucket.start,
            durations: Durations::of(inside.iter().filter_map(duration)),
        });
    }
    points.reverse();
    points
}
