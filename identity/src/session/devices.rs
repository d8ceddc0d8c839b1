//! HTTP of one's own sessions: where an account is signed in, and how to end that.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use httpkit::{Json, NoContent, Path, Problem, SignedIn};
use kernel::SessionId;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Method, device, store};
use crate::audit;
use crate::client::Client;
use crate::entity::session;
use crate::state::{AppState, Identity};

/// Longest list; nobody reads more, and ending all others ends those beyond it too.
const MAX_SESSIONS: u64 = 200;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_sessions, delete_other_sessions))
        .routes(routes!(delete_session))
}

/// A session of one's own.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// Id of the session.
    id: SessionId,
    /// The device in a few words, as it calls itself.
    #[schema(example = "Firefox on Windows")]
    device: String,
    /// The address it was opened from.
    #[schema(example = "192.0.2.1")]
    address: Option<String>,
    /// What was proved to open it.
    #[schema(value_type = String, example = "password")]
    method: Method,
    /// Whether a second factor was proved too.
    second_factor: bool,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it was opened or refreshed last.
    last_used_at: DateTime<Utc>,
    /// When it ends, however often it is refreshed.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    fn of(row: session::Model, current: SessionId) -> Self {
        Self {
            id: row.id,
            device: device::words(row.user_agent.as_deref()),
            address: row.address,
            method: row.method,
            second_factor: row.second_factor,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            current: row.id == current,
        }
    }
}

/// The sessions that go on.
#[derive(Debug, Serialize, ToSchema)]
struct Sessions {
    /// The last used first.
    items: Vec<SessionView>,
}

/// Lists one's own sessions in this organization, the last used first.
#[utoipa::path(
    get,
    path = "/api/v1/auth/sessions",
    operation_id = "list_sessions",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "at most 200", body = Sessions),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens"),
    )
)]
async fn list_sessions(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
) -> Result<Json<Sessions>, Problem> {
    let (db, now) = (&identity.db, identity.clock.now());
    let rows = store::open_of(db, member.tenant, member.user, now, MAX_SESSIONS).await?;
    let view = |row| SessionView::of(row, member.session);
    Ok(Json(Sessions {
        items: rows.into_iter().map(view).collect(),
    }))
}

/// Ends one of one's own sessions; its access token is refused within a second.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions/{id}",
    operation_id = "delete_session",
    tag = "auth",
    security(("bearer" = [])),
    params(("id" = SessionId, Path, description = "id of the session")),
    responses(
        (status = 204, description = "it has ended"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens"),
        (status = 404, description = "no session of one's own, or it ended before"),
    )
)]
async fn delete_session(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    let transaction = identity.begin().await?;
    let found = store::locked(&transaction, id).await?;
    let own = found.is_some_and(|row| row.user_id == member.user && row.tenant_id == member.tenant);
    if !own || !super::revoke(&identity, &transaction, id, "ended_by_owner").await? {
        return Err(Problem::not_found());
    }
    let ended = audit::Event::done("session.ended", member.user, &client);
    let ended = ended.at(member.tenant).on(id.uuid());
    audit::record(&identity, &transaction, ended).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Signs out everywhere else: ends all sessions of one's account, in every organization, but for the one that asks.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions",
    operation_id = "delete_other_sessions",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "only the present one goes on"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
    )
)]
async fn delete_other_sessions(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
) -> Result<NoContent, Problem> {
    let transaction = identity.begin().await?;
    super::require_say_everywhere(&identity, &transaction, &member).await?;
    let keep = Some(member.session);
    let reason = "ended_by_owner";
    let count = super::end_all(&identity, &transaction, member.user, keep, reason).await?;
    let ended = audit::Event::done("sessions.ended", member.user, &client);
    let ended = ended.at(member.tenant).with(json!({ "count": count }));
    audit::record(&identity, &transaction, ended).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}
