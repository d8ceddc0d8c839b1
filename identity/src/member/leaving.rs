//! Going: removed by somebody, or by one's own wish. Sessions and tokens end within a second, everywhere.

use std::sync::Arc;

use axum::extract::State;
use events::topic::user::MemberLeft;
use httpkit::{Member, NoContent, Path, Problem, SignedIn};
use kernel::{Permission, TenantId, UserId};
use sea_orm::ConnectionTrait;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{self, Change};
use super::store;
use crate::client::Client;
use crate::state::{AppState, Identity};
use crate::{account, audit, invitation, one_time, organization, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(delete_user))
        .routes(routes!(leave_organization))
}

/// Somebody who is to be no member any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaving {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    /// Who wants it.
    pub(crate) actor: UserId,
}

/// Removes a member. What the person made stays; sessions and access tokens end.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}",
    operation_id = "delete_user",
    tag = "users",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "id of the person")),
    responses(
        (status = 204, description = "no member any more"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "no member"),
        (status = 409, description = "`last_owner`"),
    )
)]
async fn delete_user(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<UserId>,
    client: Client,
) -> Result<NoContent, Problem> {
    member.require(Permission::MemberManage)?;
    let tenant = member.tenant;
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, tenant).await?;
    let from = store::standing(&transaction, tenant, id).await?;
    model::check(Change {
        actor: super::acting(&transaction, &member).await?,
        from: from.ok_or_else(Problem::not_found)?,
        to: None,
        owners: store::owners(&transaction, tenant).await?,
    })?;
    let leaving = Leaving {
        tenant,
        user: id,
        actor: member.user,
    };
    end(&identity, &transaction, leaving, &client).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Leaves the organization. The last owner cannot: make somebody else one first, or delete the organization.
#[utoipa::path(
    delete,
    path = "/api/v1/users/me",
    operation_id = "leave_organization",
    tag = "users",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "no member any more, and signed out"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`"),
        (status = 404, description = "no member any more"),
        (status = 409, description = "`last_owner`"),
    )
)]
async fn leave_organization(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
) -> Result<NoContent, Problem> {
    let (tenant, user) = (member.tenant, member.user);
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, tenant).await?;
    let from = store::standing(&transaction, tenant, user).await?;
    let from = from.ok_or_else(Problem::not_found)?;
    model::check_owner_stays(from, None, store::owners(&transaction, tenant).await?)?;
    let leaving = Leaving {
        tenant,
        user,
        actor: user,
    };
    end(&identity, &transaction, leaving, &client).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Ends a membership with all that hangs on it, and tells everybody. Hold the organization's lock, and let the last
/// owner stay.
pub(crate) async fn end(
    identity: &Identity,
    db: &impl ConnectionTrait,
    leaving: Leaving,
    client: &Client,
) -> Result<(), Problem> {
    let Leaving {
        tenant,
        user,
        actor,
    } = leaving;
    let by_oneself = user == actor;
    let reason = if by_oneself { "left" } else { "removed" };
    session::end_of_member(identity, db, tenant, user, reason).await?;
    one_time::withdraw_in(db, tenant, user).await?;
    let now = identity.clock.now();
    store::deactivate(db, tenant, user, now).await?;
    if let Some(person) = account::store::by_id(db, user).await? {
        invitation::store::revoke_of_person(db, tenant, &person, now).await?;
    }
    let event = MemberLeft { user_id: user };
    identity.emit(db, tenant, actor, &event).await?;
    let event = audit::Event::done("member.removed", actor, client)
        .at(tenant)
        .on(user.uuid())
        .with(json!({ "by_oneself": by_oneself }));
    audit::record(identity, db, event).await
}
