//! HTTP of custom fields. They are part of how a project is arranged: a change of them is one of it.

use events::topic::project::ProjectUpdated;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, FieldError, IfMatch, Json, NoContent, Path, Problem, Versioned};
use kernel::{FieldId, Page, ProjectId};
use serde::Deserialize;
use tenancy::UnitOfWork;

use super::model::{Choice, check_definition};
use super::store;
use super::view::{CreateField, FieldView, PatchField};
use crate::access::{Manage, ProjectAccess, Read};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::custom_field;
use crate::patch::{Meant, changed};
use crate::tenant::Tenant;
use crate::versions;

/// Fields of one project: each task is read and checked with all of them.
const MOST_PER_PROJECT: usize = 50;

/// The path of one field.
#[derive(Deserialize)]
pub(super) struct Named {
    field_id: FieldId,
}

/// List the custom fields of a project
///
/// In order, all on one page: there are at most 50.
#[utoipa::path(get, path = "/projects/{id}/fields", tag = "fields", params(("id" = ProjectId, Path)),
    responses((status = 200, description = "the fields", body = Page<FieldView>), ReadProblems))]
pub(super) async fn list_fields(
    access: ProjectAccess<Read>,
) -> Result<Json<Page<FieldView>>, Problem> {
    let fields = store::all(&access.tenant.read().await?, access.thing.id).await?;
    Ok(Json(Page {
        items: fields.into_iter().map(FieldView::from).collect(),
        next_cursor: None,
    }))
}

/// Make a custom field
#[utoipa::path(post, path = "/projects/{id}/fields", tag = "fields", request_body = CreateField,
    params(("id" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the field", body = FieldView), WriteProblems))]
pub(super) async fn create_field(
    access: ProjectAccess<Manage>,
    key: IdempotencyKey,
    Json(body): Json<CreateField>,
) -> Result<Created<Versioned<FieldView>>, Problem> {
    let (tenant, project) = (access.tenant, access.thing.id);
    let currency = body.currency.as_deref();
    refuse(check_definition(body.kind, &body.options, currency))?;
    let once = key.once(format!("create_field:{project}:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    store::lock_project(&unit, project).await?;
    let others = store::all(&unit, project).await?;
    if others.len() >= MOST_PER_PROJECT {
        let detail = format!("a project has at most {MOST_PER_PROJECT} fields");
        return Err(Problem::conflict("too_many_fields", detail));
    }
    if others.iter().any(|other| other.key == body.key) {
        let detail = "another field of the project has this key";
        return Err(Problem::conflict("field_taken", detail));
    }
    let field = store::insert(&unit, &tenant, project, &others, body).await?;
    let view = FieldView::from(field);
    tell(&tenant, &unit, project).await?;
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Change a custom field
///
/// Fields left out stay as they are.
#[utoipa::path(patch, path = "/projects/{id}/fields/{field_id}", tag = "fields", request_body = PatchField,
    params(("id" = ProjectId, Path), ("field_id" = FieldId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the field", body = FieldView), WriteProblems))]
pub(super) async fn update_field(
    access: ProjectAccess<Manage>,
    Path(Named { field_id }): Path<Named>,
    if_match: IfMatch,
    Json(body): Json<PatchField>,
) -> Result<Versioned<FieldView>, Problem> {
    let (tenant, project) = (access.tenant, access.thing.id);
    let meant = Meant::new(if_match, body.version);
    let unit = tenant.begin().await?;
    let field = store::one(&unit, project, field_id).await?;
    let field = field.ok_or_else(Problem::not_found)?;
    let expected = meant.check(field.version)?;
    check_options(&field, body.options.as_deref())?;
    let changes = body.changes().map_err(Problem::internal)?;
    if changed(&changes).is_empty() {
        return Ok(versioned(field.into()));
    }
    let updated =
        versions::update::<custom_field::Entity>(&unit, field.id, changes, expected, tenant.now())
            .await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    tell(&tenant, &unit, project).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Delete a custom field
///
/// Tasks lose its values.
#[utoipa::path(delete, path = "/projects/{id}/fields/{field_id}", tag = "fields",
    params(("id" = ProjectId, Path), ("field_id" = FieldId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_field(
    access: ProjectAccess<Manage>,
    Path(Named { field_id }): Path<Named>,
) -> Result<NoContent, Problem> {
    let (tenant, project) = (access.tenant, access.thing.id);
    let unit = tenant.begin().await?;
    if !store::delete(&unit, project, field_id).await? {
        return Err(Problem::not_found());
    }
    tell(&tenant, &unit, project).await?;
    unit.commit().await?;
    Ok(NoContent)
}

fn check_options(field: &custom_field::Model, options: Option<&[Choice]>) -> Result<(), Problem> {
    let Some(options) = options else {
        return Ok(());
    };
    refuse(check_definition(
        field.kind,
        options,
        field.currency.as_deref(),
    ))
}

fn refuse(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(errors))
    }
}

async fn tell(tenant: &Tenant, unit: &UnitOfWork, project_id: ProjectId) -> Result<(), Problem> {
    let changed = vec!["fields".to_owned()];
    let event = ProjectUpdated {
        project_id,
        changed,
    };
    tenant.emit(unit, &event).await
}

fn versioned(body: FieldView) -> Versioned<FieldView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: FieldView) -> Created<Versioned<FieldView>> {
    Created {
        location: format!("/api/v1/projects/{}/fields/{}", view.project_id, view.id),
        body: versioned(view),
    }
}
