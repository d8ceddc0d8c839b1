//! HTTP of the dashboard.

use axum::extract::State;
use chrono::NaiveDate;
use httpkit::{Json, Member, Problem, Query};
use kernel::{Clock, Permission};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{Dashboard, Period};
use super::store;
use crate::{AppState, Store};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_dashboard))
}

/// Which days to look at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Days {
    /// First day (UTC); 27 days before the last one if not given.
    from: Option<NaiveDate>,
    /// Last day (UTC), at most 366 days in all; today if not given.
    to: Option<NaiveDate>,
}

/// What happens in the organization, in numbers
///
/// Needs `analytics:read`. Days are UTC days. `done` counts tasks whose completion lies in the period
/// and that are still done; deleted tasks count nowhere. `open`, `by_status` and `assigned` tell how
/// things stand now.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/dashboard",
    operation_id = "get_dashboard",
    tag = "analytics",
    params(Days),
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
    State(numbers): State<Store>,
    member: Member,
    Query(days): Query<Days>,
) -> Result<Json<Dashboard>, Problem> {
    member.require(Permission::AnalyticsRead)?;
    let period = Period::new(days.from, days.to, clock.now().date_naive())?;
    let rollups = store::rollups(&numbers, member.tenant, period).await?;
    Ok(Json(Dashboard::new(period, &rollups)))
}
