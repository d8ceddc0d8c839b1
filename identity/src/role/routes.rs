//! HTTP of roles.

use std::sync::Arc;

use axum::extract::State;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, Member, NoContent, Path, Problem, Versioned};
use kernel::{Page, Permission, Role, RoleId};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{self, MAX_ROLES};
use super::store;
use super::view::{CreateRole, RoleView, UpdateRole};
use crate::client::Client;
use crate::entity::role;
use crate::member::Standing;
use crate::state::{AppState, Identity};
use crate::{audit, member, organization};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_roles, create_role))
        .routes(routes!(get_role, update_role, delete_role))
}

/// Lists the roles: the five of every organization, then its own by name. There is one page only.
#[utoipa::path(
    get,
    path = "/api/v1/roles",
    operation_id = "list_roles",
    tag = "roles",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "all roles", body = Page<RoleView>),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
    )
)]
async fn list_roles(
    State(identity): State<Arc<Identity>>,
    member: Member,
) -> Result<Json<Page<RoleView>>, Problem> {
    member.require(Permission::MemberRead)?;
    let members = store::members(&identity.db, member.tenant).await?;
    let count = |kind: &str| members.get(kind).copied().unwrap_or_default();
    let built_in = Role::ALL.map(|role| RoleView::built_in(role, count(role.as_str())));
    let own = store::all(&identity.db, member.tenant).await?.into_iter();
    let own = own.map(|row| {
        let members = count(&row.id.to_string());
        RoleView::own(row, members)
    });
    Ok(Json(Page {
        items: built_in.into_iter().chain(own).collect(),
        next_cursor: None,
    }))
}

/// Shows a role of the organization's own.
#[utoipa::path(
    get,
    path = "/api/v1/roles/{id}",
    operation_id = "get_role",
    tag = "roles",
    security(("bearer" = [])),
    params(("id" = RoleId, Path, description = "id of the role")),
    responses(
        (status = 200, description = "the role; its version is the `ETag`", body = RoleView),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 404, description = "no such role"),
    )
)]
async fn get_role(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<RoleId>,
) -> Result<Versioned<RoleView>, Problem> {
    member.require(Permission::MemberRead)?;
    let found = store::by_id(&identity.db, member.tenant, id).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    let members = store::members(&identity.db, member.tenant).await?;
    Ok(versioned(
        row,
        members.get(&id.to_string()).copied().unwrap_or_default(),
    ))
}

fn versioned(row: role::Model, members: i64) -> Versioned<RoleView> {
    Versioned {
        version: row.version,
        body: RoleView::own(row, members),
    }
}

