//! HTTP of an organization's own providers: shown to who may manage its security, changed by who may manage all of it.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{Created, IfMatch, Json, Member, NoContent, Path, Problem, SignedIn, Versioned};
use kernel::{Permission, ProviderId, TenantId};
use sea_orm::ConnectionTrait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{attempt, context, openid, store};
use crate::client::Client;
use crate::entity::identity_provider;
use crate::state::{AppState, Identity};
use crate::{audit, organization};

/// More than any organization has; the list has no pages.
const MAX_PROVIDERS: u64 = 20;
const MAX_SECRET_BYTES: usize = 1_000;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_identity_providers, create_identity_provider))
        .routes(routes!(
            get_identity_provider,
            update_identity_provider,
            delete_identity_provider
        ))
}

/// A provider of the organization. Its client secret is never shown.
#[derive(Debug, Serialize, ToSchema)]
struct IdentityProvider {
    id: ProviderId,
    /// What people know it by.
    #[schema(example = "Acme SSO")]
    name: String,
    #[schema(example = "https://login.acme.example")]
    issuer: String,
    /// Who we are to it.
    client_id: String,
    /// Where it is to send browsers back to: an address of this provider alone, to register there.
    redirect_uri: String,
    /// Whether people may sign in with it.
    active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

fn view(identity: &Identity, row: identity_provider::Model) -> IdentityProvider {
    IdentityProvider {
        id: row.id,
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        redirect_uri: attempt::redirect_uri(identity, &row.id.to_string()),
        active: row.active,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A provider to be.
#[derive(Deserialize, Validate, ToSchema)]
struct CreateIdentityProvider {
    /// What people know it by.
    #[garde(length(chars, min = 1, max = 100), custom(httpkit::text::line))]
    #[schema(example = "Acme SSO")]
    name: String,
    /// Its issuer identifier, an `https` address; what it publishes there is read at once. It stays.
    #[garde(length(bytes, min = 8, max = 500))]
    #[schema(example = "https://login.acme.example")]
    issuer: String,
    /// Who we are to it.
    #[garde(length(chars, min = 1, max = 300), custom(httpkit::text::line))]
    client_id: String,
    /// The secret it gave with the client id.
    #[garde(custom(secret))]
    #[schema(value_type = String)]
    client_secret: SecretString,
}

/// What of a provider may change.
#[derive(Deserialize, Validate, ToSchema)]
struct UpdateIdentityProvider {
    #[serde(default)]
    #[garde(
        length(chars, min = 1, max = 100),
        custom(httpkit::text::optional_line)
    )]
    name: Option<String>,
    #[serde(default)]
    #[garde(
        length(chars, min = 1, max = 300),
        custom(httpkit::text::optional_line)
    )]
    client_id: Option<String>,
    #[serde(default)]
    #[garde(inner(custom(secret)))]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretString>,
    /// Whether people may sign in with it.
    #[serde(default)]
    #[garde(skip)]
    active: Option<bool>,
}

fn secret<C>(secret: &SecretString, _: &C) -> garde::Result {
    match secret.expose_secret().len() {
        1..=MAX_SECRET_BYTES => Ok(()),
        _ => Err(garde::Error::new("must be 1 to 1000 bytes")),
    }
}

/// Lists the organization's own providers.
#[utoipa::path(
    get,
    path = "/api/v1/organization/identity-providers",
    operation_id = "list_identity_providers",
    tag = "organization",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the providers", body = Vec<IdentityProvider>),
        (status = 403, description = "`permission_denied`, `session_required`"),
    )
)]
async fn list_identity_providers(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
) -> Result<Json<Vec<IdentityProvider>>, Problem> {
    member.require(Permission::SecurityManage)?;
    let rows = store::providers(&identity.db, member.tenant).await?;
    let views = rows.into_iter().map(|row| view(&identity, row));
    Ok(Json(views.collect()))
}

