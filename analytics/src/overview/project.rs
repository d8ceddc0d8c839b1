//! Numbers of a project.

use axum::extract::State;
use httpkit::{Json, Member, Path, Problem, Query};
use kernel::{Clock, Permission, ProjectId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::counter::Scope;
use crate::dashboard::model::{Overview, PersonNumbers, by_person};
use crate::dashboard::store::known;
use crate::numbers::Durations;
use crate::numbers::store::Numbers;
use crate::period::{Asked, PeriodQuery};
use crate::{AppState, Store};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_project_numbers))
}

/// A project in numbers.
#[derive(Debug, Serialize, ToSchema)]
struct ProjectNumbers {
    #[serde(flatten)]
    overview: Overview,
    by_person: Vec<PersonNumbers>,
    /// Of what was done in the period, from its creation on.
    lead_time: Durations,
    /// Of what was done in the period, from when somebody began.
    cycle_time: Durations,
}

/// What happens in a project, in numbers
///
/// Needs `analytics:read`. Tasks count for the project where they are now. A project that nothing was heard of has
/// nothing but zeros.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/projects/{id}",
    operation_id = "get_project_numbers",
    tag = "analytics",
    params(("id" = ProjectId, Path), PeriodQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = ProjectNumbers),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_project_numbers(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Path(project): Path<ProjectId>,
    Query(query): Query<PeriodQuery>,
) -> Result<Json<ProjectNumbers>, Problem> {
    member.require(Permission::AnalyticsRead)?;
    let scope = Scope::Project(project);
    let numbers = Numbers::open(&store, member.tenant).await?;
    let asked = Asked::new(query, &member, numbers.ledger.timezone, clock.now())?;
    let (known, done) = futures::try_join!(
        Box::pin(known(&numbers, scope, asked)),
        numbers.done_tasks(scope, asked),
    )?;
    Ok(Json(ProjectNumbers {
        overview: Overview::new(asked, &known),
        by_person: by_person(&known),
        lead_time: Durations::of(done.iter().map(|task| task.lead_ms)),
        cycle_time: Durations::of(done.iter().filter_map(|task| task.cycle_ms)),
    }))
}
