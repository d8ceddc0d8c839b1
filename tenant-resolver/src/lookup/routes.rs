//! HTTP of the lookups.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chrono::{DateTime, Utc};
use httpkit::{Json, PageQuery, Path, Problem};
use kernel::{ClusterId, Page, Subdomain, TenantId};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::store;
use crate::access::{Allowed, Project, Readers};
use crate::error::Error;
use crate::limits::Limits;
use crate::provision;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/tenants", get(list_tenants))
        .route("/internal/v1/tenants/{id}", get(get_tenant))
        .route("/internal/v1/tenants/{id}/connection", get(get_connection))
        .route(
            "/internal/v1/tenants/by-subdomain/{subdomain}",
            get(find_tenant),
        )
}

/// What callers may know of a tenant.
#[derive(Debug, Serialize)]
pub(crate) struct Tenant {
    id: TenantId,
    /// The present one, under whatever name it was asked for.
    subdomain: String,
    name: String,
    status: String,
    generation: i32,
    limits: Limits,
    cluster: String,
    /// When a hold ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<DateTime<Utc>>,
    /// When it is erased, if it is to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletes_at: Option<DateTime<Utc>>,
}

/// How to connect to a tenant's database.
#[derive(Serialize)]
struct Descriptor {
    id: TenantId,
    generation: i32,
    cluster: ClusterId,
    host: String,
    port: u16,
    database: String,
    role: String,
    password: String,
    schema_version: Option<String>,
    /// Connections that all processes together may hold to this cluster.
    connection_budget: u32,
    limits: Limits,
}

async fn find_tenant(
    State(state): State<AppState>,
    caller: Allowed<Readers>,
    Path(subdomain): Path<String>,
) -> Result<Json<Tenant>, Problem> {
    let subdomain = Subdomain::of_host_label(&subdomain).ok_or(Error::Unknown)?;
    let client = state.resolver.catalog.get().await.map_err(Error::from)?;
    let tenant = store::by_subdomain(&client, &subdomain, caller.is_operator()).await?;
    Ok(Json(tenant.ok_or(Error::Unknown)?.into()))
}

async fn get_tenant(
    State(state): State<AppState>,
    caller: Allowed<Readers>,
    Path(id): Path<TenantId>,
) -> Result<Json<Tenant>, Problem> {
    let client = state.resolver.catalog.get().await.map_err(Error::from)?;
    let tenant = store::by_id(&client, id, caller.is_operator()).await?;
    Ok(Json(tenant.ok_or(Error::Unknown)?.into()))
}

/// Active tenants, for sweeps over all of them.
async fn list_tenants(
    State(state): State<AppState>,
    _: Allowed<Readers>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<Tenant>>, Problem> {
    let after = page.after()?;
    let client = state.resolver.catalog.get().await.map_err(Error::from)?;
    let rows = store::active(&client, after, i64::from(page.limit) + 1).await?;
    let by_id = |tenant: &store::Tenant| tenant.id;
    Ok(Json(Page::of(rows, page.limit, by_id, Tenant::from)))
}

async fn get_connection(
    State(state): State<AppState>,
    _: Allowed<Project>,
    Path(id): Path<TenantId>,
) -> Result<Json<Descriptor>, Problem> {
    let client = state.resolver.catalog.get().await.map_err(Error::from)?;
    let found = store::connection(&client, id).await?;
    let found = found.ok_or(Error::Unknown)?;
    found.status.serving()?;
    let sealed = found.sealed_password.ok_or(Error::Malformed("password"))?;
    let password = provision::open_password(&state.resolver.seal, id, &sealed)?;
    Ok(Json(Descriptor {
        id,
        generation: found.generation,
        cluster: found.cluster,
        host: found.host,
        port: found.port,
        database: found.database,
        role: found.role,
        password: password.expose_secret().to_owned(),
        schema_version: found.schema_version,
        connection_budget: found.connection_budget,
        limits: found.limits,
    }))
}

impl From<store::Tenant> for Tenant {
    fn from(tenant: store::Tenant) -> Self {
        Self {
            id: tenant.id,
            subdomain: tenant.subdomain,
            name: tenant.name,
            status: tenant.status.to_string(),
            generation: tenant.generation,
            limits: tenant.limits,
            cluster: tenant.cluster,
            held_until: tenant.held_until,
            deletes_at: tenant.deletes_at,
        }
    }
}