/// Adds an OpenID provider that the organization's people may sign in with.
#[utoipa::path(
    post,
    path = "/api/v1/organization/identity-providers",
    operation_id = "create_identity_provider",
    tag = "organization",
    security(("bearer" = [])),
    request_body = CreateIdentityProvider,
    responses(
        (status = 201, description = "the provider", body = IdentityProvider),
        (status = 403, description = "`permission_denied`, `session_required`"),
        (status = 409, description = "`too_many_providers`"),
        (status = 422, description = "some fields are wrong; `issuer` with `unreachable` when no OpenID provider answers there"),
    )
)]
async fn create_identity_provider(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<CreateIdentityProvider>,
) -> Result<Created<Versioned<IdentityProvider>>, Problem> {
    may_change(&member)?;
    check_issuer(&identity, &body.issuer).await?;
    let (id, now): (ProviderId, _) = (identity.ids.next(), identity.clock.now());
    let row = identity_provider::Model {
        id,
        tenant_id: member.tenant,
        name: body.name,
        issuer: body.issuer,
        client_id: body.client_id,
        sealed_client_secret: seal(&identity, id, &body.client_secret)?,
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, member.tenant).await?;
    if store::count_providers(&transaction, member.tenant).await? >= MAX_PROVIDERS {
        let detail = format!("an organization has at most {MAX_PROVIDERS} providers");
        return Err(Problem::conflict("too_many_providers", detail));
    }
    store::insert_provider(&transaction, row.clone()).await?;
    let created = audit::Event::done("identity_provider.created", member.user, &client);
    let created = created.at(member.tenant).on(id.uuid());
    audit::record(&identity, &transaction, created).await?;
    identity.commit(transaction).await?;
    Ok(Created {
        location: format!("/api/v1/organization/identity-providers/{id}"),
        body: Versioned {
            version: row.version,
            body: view(&identity, row),
        },
    })
}

/// Shows a provider of the organization.
#[utoipa::path(
    get,
    path = "/api/v1/organization/identity-providers/{id}",
    operation_id = "get_identity_provider",
    tag = "organization",
    security(("bearer" = [])),
    params(("id" = ProviderId, Path, description = "id of the provider")),
    responses(
        (status = 200, description = "the provider", body = IdentityProvider),
        (status = 403, description = "`permission_denied`, `session_required`"),
        (status = 404, description = "no such provider"),
    )
)]
async fn get_identity_provider(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Path(id): Path<ProviderId>,
) -> Result<Versioned<IdentityProvider>, Problem> {
    member.require(Permission::SecurityManage)?;
    let row = store::provider(&identity.db, member.tenant, id).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    Ok(Versioned {
        version: row.version,
        body: view(&identity, row),
    })
}

