//! What is kept about a person, for identity: events the person caused and custom reports, for an export, and the end of
//! names and reports when the person is erased. Events and numbers keep ids, which name nobody then. Inside the system
//! only.

use axum::extract::State;
use axum::routing::get;
use httpkit::{Caller, Json, PageQuery, Path, Problem, Service};
use kernel::{Page, UserId};
use mongodb::bson::{Bson, Document, doc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use crate::scope::TenantScope;
use crate::store::{Collection, StoreError};
use crate::{AppState, Store, custom_report, report, schedule};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route(
        "/internal/v1/people/{id}",
        get(list_records).delete(erase_person),
    )
}

/// Events that a person of the caller's organization caused or that are about the person, a page at a time; behind the
/// last one the person's custom reports, which are few.
async fn list_records(
    State(documents): State<Store>,
    caller: Caller,
    Path(person): Path<UserId>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<Value>>, Problem> {
    caller.only(&[Service::Identity])?;
    let scope = TenantScope::new(&documents, caller.tenant()?);
    let id = person.to_string();
    let about = doc! { "$or": [{ "event.actorid": &id }, { "event.data.user_id": &id }] };
    let after: Option<String> = page.after()?;
    let limit = i64::try_from(page.limit_and_one()).unwrap_or(i64::MAX);
    let found = scope.page(Collection::Events, about, after, limit).await?;
    let key = |row: &Document| row.get_str("_id").unwrap_or_default().to_owned();
    let view = |mut row: Document| {
        let event = row.remove("event").unwrap_or(Bson::Null);
        json!({"table": "events", "relation": "about", "row": plain(event)})
    };
    let mut records = Page::of(found, page.limit, key, view);
    if records.next_cursor.is_none() {
        let reports = custom_report::store::of_owner(&scope, person).await?;
        let view = |row| json!({"table": "custom_reports", "relation": "owner", "row": row});
        records.items.extend(reports.into_iter().map(view));
    }
    Ok(Json(records))
}

/// The event as it came in, as JSON.
fn plain(event: Bson) -> Value {
    mongodb::bson::deserialize_from_bson(event).unwrap_or(Value::Null)
}

/// What was changed.
#[derive(Debug, Serialize)]
struct Erased {
    /// Events that lost a name.
    names: u64,
    /// Custom reports of the person's, and reports that the person ran.
    reports: u64,
}

/// Takes a person's name and reports out of the caller's organization; may be asked again. Events that come later bring
/// no name.
async fn erase_person(
    State(documents): State<Store>,
    caller: Caller,
    Path(person): Path<UserId>,
) -> Result<Json<Erased>, Problem> {
    caller.only(&[Service::Identity])?;
    let tenant = caller.tenant()?;
    let scope = TenantScope::new(&documents, tenant);
    let names = forget_name(&scope, person).await?;
    let reports = custom_report::store::forget(&scope, person).await?
        + report::store::forget(&scope, person).await?;
    schedule::store::forget(&scope, person).await?;
    tracing::info!(tenant.id = %tenant, user.id = %person, names, reports, "person erased");
    Ok(Json(Erased { names, reports }))
}

async fn forget_name(scope: &TenantScope<'_>, person: UserId) -> Result<u64, StoreError> {
    let named =
        doc! { "event.data.user_id": person.to_string(), "event.data.name": { "$exists": true } };
    let forget = doc! { "$unset": { "event.data.name": "" } };
    scope.update(Collection::Events, named, forget).await
}