/// Makes a role.
#[utoipa::path(
    post,
    path = "/api/v1/roles",
    operation_id = "create_role",
    tag = "roles",
    security(("bearer" = [])),
    request_body = CreateRole,
    params(("Idempotency-Key" = Option<String>, Header, description = "names this request")),
    responses(
        (status = 201, description = "the role", body = RoleView),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 409, description = "`already_exists`, `too_many_roles`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn create_role(
    State(identity): State<Arc<Identity>>,
    member: Member,
    key: IdempotencyKey,
    client: Client,
    Json(body): Json<CreateRole>,
) -> Result<Created<Json<RoleView>>, Problem> {
    member.require(Permission::RoleManage)?;
    let permissions = model::permissions(&body.permissions)?;
    model::check_name(&body.name)?;
    let (tenant, now) = (member.tenant, identity.clock.now());
    let once = key.once(format!("create_role:{tenant}:{}", member.user), &body);
    let transaction = identity.begin().await?;
    if let Some(earlier) = once.replayed::<RoleView>(&transaction, now).await? {
        return Ok(created(earlier));
    }
    let actor = manager(&transaction, &member).await?;
    let row = role::Model {
        id: identity.ids.next(),
        tenant_id: tenant,
        name: body.name,
        description: body.description,
        permissions: permissions
            .iter()
            .map(|one| one.as_str().to_owned())
            .collect(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    actor.reach(&standing(&row))?;
    if store::count(&transaction, tenant).await? >= MAX_ROLES {
        let detail = format!("an organization has {MAX_ROLES} roles of its own at most");
        return Err(Problem::conflict("too_many_roles", detail));
    }
    store::insert(&transaction, row.clone()).await?;
    let event = audit::Event::done("role.created", member.user, &client)
        .at(tenant)
        .on(row.id.uuid())
        .with(json!({ "permissions": permissions }));
    audit::record(&identity, &transaction, event).await?;
    let view = RoleView::own(row, 0);
    once.remember(&transaction, &view).await?;
    identity.commit(transaction).await?;
    Ok(created(view))
}

fn created(view: RoleView) -> Created<Json<RoleView>> {
    let id = view.id.map(|id| id.to_string()).unwrap_or_default();
    Created {
        location: format!("/api/v1/roles/{id}"),
        body: Json(view),
    }
}

/// Changes a role. What it allows is another for everybody who has it within a second: access tokens that say
/// something else are refused, refreshing brings new ones.
#[utoipa::path(
    patch,
    path = "/api/v1/roles/{id}",
    operation_id = "update_role",
    tag = "roles",
    security(("bearer" = [])),
    params(
        ("id" = RoleId, Path, description = "id of the role"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` the change is meant for")
    ),
    request_body = UpdateRole,
    responses(
        (status = 200, description = "the role as it is now", body = RoleView),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "no such role"),
        (status = 409, description = "`already_exists`"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn update_role(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<RoleId>,
    if_match: IfMatch,
    client: Client,
    Json(body): Json<UpdateRole>,
) -> Result<Versioned<RoleView>, Problem> {
    member.require(Permission::RoleManage)?;
    let wanted = body
        .permissions
        .as_deref()
        .map(model::permissions)
        .transpose()?;
    body.name.as_deref().map_or(Ok(()), model::check_name)?;
    let (tenant, now) = (member.tenant, identity.clock.now());
    let transaction = identity.begin().await?;
    let actor = manager(&transaction, &member).await?;
    let found = store::by_id(&transaction, tenant, id).await?;
    let mut row = found.ok_or_else(Problem::not_found)?;
    if_match.check(row.version)?;
    let before = standing(&row);
    actor.reach(&before)?;
    if let Some(wanted) = wanted {
        row.permissions = wanted.iter().map(|one| one.as_str().to_owned()).collect();
    }
    row.name = body.name.unwrap_or(row.name);
    row.description = body.description.unwrap_or(row.description);
    row.version += 1;
    let after = standing(&row);
    actor.reach(&after)?;
    store::save(&transaction, row.clone(), now).await?;
    if after.permissions != before.permissions {
        let people = member::store::touch_role(&transaction, tenant, id, now).await?;
        member::tell_all_changed(&identity, &transaction, &member, &people, &after).await?;
    }
    let event = audit::Event::done("role.updated", member.user, &client)
        .at(tenant)
        .on(id.uuid())
        .with(json!({ "permissions": after.permissions, "before": before.permissions }));
    audit::record(&identity, &transaction, event).await?;
    let members = store::members(&transaction, tenant).await?;
    identity.commit(transaction).await?;
    Ok(versioned(
        row,
        members.get(&id.to_string()).copied().unwrap_or_default(),
    ))
}

/// Deletes a role that nobody has and nobody is invited as.
#[utoipa::path(
    delete,
    path = "/api/v1/roles/{id}",
    operation_id = "delete_role",
    tag = "roles",
    security(("bearer" = [])),
    params(("id" = RoleId, Path, description = "id of the role")),
    responses(
        (status = 204, description = "the role is gone"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "no such role"),
        (status = 409, description = "`role_in_use`"),
    )
)]
async fn delete_role(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<RoleId>,
    client: Client,
) -> Result<NoContent, Problem> {
    member.require(Permission::RoleManage)?;
    let (tenant, now) = (member.tenant, identity.clock.now());
    let transaction = identity.begin().await?;
    let actor = manager(&transaction, &member).await?;
    let found = store::by_id(&transaction, tenant, id).await?;
    actor.reach(&standing(&found.ok_or_else(Problem::not_found)?))?;
    if store::is_used(&transaction, tenant, id, now).await? {
        return Err(Problem::conflict(
            "role_in_use",
            "give those who have it another role first, and revoke invitations to it",
        ));
    }
    store::delete(&transaction, tenant, id).await?;
    let event = audit::Event::done("role.deleted", member.user, &client);
    audit::record(&identity, &transaction, event.at(tenant).on(id.uuid())).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Who may change roles now; nobody else changes roles until the end of the transaction.
async fn manager(db: &DatabaseTransaction, member: &Member) -> Result<Standing, Problem> {
    organization::store::locked(db, member.tenant).await?;
    let actor = member::acting(db, member).await?;
    actor.require(Permission::RoleManage)?;
    Ok(actor)
}

fn standing(row: &role::Model) -> Standing {
    Standing::of(Role::Viewer, Some((row.id, &row.permissions)))
}
