//! HTTP of members: who is there, and as what.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Json, ListQuery, Member, PageRequest, Path, Problem};
use kernel::{Page, Permission, Role, RoleId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{self, Wanted};
use super::model::{self, Change};
use super::store;
use crate::account::EmailAddress;
use crate::client::Client;
use crate::role::{self, CustomRole};
use crate::state::{AppState, Identity};
use crate::{audit, avatar, organization};

/// Longest text to search for.
const MAX_SEARCH_CHARS: usize = 200;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(get_user, update_user, replace_user))
}

/// A member of the organization.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberView {
    /// Id of the person.
    id: UserId,
    /// Display name.
    name: String,
    /// E-mail address.
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
    /// Role in the organization; `viewer` beside a custom role.
    role: Role,
    /// One of the organization's own roles, which counts in place of `role`.
    custom_role: Option<CustomRole>,
    joined_at: chrono::DateTime<chrono::Utc>,
    /// Path of the picture, where there is one; another picture has another path.
    avatar_url: Option<String>,
}

impl From<store::Member> for MemberView {
    fn from(member: store::Member) -> Self {
        let name = member.role_name.unwrap_or_default();
        let etag = member.avatar_etag;
        let avatar_url = etag.map(|etag| avatar::url(member.user_id, &etag));
        Self {
            id: member.user_id,
            name: member.name,
            email: member.email,
            role: member.role,
            custom_role: member.role_id.map(|id| CustomRole { id, name }),
            joined_at: member.joined_at,
            avatar_url,
        }
    }
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MemberFilter {
    /// Part of the name or of the e-mail address.
    q: Option<String>,
    /// Who have this role, and none of the organization's own.
    role: Option<Role>,
    /// Who have this one of the organization's own roles.
    role_id: Option<RoleId>,
}

impl MemberFilter {
    fn wanted(self) -> Result<Wanted, Problem> {
        let long = |text: &String| text.chars().count() > MAX_SEARCH_CHARS;
        if self.q.as_ref().is_some_and(long) {
            let detail = format!("must be {MAX_SEARCH_CHARS} characters at most");
            return Err(Problem::field("q", "invalid", detail));
        }
        Ok(Wanted {
            text: self.q.filter(|text| !text.trim().is_empty()),
            role: self.role,
            role_id: self.role_id,
        })
    }
}

/// Lists the members in the order they joined.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "list_users",
    tag = "users",
    security(("bearer" = [])),
    params(PageRequest, MemberFilter),
    responses(
        (status = 200, description = "a page of members", body = Page<MemberView>),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 422, description = "a parameter is wrong"),
    )
)]
async fn list_users(
    State(identity): State<Arc<Identity>>,
    member: Member,
    ListQuery { page, filter }: ListQuery<MemberFilter>,
) -> Result<Json<Page<MemberView>>, Problem> {
    member.require(Permission::MemberRead)?;
    let (after, wanted) = (page.after()?, filter.wanted()?);
    let limit = page.limit_and_one();
    let rows = list::page(&identity.db, member.tenant, &wanted, after, limit).await?;
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
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
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

/// What of a member may change: exactly one of the two. Access tokens that say something else are refused from now
/// on; refreshing brings new ones.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct UpdateUser {
    /// The new role.
    #[garde(skip)]
    role: Option<Role>,
    /// The new role, one of the organization's own.
    #[garde(skip)]
    role_id: Option<RoleId>,
}

/// Changes the role of a member. Nobody gives or takes what the own role does not allow, and the last owner stays.
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
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "no member"),
        (status = 409, description = "`last_owner`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn update_user(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<UserId>,
    client: Client,
    Json(body): Json<UpdateUser>,
) -> Result<Json<MemberView>, Problem> {
    member.require(Permission::MemberManage)?;
    let choice = role::choice(body.role, body.role_id)?;
    let (tenant, now) = (member.tenant, identity.clock.now());
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, tenant).await?;
    let actor = super::acting(&transaction, &member).await?;
    let from = store::standing(&transaction, tenant, id).await?;
    let from = from.ok_or_else(Problem::not_found)?;
    let to = role::resolve(&transaction, tenant, choice).await?.standing;
    model::check(Change {
        actor,
        from,
        to: Some(to),
        owners: store::owners(&transaction, tenant).await?,
    })?;
    if from != to {
        store::set_standing(&transaction, tenant, id, &to, now).await?;
        super::tell_changed(&identity, &transaction, tenant, member.user, (id, &to)).await?;
        let event = audit::Event::done("member.role_changed", member.user, &client)
            .at(tenant)
            .on(id.uuid())
            .with(json!({ "role": to.role, "role_id": to.role_id, "from_role": from.role, "from_role_id": from.role_id }));
        audit::record(&identity, &transaction, event).await?;
    }
    let target = store::by_id(&transaction, tenant, id).await?;
    identity.commit(transaction).await?;
    Ok(Json(target.ok_or_else(Problem::not_found)?.into()))
}

/// Changes the role of a member, as PATCH does.
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}",
    operation_id = "replace_user",
    tag = "users",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "id of the person")),
    request_body = UpdateUser,
    responses(
        (status = 200, description = "the member", body = MemberView),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "no member"),
        (status = 409, description = "`last_owner`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn replace_user(
    identity: State<Arc<Identity>>,
    member: Member,
    id: Path<UserId>,
    client: Client,
    body: Json<UpdateUser>,
) -> Result<Json<MemberView>, Problem> {
    update_user(identity, member, id, client, body).await
}
