//! Workload and status age: how things stand at the moment of asking.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use events::topic::task::TaskStatus;
use httpkit::{Json, Member, Problem, Query};
use kernel::{Clock, TaskId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::{NowQuery, scope};
use crate::counter::Scope;
use crate::numbers::Durations;
use crate::numbers::store::Numbers;
use crate::numbers::tasks::OpenTask;
use crate::{AppState, Store};

/// People shown, those with the most first; an answer has an end.
const MAX_PEOPLE: usize = 500;

/// Tasks that have been where they are for longest.
const OLDEST: i64 = 20;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_workload))
        .routes(routes!(get_status_age))
}

/// Who has how much to do.
#[derive(Debug, Serialize, ToSchema)]
struct Workload {
    /// Those with the most first, 500 at most.
    people: Vec<PersonLoad>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PersonLoad {
    user_id: UserId,
    /// Open tasks.
    open: i64,
    /// Seconds of their estimates.
    open_estimate: i64,
}

/// How long open tasks have been where they are.
#[derive(Debug, Serialize, ToSchema)]
struct StatusAge {
    todo: Durations,
    in_progress: Durations,
    review: Durations,
    /// The twenty that have been where they are for longest, the first one first.
    oldest: Vec<OldTask>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OldTask {
    task_id: TaskId,
    #[schema(value_type = String)]
    status: TaskStatus,
    /// When it came to its status.
    since: DateTime<Utc>,
    age_seconds: i64,
}

/// Who has how much to do
///
/// Open tasks by person. Needs `analytics:read`, but for one's own.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/workload",
    operation_id = "get_workload",
    tag = "analytics",
    params(NowQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Workload),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "Both a project and a person"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_workload(
    State(store): State<Store>,
    member: Member,
    Query(query): Query<NowQuery>,
) -> Result<Json<Workload>, Problem> {
    let scope = scope(&member, query.project_id, query.user_id)?;
    let numbers = Numbers::open(&store, member.tenant).await?;
    let whole = match scope {
        Scope::Project(_) => scope,
        Scope::Organization | Scope::Person(_) | Scope::Link(_) => Scope::Organization,
    };
    let standings = numbers.standings(whole).await?;
    let wanted = |user: UserId| query.user_id.is_none_or(|only| only == user);
    let open = standings.assigned.iter();
    let open = open.filter(|(user, open)| **open != 0 && wanted(**user));
    let mut people: Vec<PersonLoad> = open
        .map(|(user, open)| PersonLoad {
            user_id: *user,
            open: *open,
            open_estimate: standings
                .assigned_estimate
                .get(user)
                .copied()
                .unwrap_or_default(),
        })
        .collect();
    // Stable: people with as much stay in the order of their ids.
    people.sort_by_key(|person| std::cmp::Reverse((person.open, person.open_estimate)));
    people.truncate(MAX_PEOPLE);
    Ok(Json(Workload { people }))
}

/// How long open tasks have been where they are
///
/// Of the 100,000 oldest if there are more. Needs `analytics:read`, but for one's own.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/status-age",
    operation_id = "get_status_age",
    tag = "analytics",
    params(NowQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = StatusAge),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "Both a project and a person"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_status_age(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<NowQuery>,
) -> Result<Json<StatusAge>, Problem> {
    let scope = scope(&member, query.project_id, query.user_id)?;
    let numbers = Numbers::open(&store, member.tenant).await?;
    let (open, oldest) = futures::try_join!(
        numbers.open_tasks(scope),
        numbers.oldest_tasks(scope, OLDEST),
    )?;
    let now = clock.now();
    let mut ages: BTreeMap<TaskStatus, Vec<i64>> = BTreeMap::new();
    for task in &open {
        ages.entry(task.status).or_default().push(age(task, now));
    }
    let mut of = |status| Durations::of(ages.remove(&status).unwrap_or_default());
    let old = |(task_id, task): (TaskId, OpenTask)| OldTask {
        task_id,
        status: task.status,
        since: DateTime::from_timestamp_millis(task.status_ms).unwrap_or_default(),
        age_seconds: age(&task, now) / 1_000,
    };
    Ok(Json(StatusAge {
        todo: of(TaskStatus::Todo),
        in_progress: of(TaskStatus::InProgress),
        review: of(TaskStatus::Review),
        oldest: oldest.into_iter().map(old).collect(),
    }))
}

/// Milliseconds that it has been where it is.
fn age(task: &OpenTask, now: DateTime<Utc>) -> i64 {
    now.timestamp_millis().saturating_sub(task.status_ms)
}
