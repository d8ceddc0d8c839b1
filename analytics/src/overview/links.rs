//! Numbers of short links: all of them, or one.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::NaiveDate;
use httpkit::{Json, Member, Problem, Query};
use kernel::{Clock, LinkId, Permission, TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::counter::Scope;
use crate::dashboard::store::previous;
use crate::numbers::Kind;
use crate::numbers::store::Numbers;
use crate::period::{Asked, Compare, Granularity, Period, PeriodQuery};
use crate::{AppState, Store};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_link_numbers))
}

/// Which links to look at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LinkQuery {
    /// First day; 27 days before the last one if not given.
    from: Option<NaiveDate>,
    /// Last day, at most 366 days in all; today if not given.
    to: Option<NaiveDate>,
    /// IANA name of the time zone whose days are meant; the person's own when left out, else the organization's, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<TimeZone>,
    /// How the period is cut; days when left out.
    #[param(inline)]
    granularity: Option<Granularity>,
    /// Also tell the numbers of another period.
    #[param(inline)]
    compare: Option<Compare>,
    /// Only this link.
    #[param(value_type = Option<String>, format = Uuid)]
    link_id: Option<LinkId>,
}

/// Links in numbers.
#[derive(Debug, Serialize, ToSchema)]
struct LinkAnalytics {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    timezone: String,
    /// Made in the period.
    created: i64,
    /// Opened by guests in the period; machines that preview links do not count.
    opens: i64,
    /// Opens by class of device: desktop, mobile, tablet, other.
    #[schema(value_type = BTreeMap<String, i64>)]
    opens_by_device: BTreeMap<String, i64>,
    points: Vec<LinkPoint>,
    /// The period before, if it is to be compared with.
    previous: Option<PreviousLinks>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkPoint {
    /// The day the part begins on.
    date: NaiveDate,
    /// Its first moment.
    start: String,
    created: i64,
    opens: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviousLinks {
    period: Period,
    created: i64,
    opens: i64,
}

/// What becomes of links, in numbers
///
/// Needs `analytics:read`.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/links",
    operation_id = "get_link_numbers",
    tag = "analytics",
    params(LinkQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = LinkAnalytics),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_link_numbers(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Query(query): Query<LinkQuery>,
) -> Result<Json<LinkAnalytics>, Problem> {
    member.require(Permission::AnalyticsRead)?;
    let period = PeriodQuery {
        from: query.from,
        to: query.to,
        timezone: query.timezone,
        granularity: query.granularity,
        compare: query.compare,
    };
    let scope = query.link_id.map_or(Scope::Organization, Scope::Link);
    let numbers = Numbers::open(&store, member.tenant).await?;
    let asked = Asked::new(period, &member, numbers.ledger.timezone, clock.now())?;
    let (history, previous) = futures::try_join!(
        numbers.history(scope, asked, Kind::Opens),
        previous(&numbers, scope, asked),
    )?;
    let all = history.sum(asked);
    let point = |bucket| {
        let moves = history.of(&bucket);
        LinkPoint {
            date: bucket.date,
            start: bucket.start,
            created: moves.links_created,
            opens: moves.link_opens,
        }
    };
    Ok(Json(LinkAnalytics {
        period: asked.period,
        timezone: asked.zone.0.name().to_owned(),
        created: all.links_created,
        opens: all.link_opens,
        opens_by_device: all.opens,
        points: asked.buckets().into_iter().map(point).collect(),
        previous: previous.map(|previous| PreviousLinks {
            period: previous.period,
            created: previous.moves.links_created,
            opens: previous.moves.link_opens,
        }),
    }))
}
