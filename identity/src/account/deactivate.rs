//! HTTP of ending one's account: nobody signs in with it any more, and it is in no organization.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Json, NoContent, Problem, SignedIn};
use passwords::Password;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ended, store};
use crate::client::Client;
use crate::mail::{self, letters};
use crate::member::{self, Leaving};
use crate::state::{AppState, Identity};
use crate::{audit, organization, password, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(deactivate))
}

/// The wish to end one's account.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct Deactivate {
    /// The account's password.
    #[garde(custom(password::bounded))]
    password: Password,
}

/// Ends one's account: it leaves every organization, and its sessions and access tokens end. The only owner of an
/// organization cannot: make somebody else one first, or delete the organization.
#[utoipa::path(
    post,
    path = "/api/v1/auth/deactivate",
    operation_id = "deactivate",
    tag = "auth",
    security(("bearer" = [])),
    request_body = Deactivate,
    responses(
        (status = 204, description = "the account has ended"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`wrong_password`; `session_required`: not for personal access tokens"),
        (status = 409, description = "`last_owner`: of the organizations named; `no_password`: the account has none"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn deactivate(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<Deactivate>,
) -> Result<NoContent, Problem> {
    let user = store::active(&identity.db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    let whom = (&user, member.tenant);
    password::confirm(&identity, whom, &body.password, &client).await?;

    let transaction = identity.begin().await?;
    let organizations = store::organizations(&transaction, user.id).await?;
    let mut orphans = Vec::new();
    for &tenant in &organizations {
        // Changes of who may do what come one by one, so that two owners cannot both go.
        let organization = organization::store::locked(&transaction, tenant).await?;
        if member::is_last_owner(&transaction, tenant, user.id).await? {
            orphans.extend(organization.map(|organization| organization.name));
        }
    }
    if !orphans.is_empty() {
        let detail = format!(
            "these organizations need another owner first: {}",
            orphans.join(", ")
        );
        return Err(Problem::conflict("last_owner", detail));
    }
    let held = store::locked(&transaction, user.id).await?;
    let mut user = held.ok_or_else(ended)?;
    for tenant in organizations {
        let leaving = Leaving {
            tenant,
            user: user.id,
            actor: user.id,
        };
        member::end(&identity, &transaction, leaving, &client).await?;
    }
    session::end_all(&identity, &transaction, user.id, None, "deactivated").await?;
    user.active = false;
    store::update(&transaction, &user, identity.clock.now()).await?;
    let event = audit::Event::done("account.deactivated", user.id, &client);
    let event = event.at(member.tenant).on(user.id.uuid());
    audit::record(&identity, &transaction, event).await?;
    let letter = letters::Deactivated { name: &user.name };
    let to = user.email.clone();
    mail::post(&identity, &transaction, member.tenant, to, &letter).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}
