//! Numbers of a person. Everybody may see their own.

use axum::extract::State;
use httpkit::{Json, Member, Path, Problem, Query};
use kernel::{Clock, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dashboard::model::{Known, Overview};
use crate::dashboard::store::previous;
use crate::flow;
use crate::numbers::store::Numbers;
use crate::numbers::{Durations, Kind};
use crate::period::{Asked, PeriodQuery};
use crate::{AppState, Store};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_user_numbers))
}

/// A person of the path: an id, or `me`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
enum Whose {
    Own,
    Of(UserId),
}

impl TryFrom<String> for Whose {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "me" => Ok(Self::Own),
            id => id.parse().map(Self::Of),
        }
    }
}

/// A person in numbers.
#[derive(Debug, Serialize, ToSchema)]
struct UserNumbers {
    user_id: UserId,
    #[serde(flatten)]
    overview: Overview,
    /// Of what was done in the period, from its creation on.
    lead_time: Durations,
    /// Of what was done in the period, from when somebody began.
    cycle_time: Durations,
}

/// What a person does, in numbers
///
/// Of the tasks that are theirs now. One's own (`me`, or one's id) need no permission, another's need `analytics:read`.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/users/{id}",
    operation_id = "get_user_numbers",
    tag = "analytics",
    params(("id" = String, Path, description = "an id, or `me`"), PeriodQuery),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The numbers", body = UserNumbers),
        (status = 401, description = "Not signed in"),
        (status = 403, description = "Another person, without the permission `analytics:read`"),
        (status = 422, description = "No such period"),
        (status = 503, description = "Not available at the moment"),
    )
)]
async fn get_user_numbers(
    State(clock): State<Clock>,
    State(store): State<Store>,
    member: Member,
    Path(whose): Path<Whose>,
    Query(query): Query<PeriodQuery>,
) -> Result<Json<UserNumbers>, Problem> {
    let user_id = match whose {
        Whose::Own => member.user,
        Whose::Of(user) => user,
    };
    let scope = flow::scope(&member, None, Some(user_id))?;
    let numbers = Numbers::open(&store, member.tenant).await?;
    let asked = Asked::new(query, &member, numbers.ledger.timezone, clock.now())?;
    let (history, standings, previous, done) = futures::try_join!(
        numbers.history(scope, asked, Kind::Counts),
        numbers.standings(scope),
        previous(&numbers, scope, asked),
        numbers.done_tasks(scope, asked),
    )?;
    let known = Known {
        history,
        standings,
        previous,
        ..Known::default()
    };
    Ok(Json(UserNumbers {
        user_id,
        overview: Overview::new(asked, &known),
        lead_time: Durations::of(done.iter().map(|task| task.lead_ms)),
        cycle_time: Durations::of(done.iter().filter_map(|task| task.cycle_ms)),
    }))
}
