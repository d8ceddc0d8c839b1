//! HTTP of labels. They are part of how a project is arranged: a change of them is one of it.

use events::topic::project::ProjectUpdated;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{
    Created, IfMatch, Json, NoContent, PageQuery, PageRequest, Path, Problem, Versioned,
};
use kernel::{LabelId, Page, ProjectId};
use sea_orm::{DbErr, SqlErr};
use serde::Deserialize;
use tenancy::UnitOfWork;

use super::store;
use super::view::{CreateLabel, LabelView, PatchLabel};
use crate::access::{Manage, ProjectAccess, Read};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::label;
use crate::patch::{Meant, changed};
use crate::tenant::Tenant;
use crate::versions;

/// Labels of one project.
const MOST_PER_PROJECT: i64 = 500;

/// The path of one label.
#[derive(Deserialize)]
pub(super) struct Named {
    label_id: LabelId,
}

/// List the labels of a project
///
/// By name.
#[utoipa::path(get, path = "/projects/{id}/labels", tag = "labels", params(("id" = ProjectId, Path), PageRequest),
    responses((status = 200, description = "a page of labels", body = Page<LabelView>), ReadProblems))]
pub(super) async fn list_labels(
    access: ProjectAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<LabelView>>, Problem> {
    let after = page.after()?;
    let connection = access.tenant.read().await?;
    let rows = store::page(&connection, access.thing.id, after, page.limit_and_one()).await?;
    let key = |row: &label::Model| (row.name.clone(), row.id);
    Ok(Json(Page::of(rows, page.limit, key, LabelView::from)))
}

/// Make a label
#[utoipa::path(post, path = "/projects/{id}/labels", tag = "labels", request_body = CreateLabel,
    params(("id" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the label", body = LabelView), WriteProblems))]
pub(super) async fn create_label(
    access: ProjectAccess<Manage>,
    key: IdempotencyKey,
    Json(body): Json<CreateLabel>,
) -> Result<Created<Versioned<LabelView>>, Problem> {
    let (tenant, project) = (access.tenant, access.thing.id);
    let once = key.once(format!("create_label:{project}:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    if store::count(&unit, project).await? >= MOST_PER_PROJECT {
        let detail = format!("a project has at most {MOST_PER_PROJECT} labels");
        return Err(Problem::conflict("too_many_labels", detail));
    }
    let label = store::insert(&unit, &tenant, project, body).await;
    let view = LabelView::from(label.map_err(refused)?);
    tell(&tenant, &unit, project).await?;
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Change a label
///
/// Fields left out stay as they are.
#[utoipa::path(patch, path = "/projects/{id}/labels/{label_id}", tag = "labels", request_body = PatchLabel,
    params(("id" = ProjectId, Path), ("label_id" = LabelId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the label", body = LabelView), WriteProblems))]
pub(super) async fn update_label(
    access: ProjectAccess<Manage>,
    Path(Named { label_id }): Path<Named>,
    if_match: IfMatch,
    Json(body): Json<PatchLabel>,
) -> Result<Versioned<LabelView>, Problem> {
    let (tenant, project) = (access.tenant, access.thing.id);
    let meant = Meant::new(if_match, body.version);
    let unit = tenant.begin().await?;
    let label = store::one(&unit, project, label_id).await?;
    let label = label.ok_or_else(Problem::not_found)?;
    let expected = meant.check(label.version)?;
    let changes = body.changes();
    if changed(&changes).is_empty() {
        return Ok(versioned(label.into()));
    }
    let updated =
        versions::update::<label::Entity>(&unit, label.id, changes, expected, tenant.now()).await;
    let updated = updated.map_err(refused)?.ok_or_else(|| meant.overtaken())?;
    tell(&tenant, &unit, project).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Delete a label
///
/// Tasks that carry it lose it.
#[utoipa::path(delete, path = "/projects/{id}/labels/{label_id}", tag = "labels",
    params(("id" = ProjectId, Path), ("label_id" = LabelId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_label(
    access: ProjectAccess<Manage>,
    Path(Named { label_id }): Path<Named>,
) -> Result<NoContent, Problem> {
    let (tenant, project) = (access.tenant, access.thing.id);
    let unit = tenant.begin().await?;
    if !store::delete(&unit, project, label_id).await? {
        return Err(Problem::not_found());
    }
    tell(&tenant, &unit, project).await?;
    unit.commit().await?;
    Ok(NoContent)
}

async fn tell(tenant: &Tenant, unit: &UnitOfWork, project_id: ProjectId) -> Result<(), Problem> {
    let changed = vec!["labels".to_owned()];
    let event = ProjectUpdated {
        project_id,
        changed,
    };
    tenant.emit(unit, &event).await
}

fn refused(error: DbErr) -> Problem {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Problem::conflict("label_taken", "another label of the project has this name")
        }
        _ => error.into(),
    }
}

fn versioned(body: LabelView) -> Versioned<LabelView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: LabelView) -> Created<Versioned<LabelView>> {
    Created {
        location: format!("/api/v1/projects/{}/labels/{}", view.project_id, view.id),
        body: versioned(view),
    }
}
