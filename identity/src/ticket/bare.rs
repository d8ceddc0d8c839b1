//! HTTP of the bare domain: which organizations somebody works in, before any of them is entered.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Caller, Json, Problem};
use kernel::{Page, Role, RoleId};
use passwords::Password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use crate::account::{self, EmailAddress, invalid_credentials};
use crate::audit;
use crate::client::Client;
use crate::organization::Organization;
use crate::password;
use crate::session::{Method, Proof};
use crate::state::{AppState, Identity};

/// Organizations that one answer has tickets for; who works in more signs in on their hosts.
const MAX_LISTED: i64 = 100;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_my_organizations))
}

/// Who asks.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct FindMyOrganizations {
    /// E-mail address of the account.
    #[garde(custom(account::well_formed))]
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
    /// Its password.
    #[garde(custom(password::bounded))]
    password: Password,
}

/// An organization to be entered.
#[derive(Serialize, ToSchema)]
struct Entrance {
    organization: Organization,
    /// What the person is there.
    role: Role,
    /// One of the organization's own roles, which counts in place of `role`.
    role_id: Option<RoleId>,
    /// Good once within five minutes, at `POST /api/v1/auth/tickets` on the organization's host.
    ticket: String,
}

/// Lists the organizations of an account, with a ticket for each. Asks for the password; second factors and the
/// organizations' own rules come when the ticket is redeemed.
#[utoipa::path(
    post,
    path = "/api/v1/auth/organizations",
    operation_id = "find_my_organizations",
    tag = "auth",
    request_body = FindMyOrganizations,
    responses(
        (status = 200, description = "up to 100 organizations in the order they were joined, on one page", body = Page<Entrance>),
        (status = 401, description = "`invalid_credentials`"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn find_my_organizations(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<FindMyOrganizations>,
) -> Result<Json<Page<Entrance>>, Problem> {
    if caller.tenant.is_some() {
        return Err(Problem::not_found());
    }
    identity.throttle.attempt(&body.email, client.address)?;
    let found = account::store::by_email(&identity.db, &body.email).await?;
    let stored = found
        .as_ref()
        .and_then(|user| user.password_hash.as_deref());
    let right = identity.passwords.verify(&body.password, stored).await?;
    let user = found.filter(|user| right && user.active);
    let user = user.ok_or_else(invalid_credentials)?;
    identity.throttle.succeeded(&user.email, client.address);

    let transaction = identity.begin().await?;
    let rows = store::page(&transaction, user.id, None, MAX_LISTED).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let whose = (user.id, row.organization.tenant_id);
        let proof = Proof::first(Method::Password);
        items.push(Entrance {
            ticket: super::issue(&identity, &transaction, whose, proof).await?,
            organization: Organization::of(row.organization, &identity.common),
            role: row.role,
            role_id: row.role_id,
        });
    }
    let event = audit::Event::done("account.identified", user.id, &client);
    audit::record(&identity, &transaction, event).await?;
    account::check_password_kept(&transaction, &user).await?;
    identity.commit(transaction).await?;
    let next_cursor = None;
    Ok(Json(Page { items, next_cursor }))
}
