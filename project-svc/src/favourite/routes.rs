//! HTTP of favourites.

use httpkit::{Json, ListQuery, NoContent, PageRequest, Path, Problem};
use kernel::Page;
use uuid::Uuid;

use super::store;
use super::view::{FavouriteFilter, FavouriteKind, FavouritePath, FavouriteView};
use crate::access::{self, Allowed, KeepAtHand};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::{board, project};
use crate::saved_view::ViewRow;
use crate::task::TaskRow;
use crate::tenant::Tenant;

/// List what one keeps at hand
///
/// The last added first. What is deleted or no longer seen is left out.
#[utoipa::path(get, path = "/favourites", tag = "favourites", params(PageRequest, FavouriteFilter),
    responses((status = 200, description = "a page of favourites", body = Page<FavouriteView>), ReadProblems))]
pub(super) async fn list_favourites(
    Allowed { tenant, .. }: Allowed<KeepAtHand>,
    ListQuery { page, filter }: ListQuery<FavouriteFilter>,
) -> Result<Json<Page<FavouriteView>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let connection = tenant.read().await?;
    let rows = store::page(&connection, &tenant.member, filter.kind, after, limit).await?;
    let key = |row: &FavouriteView| (row.added_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Keep something at hand
///
/// A repetition changes nothing.
#[utoipa::path(put, path = "/favourites/{kind}/{id}", tag = "favourites",
    params(("kind" = FavouriteKind, Path), ("id" = Uuid, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn add_favourite(
    Allowed { tenant, .. }: Allowed<KeepAtHand>,
    Path(FavouritePath { kind, id }): Path<FavouritePath>,
) -> Result<NoContent, Problem> {
    check_seen(&tenant, kind, id).await?;
    let unit = tenant.begin().await?;
    store::add(&unit, tenant.user(), kind, id, tenant.now()).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// Keep something at hand no longer
///
/// Also what is deleted or no longer seen; a repetition changes nothing.
#[utoipa::path(delete, path = "/favourites/{kind}/{id}", tag = "favourites",
    params(("kind" = FavouriteKind, Path), ("id" = Uuid, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn remove_favourite(
    Allowed { tenant, .. }: Allowed<KeepAtHand>,
    Path(FavouritePath { kind, id }): Path<FavouritePath>,
) -> Result<NoContent, Problem> {
    store::remove(&tenant.read().await?, tenant.user(), kind, id).await?;
    Ok(NoContent)
}

/// Passes for what the person sees.
async fn check_seen(tenant: &Tenant, kind: FavouriteKind, id: Uuid) -> Result<(), Problem> {
    match kind {
        FavouriteKind::Project => access::load::<project::Model>(tenant, id.into())
            .await
            .map(drop),
        FavouriteKind::Board => access::load::<board::Model>(tenant, id.into())
            .await
            .map(drop),
        FavouriteKind::Task => access::load::<TaskRow>(tenant, id.into()).await.map(drop),
        FavouriteKind::View => access::load::<ViewRow>(tenant, id.into()).await.map(drop),
    }
}
