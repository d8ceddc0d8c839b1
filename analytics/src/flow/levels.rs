//! Cumulative flow, burndown and burnup: how much stood where at the end of each part of a period.

use axum::extract::State;
use chrono::NaiveDate;
use events::topic::task::TaskStatus;
use httpkit::{Json, Member, Problem, Query};
use kernel::Clock;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::{LevelQuery, Measure};
use crate::dashboard::model::StatusNumbers;
use crate::ingest::is_open;
use crate::numbers::store::Numbers;
use crate::numbers::{Kind, Moves};
use crate::period::{Asked, Bucket, Period};
use crate::{AppState, Store};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_cumulative_flow))
        .routes(routes!(get_burndown))
        .routes(routes!(get_burnup))
}

/// How much stood in each status, and how that changed.
#[derive(Debug, Serialize, ToSchema)]
struct CumulativeFlow {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    #[schema(inline)]
    measure: Measure,
    /// Right before the period.
    before: StatusNumbers,
    /// At the end of each part.
    points: Vec<FlowPoint>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FlowPoint {
    /// The day the part begins on.
    date: NaiveDate,
    /// Its first moment.
    start: String,
    by_status: StatusNumbers,
}

/// What was left to do, and what would have been on a straight way to nothing.
#[derive(Debug, Serialize, ToSchema)]
struct Burndown {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    #[schema(inline)]
    measure: Measure,
    /// Left right before the period.
    before: i64,
    /// At the end of each part.
    points: Vec<BurndownPoint>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BurndownPoint {
    /// The day the part begins on.
    date: NaiveDate,
    /// Its first moment.
    start: String,
    /// Neither done nor cancelled.
    remaining: i64,
    /// What would have remained, to be done evenly over the period; rounded down.
    ideal: i64,
}

/// What was done of what was to be done.
#[derive(Debug, Serialize, ToSchema)]
struct Burnup {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    #[schema(inline)]
    measure: Measure,
    /// At the end of each part.
    points: Vec<BurnupPoint>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BurnupPoint {
    /// The day the part begins on.
    date: NaiveDate,
    /// Its first moment.
    start: String,
    /// All but what was cancelled.
    scope: i64,
    done: i64,
}

/// How much stood in each status
///
/// At the end of each part of the period. Needs `analytics:read`, but for one's own tasks. A task counts with its
/// estimate, its project and its people as they are now; one in the trash counts nowhere.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/cumulative-flow",
    operation_id = "get_cumulative_flow",
    tag = "analytics",
    params(LevelQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = CumulativeFlow),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_cumulative_flow(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<LevelQuery>,
) -> Result<Json<CumulativeFlow>, Problem> {
    let levels = Levels::read(&store, &member, query, &clock).await?;
    let points = levels.points(|bucket, level| FlowPoint {
        date: bucket.date,
        start: bucket.start.clone(),
        by_status: StatusNumbers::of(levels.of(level)),
    });
    Ok(Json(CumulativeFlow {
        period: levels.asked.period,
        timezone: levels.asked.zone.0.name().to_owned(),
        measure: levels.measure,
        before: StatusNumbers::of(levels.of(&levels.before)),
        points,
    }))
}

/// What was left to do
///
/// At the end of each part of the period. Needs `analytics:read`, but for one's own tasks.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/burndown",
    operation_id = "get_burndown",
    tag = "analytics",
    params(LevelQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Burndown),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_burndown(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<LevelQuery>,
) -> Result<Json<Burndown>, Problem> {
    let levels = Levels::read(&store, &member, query, &clock).await?;
    let before = levels.sum(&levels.before, is_open);
    let (begins, ends) = (levels.asked.begins(), levels.asked.ends());
    let whole = (ends - begins).num_seconds().max(1);
    let points = levels.points(|bucket, level| BurndownPoint {
        date: bucket.date,
        start: bucket.start.clone(),
        remaining: levels.sum(level, is_open),
        ideal: before.saturating_mul((ends - bucket.ends).num_seconds()) / whole,
    });
    Ok(Json(Burndown {
        period: levels.asked.period,
        timezone: levels.asked.zone.0.name().to_owned(),
        measure: levels.measure,
        before,
        points,
    }))
}

/// What was done of what was to be done
///
/// At the end of each part of the period. Needs `analytics:read`, but for one's own tasks.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/burnup",
    operation_id = "get_burnup",
    tag = "analytics",
    params(LevelQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Burnup),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_burnup(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<LevelQuery>,
) -> Result<Json<Burnup>, Problem> {
    let levels = Levels::read(&store, &member, query, &clock).await?;
    let points = levels.points(|bucket, level| BurnupPoint {
        date: bucket.date,
        start: bucket.start.clone(),
        scope: levels.sum(level, |status| status != TaskStatus::Cancelled),
        done: levels.sum(level, |status| status == TaskStatus::Done),
    });
    Ok(Json(Burnup {
        period: levels.asked.period,
        timezone: levels.asked.zone.0.name().to_owned(),
        measure: levels.measure,
        points,
    }))
}

/// Levels right before a period, and after each of its parts.
struct Levels {
    asked: Asked,
    measure: Measure,
    before: Moves,
    after: Vec<(Bucket, Moves)>,
}

impl Levels {
    async fn read(
        store: &Store,
        member: &Member,
        query: LevelQuery,
        clock: &Clock,
    ) -> Result<Self, Problem> {
        let scope = query.scope(member)?;
        let numbers = Numbers::open(store, member.tenant).await?;
        let zone = numbers.ledger.timezone;
        let asked = Asked::new(query.period(), member, zone, clock.now())?;
        let (before, history) = futures::try_join!(
            numbers.before(scope, asked),
            numbers.history(scope, asked, Kind::Levels),
        )?;
        let mut level = before.clone();
        let after = asked.buckets().into_iter().map(|bucket| {
            level.add(&history.of(&bucket));
            (bucket, level.clone())
        });
        Ok(Self {
            asked,
            measure: query.measure.unwrap_or_default(),
            after: after.collect(),
            before,
        })
    }

    fn of<'a>(&self, level: &'a Moves) -> &'a std::collections::BTreeMap<TaskStatus, i64> {
        match self.measure {
            Measure::Tasks => &level.level,
            Measure::EstimateSeconds => &level.estimate,
        }
    }

    fn sum(&self, level: &Moves, counts: impl Fn(TaskStatus) -> bool) -> i64 {
        let statuses = self.of(level).iter();
        let counting = statuses.filter(|(status, _)| counts(**status));
        counting.map(|(_, by)| by).sum()
    }

    fn points<T>(&self, point: impl Fn(&Bucket, &Moves) -> T) -> Vec<T> {
        let after = self.after.iter();
        after.map(|(bucket, level)| point(bucket, level)).collect()
    }
}
