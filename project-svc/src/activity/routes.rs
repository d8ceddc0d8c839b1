//! HTTP of activities.

use httpkit::{Json, PageQuery, PageRequest, Problem};
use kernel::{Page, ProjectId};

use super::store;
use super::view::{ActivityView, feed};
use crate::access::{ProjectAccess, Read};
use crate::api::ReadProblems;

/// List what was done in a project
///
/// The newest first, what was done to its tasks included.
#[utoipa::path(get, path = "/projects/{id}/activity", tag = "projects", params(("id" = ProjectId, Path), PageRequest),
    responses((status = 200, description = "a page of activities", body = Page<ActivityView>), ReadProblems))]
pub(super) async fn list_project_activity(
    access: ProjectAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<ActivityView>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let (tenant, project) = (&access.tenant, access.thing.id);
    let connection = tenant.read().await?;
    let rows = store::page(&connection, &tenant.member, project, after, limit).await?;
    Ok(Json(feed(rows, page.limit)))
}
