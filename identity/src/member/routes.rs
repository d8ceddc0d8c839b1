//! HTTP of members.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use chrono::{DateTime, Utc};
use events::topic::user::UserPermissionChanged;
use garde::Validate;
use httpkit::{Caller, Json, Member, PageQuery, PageRequest, Path, Problem};
use kernel::{Page, Permission, Permissions, Role, TenantId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{self, Change};
use super::store;
use crate::account::EmailAddress;
use crate::organization;
use crate::state::{AppState, Identity};

/// Longest list of changed members.
const MAX_CHANGED: u64 = 10_000;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(get_user, update_user))
        .route(
            "/internal/v1/members/{tenant_id}/{user_id}",
            get(get_member),
        )
        .route("/internal/v1/members/changed", get(list_changed))
}

/// A member of the organization.
#[derive(Debug, Serialize, ToSchema)]
struct MemberView {
    /// Id of the person.
    id: UserId,
    /// Display name.
    name: String,
    /// E-mail address.
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
    /// Role in the organization.
    role: Role,
}

impl From<store::Member> for MemberView {
    fn from(member: store::Member) -> Self {
        Self {
            id: member.user_id,
            name: member.name,
            email: member.email,
            role: member.role,
        }
    }
}

/// Lists the members in the order they joined.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "list_users",
    tag = "users",
    security(("bearer" = [])),
    params(PageRequest),
    responses(
        (status = 200, description = "a page of members", body = Page<MemberView>),
        (status = 401, description = "no valid access token"),
    )
)]
async fn list_users(
    State(identity): State<Arc<Identity>>,
    member: Member,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<MemberView>>, Problem> {
    member.require(Permission::MemberRead)?;
    let after = page.after()?;
    let rows = store::page(&identity.db, member.tenant, after, page.limit_and_one()).await?;
    let key = |row: &store::Member| (row.joined_at, row.user_id);
    Ok(Json(Page::of(rows, page.limit, key, MemberView::from)))
}

/// Shows a member.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    operation_id = "get_user",
    tag = "users",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "id of the person")),
    responses(
        (status = 200, description = "the member", body = MemberView),
        (status = 404, description = "no member"),
    )
)]
async fn get_user(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<UserId>,
) -> Result<Json<MemberView>, Problem> {
    member.require(Permission::MemberRead)?;
    let found = store::by_id(&identity.db, member.tenant, id).await?;
    Ok(Json(found.ok_or_else(Problem::not_found)?.into()))
}

/// What of a member may change.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct UpdateUser {
    /// The new role; access tokens that say another are refused from now on, refreshing brings new ones.
    #[garde(skip)]
    role: Role,
}

/// Changes the role of a member. Nobody gives or takes a role above the own, and the last owner stays.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    operation_id = "update_user",
    tag = "users",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "id of the person")),
    request_body = UpdateUser,
    responses(
        (status = 200, description = "the member", body = MemberView),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "no member"),
        (status = 409, description = "`last_owner`"),
    )
)]
async fn update_user(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<UserId>,
    Json(body): Json<UpdateUser>,
) -> Result<Json<MemberView>, Problem> {
    member.require(Permission::MemberManage)?;
    let tenant = member.tenant;
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, tenant).await?;
    let actor = store::role(&transaction, tenant, member.user).await?;
    let found = store::by_id(&transaction, tenant, id).await?;
    let mut target = found.ok_or_else(Problem::not_found)?;
    model::check(Change {
        actor: actor.ok_or_else(|| Problem::forbidden("permission_denied"))?,
        from: target.role,
        to: body.role,
        owners: store::owners(&transaction, tenant).await?,
    })?;
    if target.role != body.role {
        target.role = body.role;
        store::set_role(&transaction, tenant, id, body.role, identity.clock.now()).await?;
        let (user_id, role) = (id, body.role);
        let event = UserPermissionChanged {
            user_id,
            role,
            permissions: Some(role.permissions()),
        };
        identity
            .emit(&transaction, tenant, member.user, &event)
            .await?;
    }
    identity.commit(transaction).await?;
    Ok(Json(target.into()))
}

/// A member, as services need it.
#[derive(Debug, Serialize)]
struct InternalMember {
    user_id: UserId,
    name: String,
    role: Role,
}

async fn get_member(
    State(identity): State<Arc<Identity>>,
    _: Caller,
    Path((tenant, user)): Path<(TenantId, UserId)>,
) -> Result<Json<InternalMember>, Problem> {
    let found = store::by_id(&identity.db, tenant, user).await?;
    let member = found.ok_or_else(Problem::not_found)?;
    Ok(Json(InternalMember {
        user_id: member.user_id,
        name: member.name,
        role: member.role,
    }))
}

/// A member who came or changed within the life of an access token.
#[derive(Debug, Serialize)]
struct ChangedMember {
    tenant_id: TenantId,
    user_id: UserId,
    permissions: Permissions,
    changed_at: DateTime<Utc>,
}

/// What a gateway that missed events needs to know.
async fn list_changed(
    State(identity): State<Arc<Identity>>,
    _: Caller,
) -> Result<Json<Vec<ChangedMember>>, Problem> {
    let since = identity.clock.now() - identity.lifetimes.access;
    let rows = store::changed_since(&identity.db, since, MAX_CHANGED).await?;
    let changed = rows.into_iter().map(|row| ChangedMember {
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        permissions: row.standing().permissions,
        changed_at: row.updated_at,
    });
    Ok(Json(changed.collect()))
}
