//! Erasing an organization for good, asked for by the control plane. May run any number of times.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::delete;
use httpkit::{Caller, Json, Path, Problem, Service};
use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbErr, TransactionTrait, raw_sql};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use crate::known::Stale;
use crate::state::{AppState, Shortener};

/// How many rows were removed.
#[derive(Debug, Serialize)]
struct Erased {
    links: u64,
    /// Events that were not told yet.
    events: u64,
    /// Answers of keyed requests.
    answers: u64,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route(
        "/internal/v1/organizations/{tenant_id}",
        delete(erase_organization),
    )
}

async fn erase_organization(
    State(shortener): State<Arc<Shortener>>,
    caller: Caller,
    Path(tenant): Path<TenantId>,
) -> Result<Json<Erased>, Problem> {
    caller.only(&[Service::TenantResolver, Service::Migrator])?;
    let work = shortener.db.begin().await?;
    let erased = erase(&work, tenant).await?;
    Stale::Tenant(tenant).tell(&work).await?;
    work.commit().await?;
    shortener.known.forget(Stale::Tenant(tenant));
    shortener.tenants.forget(tenant).await;
    tracing::info!(tenant.id = %tenant, links = erased.links, "organization erased");
    Ok(Json(erased))
}

async fn erase(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Erased, DbErr> {
    let links = raw_sql!(Postgres, "delete from links where tenant_id = {tenant}");
    let policy = raw_sql!(
        Postgres,
        "delete from link_policies where tenant_id = {tenant}"
    );
    db.execute_raw(policy).await?;
    let slugs = raw_sql!(Postgres, "delete from slugs where tenant_id = {tenant}");
    db.execute_raw(slugs).await?;
    let events = raw_sql!(Postgres, "delete from outbox where tenant_id = {tenant}");
    let scopes = format!("%:{tenant}:%");
    let answers = raw_sql!(
        Postgres,
        "delete from idempotency_keys where scope like {scopes}"
    );
    Ok(Erased {
        links: db.execute_raw(links).await?.rows_affected(),
        events: db.execute_raw(events).await?.rows_affected(),
        answers: db.execute_raw(answers).await?.rows_affected(),
    })
}
