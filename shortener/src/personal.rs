//! What is kept about a person, for identity: the links the person made, for an export, and their end when the person
//! is erased. Inside the system only.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use httpkit::{Caller, Json, PageQuery, Path, Problem, Service};
use kernel::{Id, LinkId, Page, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, TransactionTrait, raw_sql};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use crate::entity::link;
use crate::known::Stale;
use crate::links::revoking;
use crate::state::{AppState, Shortener};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route(
        "/internal/v1/people/{id}",
        get(list_records).delete(erase_person),
    )
}

/// A link, without what opens it.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: LinkId,
    content: Value,
}

/// Links of a person in the caller's organization, a page at a time.
async fn list_records(
    State(shortener): State<Arc<Shortener>>,
    caller: Caller,
    Path(person): Path<UserId>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<Value>>, Problem> {
    caller.only(&[Service::Identity])?;
    let (tenant, after) = (caller.tenant()?, page.after::<LinkId>()?);
    let after = after.map_or(uuid::Uuid::nil(), Id::uuid);
    let limit = i64::try_from(page.limit_and_one()).unwrap_or(i64::MAX);
    let rows = Row::find_by_statement(raw_sql!(
        Postgres,
        "select id, to_jsonb(links) - 'code_hash' - 'sealed_code' - 'password_hash' as content from links
         where tenant_id = {tenant} and created_by = {person} and id > {after} order by id limit {limit}"
    ));
    let rows = rows.all(&shortener.db).await?;
    let view = |row: Row| json!({"table": "links", "relation": "created_by", "row": row.content});
    Ok(Json(Page::of(rows, page.limit, |row| row.id, view)))
}

/// What was removed.
#[derive(Debug, Serialize)]
struct Erased {
    links: usize,
    /// Answers of keyed requests.
    answers: u64,
}

/// Removes a person's links in the caller's organization: nobody answers for them any more. May be asked again.
async fn erase_person(
    State(shortener): State<Arc<Shortener>>,
    caller: Caller,
    Path(person): Path<UserId>,
) -> Result<Json<Erased>, Problem> {
    caller.only(&[Service::Identity])?;
    let tenant = caller.tenant()?;
    let work = shortener.db.begin().await?;
    let removed = remove_links(&work, tenant, person).await?;
    let mut kept = removed.clone();
    kept.retain(|link| link.revoked_at.is_none());
    revoking::tell(&shortener, &work, tenant, None, &kept).await?;
    Stale::Tenant(tenant).tell(&work).await?;
    let text = person.to_string();
    let answers = raw_sql!(
        Postgres,
        "delete from idempotency_keys where strpos(scope, {text}) > 0"
    );
    let answers = work.execute_raw(answers).await?.rows_affected();
    work.commit().await?;
    shortener.known.forget(Stale::Tenant(tenant));
    shortener.wake.notify();
    tracing::info!(tenant.id = %tenant, user.id = %person, links = removed.len(), "person erased");
    Ok(Json(Erased {
        links: removed.len(),
        answers,
    }))
}

async fn remove_links(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    person: UserId,
) -> Result<Vec<link::Model>, DbErr> {
    let removed = raw_sql!(
        Postgres,
        "delete from links where tenant_id = {tenant} and created_by = {person} returning *"
    );
    link::Entity::find().from_raw_sql(removed).all(db).await
}
