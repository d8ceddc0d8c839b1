//! HTTP of the log, for those who may read it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use httpkit::{Json, ListQuery, Member, PageRequest, Problem, Query};
use kernel::{Page, Permission, UserId};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::export::{self, Format};
use super::model::{AuditEvent, AuditFilter};
use super::{Event, record, store};
use crate::client::Client;
use crate::state::{AppState, Identity};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_audit_events))
        .routes(routes!(export_audit_events))
}

/// Lists security events of the organization, the latest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit-events",
    operation_id = "list_audit_events",
    tag = "audit",
    security(("bearer" = [])),
    params(PageRequest, AuditFilter),
    responses(
        (status = 200, description = "a page of events", body = Page<AuditEvent>),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 422, description = "some parameters are wrong"),
    )
)]
async fn list_audit_events(
    State(identity): State<Arc<Identity>>,
    member: Member,
    ListQuery { page, filter }: ListQuery<AuditFilter>,
) -> Result<Json<Page<AuditEvent>>, Problem> {
    member.require(Permission::AuditRead)?;
    let selection = filter.of(member.tenant)?;
    let after = page.after()?;
    let rows = store::page(&identity.db, &selection, after, page.limit_and_one()).await?;
    let key = |row: &AuditEvent| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Which events to export, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// How the file is written.
    #[param(inline)]
    format: Format,
    /// An action (`session.opened`), or a subject for all that was done to such things (`session`).
    action: Option<String>,
    /// What this person did or tried.
    actor: Option<UserId>,
    /// What was done to this person or thing.
    target: Option<Uuid>,
    /// What was let, or what was refused.
    succeeded: Option<bool>,
    /// From this moment on.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    to: Option<DateTime<Utc>>,
}

/// Exports security events of the organization as a file, the latest first. A file that ends in the middle of an
/// answer is not whole: ask for a shorter time then.
#[utoipa::path(
    get,
    path = "/api/v1/audit-events/export",
    operation_id = "export_audit_events",
    tag = "audit",
    security(("bearer" = [])),
    params(ExportQuery),
    responses(
        (status = 200, description = "the file", content(
            (String = "text/csv"),
            (String = "application/jsonl"),
        )),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 422, description = "some parameters are wrong"),
    )
)]
async fn export_audit_events(
    State(identity): State<Arc<Identity>>,
    member: Member,
    client: Client,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    member.require(Permission::AuditRead)?;
    let filter = AuditFilter {
        action: query.action,
        actor: query.actor,
        target: query.target,
        succeeded: query.succeeded,
        from: query.from,
        to: query.to,
    };
    let selection = filter.of(member.tenant)?;
    let exported = Event::done("audit.exported", member.user, &client).at(member.tenant);
    let detail = json!({ "from": query.from, "to": query.to });
    record(&identity, &identity.db, exported.with(detail)).await?;
    Ok(export::stream(identity, selection, query.format))
}
