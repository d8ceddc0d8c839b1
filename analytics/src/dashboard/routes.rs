//! HTTP of the dashboard.

use axum::extract::State;
use httpkit::{Json, Member, Problem, Query};
use kernel::{Clock, Permission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::Dashboard;
use super::store;
use crate::counter::Scope;
use crate::numbers::store::Numbers;
use crate::period::{Asked, PeriodQuery};
use crate::{AppState, Store};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_dashboard))
}

/// What happens in the organization, in numbers
///
/// Needs `analytics:read`. Days are those of the time zone asked for. `done` counts tasks whose completion lies in the period
/// and that are still done; deleted tasks count nowhere. `open`, `by_status` and `assigned` tell how
/// things stand now.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/dashboard",
    operation_id = "get_dashboard",
    tag = "analytics",
    params(PeriodQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = Dashboard),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_dashboard(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<PeriodQuery>,
) -> Result<Json<Dashboard>, Problem> {
    member.require(Permission::AnalyticsRead)?;
    let numbers = Numbers::open(&store, member.tenant).await?;
    let asked = Asked::new(query, &member, numbers.ledger.timezone, clock.now())?;
    let known = Box::pin(store::known(&numbers, Scope::Organization, asked)).await?;
    Ok(Json(Dashboard::new(asked, &known)))
}
