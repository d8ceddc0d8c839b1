//! How a project stands, counted from its tasks as they are now. What lies in the trash does not count, what is
//! archived does.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use httpkit::{Json, Problem, Query};
use kernel::{ProjectId, TimeZone, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::{IntoParams, ToSchema};

use crate::access::{ProjectAccess, Read};
use crate::api::ReadProblems;
use crate::filter::Asked;

/// Days of a request that does not say how many.
const USUAL_DAYS: u16 = 30;
/// A leap year.
const MOST_DAYS: u16 = 366;
/// People with the most open tasks that an answer shows.
const MOST_PEOPLE: i64 = 100;

/// How far back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AnalyticsQuery {
    /// Days up to today.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u16>,
    /// IANA name of the time zone whose days are meant; the person's own when left out, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<TimeZone>,
}

/// How a project stands.
#[derive(Serialize, ToSchema)]
pub(super) struct ProjectAnalytics {
    total: i64,
    /// How many there are of each status.
    #[schema(value_type = BTreeMap<String, i64>)]
    by_status: BTreeMap<String, i64>,
    /// How many of the open ones there are of each priority.
    #[schema(value_type = BTreeMap<String, i64>)]
    open_by_priority: BTreeMap<String, i64>,
    /// Open and due before today.
    overdue: i64,
    /// Open and nobody's.
    unassigned: i64,
    /// Done of what was not cancelled, rounded down; null where there is nothing.
    completion_percent: Option<i64>,
    /// Sums of estimates.
    open_estimate_seconds: i64,
    done_estimate_seconds: i64,
    /// The hundred with the most open tasks.
    people: Vec<PersonLoad>,
    /// What came and what was done on each day, the first day first.
    days: Vec<DayCount>,
}

/// What somebody has to do in a project.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(super) struct PersonLoad {
    user_id: UserId,
    /// Display name.
    name: String,
    open: i64,
    overdue: i64,
    done: i64,
}

/// One day of a project.
#[derive(Serialize, ToSchema)]
pub(super) struct DayCount {
    day: NaiveDate,
    /// Tasks made on the day.
    created: i64,
    /// Tasks done on the day that still are.
    completed: i64,
}

/// The same without the day.
#[derive(FromQueryResult)]
struct Count {
    created: i64,
    completed: i64,
}

/// Tasks of one status and priority.
#[derive(FromQueryResult)]
struct Cell {
    status: TaskStatus,
    priority: TaskPriority,
    count: i64,
    overdue: i64,
    unassigned: i64,
    estimate_seconds: i64,
}

/// Show how a project stands
///
/// Counted from its tasks at the moment of asking; archived ones count.
#[utoipa::path(get, path = "/projects/{id}/analytics", tag = "projects",
    params(("id" = ProjectId, Path), AnalyticsQuery),
    responses((status = 200, description = "the numbers", body = ProjectAnalytics), ReadProblems))]
pub(super) async fn get_project_analytics(
    access: ProjectAccess<Read>,
    Query(asked): Query<AnalyticsQuery>,
) -> Result<Json<ProjectAnalytics>, Problem> {
    let days = asked.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::field("days", "out_of_range", "must be 1 to 366"));
    }
    let (tenant, project) = (&access.tenant, access.thing.id);
    let asked = Asked::now(tenant, asked.timezone);
    let today = asked.today();
    let first = today.checked_sub_days(Days::new(u64::from(days) - 1));
    let first = first.ok_or_else(|| Problem::internal("a day before all days"))?;
    let connection = tenant.read().await?;
    let cells = cells(&connection, project, today).await?;
    let people = people(&connection, project, today).await?;
    let beginnings = first
        .iter_days()
        .take(usize::from(days) + 1)
        .map(|day| asked.begin(day));
    let beginnings: Option<Vec<_>> = beginnings.collect();
    let beginnings = beginnings.ok_or_else(|| Problem::internal("a day without a beginning"))?;
    let counts = by_day(&connection, project, beginnings).await?;
    let days = first.iter_days().zip(counts);
    let days = days.map(|(day, count)| DayCount {
        day,
        created: count.created,
        completed: count.completed,
    });
    let days = days.collect();
    Ok(Json(ProjectAnalytics::new(&cells, people, days)))
}

