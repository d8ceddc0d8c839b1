//! HTTP for identity.

use axum::extract::State;
use httpkit::personal::{Record, records, sources};
use httpkit::{Caller, Json, PageQuery, Path, Problem, Service};
use kernel::{Page, UserId};

use super::store::{self, Erased};
use crate::state::AppState;

/// The place of a record: table, column, row.
type Key = (String, String, String);

/// Records about a person in the caller's organization, a page at a time.
pub(super) async fn list_records(
    State(state): State<AppState>,
    caller: Caller,
    Path(person): Path<UserId>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<Record>>, Problem> {
    caller.only(&[Service::Identity])?;
    let after: Option<Key> = page.after()?;
    let connection = state.pools.acquire(caller.tenant()?).await?;
    let mut found: Vec<Record> = Vec::new();
    for source in sources(&connection, "people").await? {
        let behind = match &after {
            Some((table, column, _)) if (&source.table, &source.column) < (table, column) => {
                continue;
            }
            Some((table, column, place)) if (&source.table, &source.column) == (table, column) => {
                place.as_str()
            }
            Some(_) | None => "",
        };
        let read = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let room = page.limit_and_one().saturating_sub(read);
        if room == 0 {
            break;
        }
        found.extend(records(&connection, &source, person.uuid(), behind, room).await?);
    }
    let key =
        |row: &Record| -> Key { (row.table.clone(), row.relation.clone(), row.place.clone()) };
    Ok(Json(Page::of(found, page.limit, key, |row| row)))
}

/// Takes a person out of the caller's organization; may be asked again.
pub(super) async fn erase_person(
    State(state): State<AppState>,
    caller: Caller,
    Path(person): Path<UserId>,
) -> Result<Json<Erased>, Problem> {
    caller.only(&[Service::Identity])?;
    let tenant = caller.tenant()?;
    let unit = state.pools.acquire(tenant).await?.begin().await?;
    let erased = store::erase(&unit, person, state.clock.now()).await?;
    unit.commit().await?;
    tracing::info!(tenant.id = %tenant, user.id = %person, "person erased");
    Ok(Json(erased))
}