/// Changes a provider of the organization.
#[utoipa::path(
    patch,
    path = "/api/v1/organization/identity-providers/{id}",
    operation_id = "update_identity_provider",
    tag = "organization",
    security(("bearer" = [])),
    params(("id" = ProviderId, Path, description = "id of the provider")),
    request_body = UpdateIdentityProvider,
    responses(
        (status = 200, description = "the provider", body = IdentityProvider),
        (status = 403, description = "`permission_denied`, `session_required`"),
        (status = 404, description = "no such provider"),
        (status = 409, description = "`last_way_in`: without passwords, people need a provider"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn update_identity_provider(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Path(id): Path<ProviderId>,
    if_match: IfMatch,
    Json(body): Json<UpdateIdentityProvider>,
) -> Result<Versioned<IdentityProvider>, Problem> {
    may_change(&member)?;
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, member.tenant).await?;
    let row = store::provider(&transaction, member.tenant, id).await?;
    let mut row = row.ok_or_else(Problem::not_found)?;
    if_match.check(row.version)?;
    if let Some(secret) = &body.client_secret {
        row.sealed_client_secret = seal(&identity, id, secret)?;
    }
    row.name = body.name.unwrap_or(row.name);
    row.client_id = body.client_id.unwrap_or(row.client_id);
    row.active = body.active.unwrap_or(row.active);
    row.version += 1;
    row.updated_at = identity.clock.now();
    if !row.active {
        check_dispensable(&identity, &transaction, member.tenant, id).await?;
    }
    store::update_provider(&transaction, &row).await?;
    let updated = audit::Event::done("identity_provider.updated", member.user, &client);
    let updated = updated.at(member.tenant).on(id.uuid());
    let secret_changed = body.client_secret.is_some();
    let detail = json!({ "active": row.active, "secret_changed": secret_changed });
    audit::record(&identity, &transaction, updated.with(detail)).await?;
    identity.commit(transaction).await?;
    Ok(Versioned {
        version: row.version,
        body: view(&identity, row),
    })
}

/// Removes a provider of the organization, and unlinks everybody from it.
#[utoipa::path(
    delete,
    path = "/api/v1/organization/identity-providers/{id}",
    operation_id = "delete_identity_provider",
    tag = "organization",
    security(("bearer" = [])),
    params(("id" = ProviderId, Path, description = "id of the provider")),
    responses(
        (status = 204, description = "removed"),
        (status = 403, description = "`permission_denied`, `session_required`"),
        (status = 404, description = "no such provider"),
        (status = 409, description = "`last_way_in`: without passwords, people need a provider"),
    )
)]
async fn delete_identity_provider(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Path(id): Path<ProviderId>,
) -> Result<NoContent, Problem> {
    may_change(&member)?;
    let transaction = identity.begin().await?;
    organization::store::locked(&transaction, member.tenant).await?;
    let row = store::provider(&transaction, member.tenant, id).await?;
    row.ok_or_else(Problem::not_found)?;
    check_dispensable(&identity, &transaction, member.tenant, id).await?;
    store::remove_provider(&transaction, member.tenant, id).await?;
    let deleted = audit::Event::done("identity_provider.deleted", member.user, &client);
    let deleted = deleted.at(member.tenant).on(id.uuid());
    audit::record(&identity, &transaction, deleted).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Passes who may do everything in the organization: a provider can say to be any member, an owner too, so whoever sets
/// one up could become one.
fn may_change(member: &Member) -> Result<(), Problem> {
    member.require(Permission::SecurityManage)?;
    member.require(Permission::OrganizationManage)
}

fn seal(identity: &Identity, id: ProviderId, secret: &SecretString) -> Result<Vec<u8>, Problem> {
    let sealed = identity
        .seal
        .seal(secret.expose_secret().as_bytes(), &context(id));
    sealed.map_err(Problem::internal)
}

/// Passes the issuer of an OpenID provider that answers. Why another does not pass is for the log alone.
async fn check_issuer(identity: &Identity, issuer: &str) -> Result<(), Problem> {
    let refused = |code: &str, detail: &str| Problem::field("/issuer", code, detail);
    let url: Option<Url> = issuer.parse().ok();
    let plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
    let outbound = &identity.providers.outbound;
    if !url.is_some_and(|url| plain(&url) && outbound.may_call(&url)) {
        return Err(refused("invalid", "must be a public https address"));
    }
    let found = openid::discover(outbound, &identity.providers.documents, issuer).await;
    found.map(drop).map_err(|error| {
        let detail = "no OpenID provider with this issuer answers there";
        refused("unreachable", detail).with_cause(error)
    })
}

/// Passes when people can sign in without the provider: with a password, another provider, or one of the operator's.
async fn check_dispensable(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: ProviderId,
) -> Result<(), Problem> {
    let organization = organization::store::by_id(db, tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let others = store::providers(db, tenant).await?;
    let others = others.iter().any(|row| row.active && row.id != id);
    if organization.password_sign_in || others || !identity.providers.offered.is_empty() {
        return Ok(());
    }
    Err(Problem::conflict(
        "last_way_in",
        "the organization takes no passwords; add another provider first, or allow them",
    ))
}