impl ProjectAnalytics {
    fn new(cells: &[Cell], people: Vec<PersonLoad>, days: Vec<DayCount>) -> Self {
        let sum = |passes: &dyn Fn(&Cell) -> bool, number: fn(&Cell) -> i64| {
            cells
                .iter()
                .filter(|cell| passes(cell))
                .map(number)
                .sum::<i64>()
        };
        let of_status = |status: TaskStatus| sum(&|cell| cell.status == status, |cell| cell.count);
        let (total, done) = (
            sum(&|_| true, |cell| cell.count),
            of_status(TaskStatus::Done),
        );
        let counting = total - of_status(TaskStatus::Cancelled);
        let by_status = TaskStatus::VARIANTS.iter();
        let by_status = by_status.map(|status| (status.to_string(), of_status(*status)));
        let by_priority = TaskPriority::VARIANTS.iter().map(|priority| {
            let passes = |cell: &Cell| cell.is_open() && cell.priority == *priority;
            (priority.to_string(), sum(&passes, |cell| cell.count))
        });
        Self {
            total,
            by_status: by_status.collect(),
            open_by_priority: by_priority.collect(),
            overdue: sum(&Cell::is_open, |cell| cell.overdue),
            unassigned: sum(&Cell::is_open, |cell| cell.unassigned),
            completion_percent: done.saturating_mul(100).checked_div(counting),
            open_estimate_seconds: sum(&Cell::is_open, |cell| cell.estimate_seconds),
            done_estimate_seconds: sum(&|cell| cell.status == TaskStatus::Done, |cell| {
                cell.estimate_seconds
            }),
            people,
            days,
        }
    }
}

impl Cell {
    fn is_open(&self) -> bool {
        !matches!(self.status, TaskStatus::Done | TaskStatus::Cancelled)
    }
}

async fn cells(
    db: &impl ConnectionTrait,
    project: ProjectId,
    today: NaiveDate,
) -> Result<Vec<Cell>, DbErr> {
    Cell::find_by_statement(raw_sql!(
        Postgres,
        "select t.status, t.priority, count(*) as count, count(*) filter (where t.due_date < {today}) as overdue,
             count(*) filter (where not exists (select from task_assignees a where a.task_id = t.id)) as unassigned,
             coalesce(sum(t.estimate_seconds), 0)::bigint as estimate_seconds
         from tasks t where t.project_id = {project} and t.deleted_at is null group by t.status, t.priority"
    ))
    .all(db)
    .await
}

async fn people(
    db: &impl ConnectionTrait,
    project: ProjectId,
    today: NaiveDate,
) -> Result<Vec<PersonLoad>, DbErr> {
    PersonLoad::find_by_statement(raw_sql!(
        Postgres,
        "select a.user_id, p.name, count(*) filter (where t.status not in ('done', 'cancelled')) as open,
             count(*) filter (where t.status not in ('done', 'cancelled') and t.due_date < {today}) as overdue,
             count(*) filter (where t.status = 'done') as done
         from tasks t join task_assignees a on a.task_id = t.id join people p on p.id = a.user_id
         where t.project_id = {project} and t.deleted_at is null group by a.user_id, p.name
         order by open desc, a.user_id limit {MOST_PEOPLE}"
    ))
    .all(db)
    .await
}

/// What came and was done between each of these moments and the next.
async fn by_day(
    db: &impl ConnectionTrait,
    project: ProjectId,
    beginnings: Vec<DateTime<Utc>>,
) -> Result<Vec<Count>, DbErr> {
    Count::find_by_statement(raw_sql!(
        Postgres,
        "with given as (select {beginnings}::timestamptz[] as days),
         own as (
             select width_bucket(t.created_at, g.days) as created,
                 case when t.status = 'done' then width_bucket(t.completed_at, g.days) end as completed
             from given g join tasks t on t.project_id = {project} and t.deleted_at is null)
         select coalesce(c.count, 0) as created, coalesce(f.count, 0) as completed
         from given g cross join lateral generate_series(1, cardinality(g.days) - 1) d
         left join (select created, count(*) from own group by created) c on c.created = d
         left join (select completed, count(*) from own group by completed) f on f.completed = d
         order by d"
    ))
    .all(db)
    .await
}
