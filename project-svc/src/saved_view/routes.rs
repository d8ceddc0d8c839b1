//! HTTP of saved views.

use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, ListQuery, NoContent, PageRequest, Problem, Versioned};
use kernel::{Page, Permission, ViewId};
use sea_orm::ActiveValue::Set;

use super::store::{self, ViewRow};
use super::view::{CreateView, Layout, PatchView, SavedView, ViewFilter, ViewTasks};
use crate::access::{Access, Allowed, Delete, ListTasks, Read, Standing, Write, load, rights};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::{project, view};
use crate::filter::{Asked, Filter, Sort};
use crate::patch::{Meant, changed};
use crate::task::{self, TaskSummary};
use crate::tenant::Tenant;
use crate::versions;

/// Create a saved view
#[utoipa::path(post, path = "/views", tag = "views", request_body = CreateView,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the view", body = SavedView), WriteProblems))]
pub(super) async fn create_view(
    Allowed { tenant, .. }: Allowed<ListTasks>,
    key: IdempotencyKey,
    Json(body): Json<CreateView>,
) -> Result<Created<Versioned<SavedView>>, Problem> {
    let rights = match body.project_id {
        Some(id) => load::<project::Model>(&tenant, id).await?.1,
        None => rights(&tenant.member, &Standing::OF_ORGANIZATION),
    };
    if body.shared {
        rights.change(Permission::TaskCreate)?;
    }
    check(&tenant, &body.filter, &body.sort)?;
    let once = key.once(format!("create_view:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let view = SavedView::from(store::insert(&unit, new(&tenant, body)).await?);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// List saved views
///
/// One's own and those that others share; by name.
#[utoipa::path(get, path = "/views", tag = "views", params(PageRequest, ViewFilter),
    responses((status = 200, description = "a page of views", body = Page<SavedView>), ReadProblems))]
pub(super) async fn list_views(
    Allowed { tenant, .. }: Allowed<ListTasks>,
    ListQuery { page, filter }: ListQuery<ViewFilter>,
) -> Result<Json<Page<SavedView>>, Problem> {
    let (after, limit) = (page.after()?, page.limit_and_one());
    let connection = tenant.read().await?;
    let rows = store::page(&connection, &tenant.member, filter.project_id, after, limit).await?;
    let key = |row: &view::Model| (row.name.clone(), row.id);
    Ok(Json(Page::of(rows, page.limit, key, SavedView::from)))
}

/// Get a saved view
#[utoipa::path(get, path = "/views/{id}", tag = "views", params(("id" = ViewId, Path)),
    responses((status = 200, description = "the view", body = SavedView), ReadProblems))]
pub(super) async fn get_view(access: Access<ViewRow, Read>) -> Versioned<SavedView> {
    versioned(access.thing.view.into())
}

/// Change a saved view
///
/// One's own, or a shared one with the right to change its project. Fields left out stay as they are.
#[utoipa::path(patch, path = "/views/{id}", tag = "views", request_body = PatchView,
    params(("id" = ViewId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the view", body = SavedView), WriteProblems))]
pub(super) async fn update_view(
    access: Access<ViewRow, Write>,
    if_match: IfMatch,
    Json(body): Json<PatchView>,
) -> Result<Versioned<SavedView>, Problem> {
    let (tenant, view) = (access.tenant, access.thing.view);
    let meant = Meant::new(if_match, body.version);
    let mut expected = meant.check(view.version)?;
    if body.shared == Some(true) && !view.shared {
        access.rights.change(Permission::TaskCreate)?;
    }
    if body.filter.is_some() || body.sort.is_some() {
        let filter = body.filter.as_ref().unwrap_or(&view.filter);
        check(&tenant, filter, body.sort.as_ref().unwrap_or(&view.sort))?;
        // The two must go together: the one that was not sent must still be what was checked.
        expected = Some(view.version);
    }
    let changes = body.changes();
    if changed(&changes).is_empty() {
        return Ok(versioned(view.into()));
    }
    let unit = tenant.begin().await?;
    let updated =
        versions::update::<view::Entity>(&unit, view.id, changes, expected, tenant.now()).await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Change a saved view, as PATCH does
#[utoipa::path(put, path = "/views/{id}", tag = "views", request_body = PatchView,
    params(("id" = ViewId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the view", body = SavedView), WriteProblems))]
pub(super) async fn replace_view(
    access: Access<ViewRow, Write>,
    if_match: IfMatch,
    body: Json<PatchView>,
) -> Result<Versioned<SavedView>, Problem> {
    update_view(access, if_match, body).await
}

/// Delete a saved view
///
/// One's own, or a shared one with the right to change its project.
#[utoipa::path(delete, path = "/views/{id}", tag = "views",
    params(("id" = ViewId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_view(
    access: Access<ViewRow, Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, view) = (access.tenant, access.thing.view);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(view.version)?;
    let unit = tenant.begin().await?;
    if !store::delete(&unit, view.id, expected).await? {
        return Err(meant.overtaken());
    }
    unit.commit().await?;
    Ok(NoContent)
}

/// List the tasks of a saved view
///
/// As its filter and order say; `me` is the caller, and days are the caller's.
#[utoipa::path(get, path = "/views/{id}/tasks", tag = "views", params(("id" = ViewId, Path), PageRequest, ViewTasks),
    responses((status = 200, description = "a page of tasks", body = Page<TaskSummary>), ReadProblems))]
pub(super) async fn list_tasks_of_view(
    access: Access<ViewRow, Read>,
    ListQuery { page, filter }: ListQuery<ViewTasks>,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    let view = access.thing.view;
    let sort = Some(view.sort).filter(|sort| !sort.is_empty());
    let (tenant, zone) = (&access.tenant, filter.timezone);
    task::filtered(tenant, &page, view.project_id, view.filter, sort, zone).await
}

/// 422 for a filter or an order that cannot be read.
fn check(tenant: &Tenant, filter: &str, sort: &str) -> Result<(), Problem> {
    let asked = Asked::now(tenant, None);
    let read = Filter::read(filter, asked).map_err(|refused| refused.problem(filter, "/filter"))?;
    if sort.is_empty() {
        return Ok(());
    }
    if read.sort.is_some() {
        let detail = "the filter says the order already";
        return Err(Problem::field("/sort", "repeated", detail));
    }
    let wrong =
        |refused: crate::filter::Refused| Problem::field("/sort", "invalid", refused.to_string());
    Sort::read_text(sort).map(drop).map_err(wrong)
}

fn new(tenant: &Tenant, body: CreateView) -> view::ActiveModel {
    let now = tenant.now();
    view::ActiveModel {
        id: Set(tenant.next_id()),
        project_id: Set(body.project_id),
        owner_id: Set(tenant.user()),
        name: Set(body.name),
        filter: Set(body.filter),
        sort: Set(body.sort),
        layout: Set(body.layout.unwrap_or(Layout::List)),
        settings: Set(serde_json::Value::Object(body.settings.unwrap_or_default())),
        shared: Set(body.shared),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

fn versioned(body: SavedView) -> Versioned<SavedView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: SavedView) -> Created<Versioned<SavedView>> {
    Created {
        location: format!("/api/v1/views/{}", view.id),
        body: versioned(view),
    }
}
