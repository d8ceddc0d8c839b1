//! HTTP of what an organization wants of its numbers.

use axum::extract::State;
use garde::Validate;
use httpkit::{IfMatch, Json, Member, Problem, Versioned};
use kernel::{Permission, TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{Ledger, MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, Wanted};
use super::store;
use crate::scope::TenantScope;
use crate::store::StoreError;
use crate::{AppState, Store};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_analytics_settings, replace_analytics_settings))
}

/// What an organization wants of its numbers.
#[derive(Debug, Serialize, ToSchema)]
struct AnalyticsSettings {
    /// IANA name of the time zone whose days are meant where nothing else is said; UTC if none.
    #[schema(example = "Europe/Berlin")]
    timezone: Option<String>,
    /// How long single events are kept; the numbers made of them stay.
    #[schema(minimum = 30, maximum = 3650)]
    retention_days: i64,
    /// Rises with each change.
    version: i32,
}

impl AnalyticsSettings {
    fn of(ledger: &Ledger) -> Versioned<Self> {
        Versioned {
            version: ledger.version,
            body: Self {
                timezone: ledger.timezone.map(|zone| zone.0.name().to_owned()),
                retention_days: ledger.retention_days(),
                version: ledger.version,
            },
        }
    }
}

/// What is to be wanted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
struct ReplaceAnalyticsSettings {
    /// IANA name of the time zone whose days are meant where nothing else is said; UTC if none.
    #[schema(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<TimeZone>,
    /// How long single events are kept; 400 days if not given. What is gone does not come back.
    #[garde(inner(range(min = MIN_RETENTION_DAYS, max = MAX_RETENTION_DAYS)))]
    #[schema(minimum = 30, maximum = 3650, example = 400)]
    retention_days: Option<i64>,
}

/// Show where days begin and how long events are kept
#[utoipa::path(
    get,
    path = "/api/v1/analytics/settings",
    operation_id = "get_analytics_settings",
    tag = "analytics",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The settings; their version is the `ETag`", body = AnalyticsSettings),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_analytics_settings(
    State(documents): State<Store>,
    member: Member,
) -> Result<Versioned<AnalyticsSettings>, Problem> {
    member.require(Permission::AnalyticsRead)?;
    let scope = TenantScope::new(&documents, member.tenant);
    Ok(AnalyticsSettings::of(&store::ledger(&scope).await?))
}

/// Say where days begin and how long events are kept
///
/// Needs `organization:manage`. Numbers need no recounting: they are sums of quarters of an hour.
#[utoipa::path(
    put,
    path = "/api/v1/analytics/settings",
    operation_id = "replace_analytics_settings",
    tag = "analytics",
    security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "the `ETag` the change is meant for")),
    request_body = ReplaceAnalyticsSettings,
    responses(
        (status = 200, description = "The settings as they are now", body = AnalyticsSettings),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `organization:manage`"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "No such time zone, or too short or too long"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn replace_analytics_settings(
    State(documents): State<Store>,
    member: Member,
    if_match: IfMatch,
    Json(body): Json<ReplaceAnalyticsSettings>,
) -> Result<Versioned<AnalyticsSettings>, Problem> {
    member.require(Permission::OrganizationManage)?;
    let wanted = Wanted {
        timezone: body.timezone,
        retention_days: body.retention_days,
    };
    let scope = TenantScope::new(&documents, member.tenant);
    let present = store::ledger(&scope).await?;
    if_match.check(present.version)?;
    let ledger = store::replace(&scope, present.version, &wanted).await;
    let ledger = ledger.map_err(|error| match error {
        // Somebody changed them since they were read.
        StoreError::Conflict => Problem::precondition_failed(),
        error => error.into(),
    })?;
    Ok(AnalyticsSettings::of(&ledger))
}
