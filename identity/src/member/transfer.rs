//! Handing the organization over to another member.

use std::sync::Arc;

use axum::extract::State;
use httpkit::{Json, Path, Problem, SignedIn};
use kernel::{Role, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::routes::MemberView;
use super::{Standing, store};
use crate::client::Client;
use crate::state::{AppState, Identity};
use crate::{audit, organization};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(transfer_ownership))
}

/// Makes another member an owner, and oneself an admin.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/transfer-ownership",
    operation_id = "transfer_ownership",
    tag = "users",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "who is to be the owner")),
    responses(
        (status = 200, description = "the new owner", body = MemberView),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`not_owner`, `session_required`"),
        (status = 404, description = "no member"),
        (status = 409, description = "`transfer_to_oneself`"),
    )
)]
async fn transfer_ownership(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Path(id): Path<UserId>,
    client: Client,
) -> Result<Json<MemberView>, Problem> {
    let (tenant, now) = (member.tenant, identity.clock.now());
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, tenant).await?;
    let actor = super::acting(&transaction, &member).await?;
    if actor.role != Role::Owner {
        return Err(
            Problem::forbidden("not_owner").with_detail("only an owner hands an organization over")
        );
    }
    if id == member.user {
        return Err(Problem::conflict(
            "transfer_to_oneself",
            "it is yours already",
        ));
    }
    let target = store::standing(&transaction, tenant, id).await?;
    target.ok_or_else(Problem::not_found)?;
    for (user, role) in [(id, Role::Owner), (member.user, Role::Admin)] {
        let to = Standing::of(role, None);
        store::set_standing(&transaction, tenant, user, &to, now).await?;
        super::tell_changed(&identity, &transaction, tenant, member.user, (user, &to)).await?;
    }
    let event = audit::Event::done("organization.ownership_transferred", member.user, &client);
    audit::record(&identity, &transaction, event.at(tenant).on(id.uuid())).await?;
    let owner = store::by_id(&transaction, tenant, id).await?;
    identity.commit(transaction).await?;
    Ok(Json(owner.ok_or_else(Problem::not_found)?.into()))
}
