//! HTTP of exports.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use httpkit::{Json, Member, Path, Problem, SignedIn};
use kernel::{PersonRequestId, TenantId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{ARCHIVE_KEPT, Kind, Progress, RequestStatus, Session, may_export};
use super::store;
use crate::client::Client;
use crate::entity::person_request;
use crate::state::{AppState, Identity};
use crate::{audit, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(export_account))
        .routes(routes!(get_account_export))
        .routes(routes!(get_account_archive))
}

/// A copy of one's own data.
#[derive(Debug, Serialize, ToSchema)]
struct AccountExport {
    /// Id of the request.
    id: PersonRequestId,
    status: RequestStatus,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// Until when the archive can be had.
    expires_at: Option<DateTime<Utc>>,
    /// What the archive holds, by file; null until it is done.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

impl From<person_request::Model> for AccountExport {
    fn from(row: person_request::Model) -> Self {
        Self {
            id: row.id,
            status: RequestStatus::of(&row.status),
            created_at: row.created_at,
            expires_at: row.finished_at.map(|at| at + ARCHIVE_KEPT),
            finished_at: row.finished_at,
            report: row.report,
        }
    }
}

/// Asks for a copy of everything that is kept about oneself, over all services and organizations. One that is being
/// made is not begun again. Organizations that ask for more at sign-in than this session proved are left out.
#[utoipa::path(
    post,
    path = "/api/v1/auth/export",
    operation_id = "export_account",
    tag = "account",
    security(("bearer" = [])),
    responses(
        (status = 202, description = "it is being made", body = AccountExport),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`, `session_confined`"),
    )
)]
async fn export_account(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
) -> Result<(StatusCode, Json<AccountExport>), Problem> {
    let session = proved(&identity, &member).await?;
    let transaction = identity.begin().await?;
    let organizations = store::organizations_held(&transaction, member.user).await?;
    if let Some(earlier) = store::open(&transaction, member.user, Kind::Export).await? {
        return Ok((StatusCode::ACCEPTED, Json(earlier.into())));
    }
    let (within, without): (Vec<_>, Vec<_>) = organizations
        .iter()
        .partition(|organization| may_export(session, organization));
    let ids = |rows: Vec<&crate::entity::organization::Model>| -> Vec<TenantId> {
        rows.into_iter().map(|row| row.tenant_id).collect()
    };
    let progress = Progress {
        organizations: ids(within),
        left_out: ids(without),
        asked_in: Some(member.tenant),
        second_factor: session.second_factor,
        ..Progress::default()
    };
    let (id, now) = (identity.ids.next(), identity.clock.now());
    let draft = store::draft(id, member.user, Kind::Export, &progress, now);
    let row = draft.map_err(Problem::internal)?;
    store::insert(&transaction, row.clone()).await?;
    let asked = audit::Event::done("account.export_requested", member.user, &client);
    audit::record(&identity, &transaction, asked.at(member.tenant)).await?;
    identity.commit(transaction).await?;
    identity.wake.people.notify_one();
    Ok((StatusCode::ACCEPTED, Json(row.into())))
}

/// Shows how far a copy of one's own data is.
#[utoipa::path(
    get,
    path = "/api/v1/auth/export/{id}",
    operation_id = "get_account_export",
    tag = "account",
    security(("bearer" = [])),
    params(("id" = PersonRequestId, Path, description = "id of the request")),
    responses(
        (status = 200, description = "how far it is", body = AccountExport),
        (status = 404, description = "no such export, or not asked for here"),
    )
)]
async fn get_account_export(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Path(id): Path<PersonRequestId>,
) -> Result<Json<AccountExport>, Problem> {
    Ok(Json(asked_here(&identity, &member, id).await?.into()))
}

/// Hands the archive out: a ZIP file with JSON files, for seven days, where it was asked for.
#[utoipa::path(
    get,
    path = "/api/v1/auth/export/{id}/archive",
    operation_id = "get_account_archive",
    tag = "account",
    security(("bearer" = [])),
    params(("id" = PersonRequestId, Path, description = "id of the request")),
    responses(
        (status = 200, description = "the archive", body = Vec<u8>, content_type = "application/zip"),
        (status = 404, description = "no such export, not asked for here, or not there any more"),
        (status = 409, description = "`export_not_ready`"),
    )
)]
async fn get_account_archive(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Path(id): Path<PersonRequestId>,
) -> Result<Response, Problem> {
    let row = asked_here(&identity, &member, id).await?;
    let not_ready = || Problem::conflict("export_not_ready", "it is still being made");
    let (archive, finished_at) = row.archive.zip(row.finished_at).ok_or_else(not_ready)?;
    if identity.clock.now() >= finished_at + ARCHIVE_KEPT {
        return Err(Problem::not_found());
    }
    let fetched = audit::Event::done("account.export_fetched", member.user, &client);
    let fetched = fetched.at(member.tenant).on(id.uuid());
    audit::record(&identity, &identity.db, fetched).await?;
    let headers = [
        (CONTENT_TYPE, "application/zip"),
        (CONTENT_DISPOSITION, "attachment; filename=\"account.zip\""),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, archive).into_response())
}

/// The export, for a session that proves as much as the one that asked for it.
async fn asked_here(
    identity: &Identity,
    member: &Member,
    id: PersonRequestId,
) -> Result<person_request::Model, Problem> {
    let session = proved(identity, member).await?;
    let found = store::export(&identity.db, member.user, id).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    let progress = serde_json::from_value::<Progress>(row.progress.clone());
    let progress = progress.map_err(Problem::internal)?;
    let as_much = session.second_factor || !progress.second_factor;
    match progress.asked_in == Some(session.tenant) && as_much {
        true => Ok(row),
        false => Err(Problem::not_found()),
    }
}

/// What the session proved; one that speaks for its organization alone gets no copy of the rest.
async fn proved(identity: &Identity, member: &Member) -> Result<Session, Problem> {
    session::require_whole_account(identity, &identity.db, member).await?;
    let now = identity.clock.now();
    let live = session::store::live(&identity.db, member.session, now).await?;
    let live = live.ok_or_else(|| Problem::unauthorized("session_ended"))?;
    Ok(Session {
        tenant: member.tenant,
        second_factor: live.second_factor,
    })
}
