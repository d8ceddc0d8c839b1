//! HTTP of sign-up, on the bare domain.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Caller, Created, Json, Path, Problem};
use kernel::Subdomain;
use passwords::Password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{Wish, request_id};
use super::resolver::{self, Availability};
use super::saga::{self, Settled};
use crate::account::{self, EmailAddress, User, invalid_credentials};
use crate::client::Client;
use crate::member;
use crate::organization::{self, Organization};
use crate::password;
use crate::second_factor::Demand;
use crate::session::{self, Entry, Grant, Method, Proof, Tokens};
use crate::state::{AppState, Identity};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_organization))
        .routes(routes!(get_subdomain))
}

/// A new organization and its first owner.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct CreateOrganization {
    /// Name of the organization.
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    #[schema(example = "Acme Inc.")]
    name: String,
    /// The label it is to live under: 3 to 40 characters of a-z, 0-9 and single hyphens.
    #[garde(skip)]
    #[schema(example = "acme")]
    subdomain: String,
    /// The first owner.
    #[garde(dive)]
    owner: Owner,
}

/// Somebody new, or somebody with an account who proves it by its password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct Owner {
    /// Display name, for a new account.
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// E-mail address, the login.
    #[garde(custom(account::well_formed))]
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
    /// Password: 10 to 128 characters, none of the common ones.
    #[garde(custom(password::acceptable))]
    password: Password,
}

/// What a sign-up comes to.
#[derive(Serialize, ToSchema)]
struct SignedUp {
    organization: Organization,
    /// The owner's session; absent when an account that existed has a second factor to give first.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Tokens>,
    /// What to do for a session then.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor: Option<Demand>,
    user: User,
}

/// Signs an organization up and its first owner in. Send an `Idempotency-Key`: the same request with the same key
/// answers the same organization again, with a new session.
#[utoipa::path(
    post,
    path = "/api/v1/organizations",
    operation_id = "create_organization",
    tag = "organizations",
    request_body = CreateOrganization,
    params(("Idempotency-Key" = Option<String>, Header, description = "names this sign-up")),
    responses(
        (status = 201, description = "the organization is ready", body = SignedUp),
        (status = 401, description = "`invalid_credentials`: the address has an account with another password"),
        (status = 409, description = "`subdomain_taken`"),
        (status = 422, description = "`subdomain_reserved`, `subdomain_malformed`, `idempotency_key_reused`, or some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
        (status = 503, description = "interrupted; send it again with the same key"),
    )
)]
async fn create_organization(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    key: IdempotencyKey,
    client: Client,
    Json(body): Json<CreateOrganization>,
) -> Result<Created<Json<SignedUp>>, Problem> {
    on_bare_domain(caller)?;
    let wish = Wish {
        organization: body.name,
        subdomain: Subdomain::parse(&body.subdomain).map_err(resolver::refused_name)?,
        owner: body.owner.name,
        email: body.owner.email,
    };
    identity.throttle.attempt(&wish.email, client.address)?;
    let id = request_id(key.0.as_deref(), &wish.email, &identity.ids);
    let (tenant, user) = saga::establish(&identity, &id, &wish, &body.owner.password).await?;
    if saga::settle(&identity, tenant).await? == Settled::Removed {
        return Err(saga::interrupted());
    }

    let transaction = identity.begin().await?;
    let row = organization::store::by_id(&transaction, tenant).await?;
    let standing = member::store::standing(&transaction, tenant, user.id).await?;
    let (row, standing) = row.zip(standing).ok_or_else(invalid_credentials)?;
    let grant = Grant {
        user,
        tenant,
        standing,
    };
    let proof = Proof::first(Method::Password);
    let (session, second_factor) =
        match session::enter(&identity, &transaction, &grant, &client, proof).await? {
            Entry::SignedIn(tokens) => (Some(tokens), None),
            Entry::SecondFactor(demand) => (None, Some(demand)),
        };
    identity.commit(transaction).await?;
    let organization = Organization::of(row, &identity.common);
    Ok(Created {
        location: organization.url().to_owned(),
        body: Json(SignedUp {
            organization,
            session,
            second_factor,
            user: grant.user.into(),
        }),
    })
}

/// Tells whether a subdomain can be had.
#[utoipa::path(
    get,
    path = "/api/v1/subdomains/{name}",
    operation_id = "get_subdomain",
    tag = "organizations",
    params(("name" = String, Path, description = "the label asked for")),
    responses((status = 200, description = "whether it can be had, and why not", body = Availability))
)]
async fn get_subdomain(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Availability>, Problem> {
    on_bare_domain(caller)?;
    Ok(Json(
        resolver::availability(&identity.resolver, name).await?,
    ))
}

/// Organizations have neither of these: 404 there.
fn on_bare_domain(caller: Caller) -> Result<(), Problem> {
    match caller.tenant {
        None => Ok(()),
        Some(_) => Err(Problem::not_found()),
    }
}
