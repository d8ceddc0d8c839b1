//! HTTP of personal access tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{Created, Json, ListQuery, NoContent, PageRequest, Path, Problem, SignedIn};
use kernel::secret::sha256;
use kernel::{Page, Permission, PersonalTokenId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::exchange::exchange;
use super::store::{Listed, Of};
use super::{model, store};
use crate::account::notice::{self, Change};
use crate::audit;
use crate::client::Client;
use crate::entity::personal_token;
use crate::member;
use crate::state::{AppState, Identity};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_token, list_tokens))
        .routes(routes!(delete_token))
        .route("/internal/v1/tokens/exchange", post(exchange))
}

/// A token to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct CreateToken {
    /// What it is for.
    #[garde(length(chars, min = 1, max = 100), custom(httpkit::text::line))]
    #[schema(example = "nightly export")]
    name: String,
    /// What it may do: permissions that the person has. One that the person loses is lost to the token too.
    #[garde(length(max = 64))]
    #[schema(example = json!(["task:read"]))]
    scopes: Vec<String>,
    /// From then on it is good for nothing; a year ahead at most.
    #[garde(skip)]
    expires_at: DateTime<Utc>,
}

/// A personal access token, but for itself.
#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    /// Id of the token.
    id: PersonalTokenId,
    /// Whose it is.
    user_id: UserId,
    /// The person's name.
    user_name: String,
    /// What it is for.
    name: String,
    /// Its last characters.
    #[schema(example = "x9Qa")]
    hint: String,
    /// What it may do, as long as the person may.
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    /// From then on it is good for nothing.
    expires_at: DateTime<Utc>,
    /// When it was last used, to within some minutes.
    last_used_at: Option<DateTime<Utc>>,
}

/// A new token, shown this once.
#[derive(Serialize, ToSchema)]
struct NewToken {
    #[serde(flatten)]
    view: TokenView,
    /// Goes into `Authorization: Bearer` of each request. Nobody can tell it again.
    #[schema(example = "tntp_…")]
    token: String,
}

impl From<Listed> for TokenView {
    fn from(row: Listed) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            user_name: row.user_name,
            name: row.name,
            hint: row.hint,
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Makes an access token for a program. Asks for a session: a token cannot make tokens.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    operation_id = "create_token",
    tag = "tokens",
    security(("bearer" = [])),
    request_body = CreateToken,
    responses(
        (status = 201, description = "the token, shown this once", body = NewToken),
        (status = 403, description = "`scope_not_held`, `session_required`"),
        (status = 409, description = "`too_many_tokens`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn create_token(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<CreateToken>,
) -> Result<Created<Json<NewToken>>, Problem> {
    let now = identity.clock.now();
    let scopes = model::scopes(&body.scopes)?;
    model::check_expiry(body.expires_at, now)?;
    let transaction = identity.begin().await?;
    // What the person may do now, not when the access token was signed.
    let standing = member::store::standing(&transaction, member.tenant, member.user).await?;
    let standing = standing.ok_or_else(Problem::not_found)?;
    model::check_held(standing.permissions, scopes)?;
    let own = Of::Member(member.tenant, member.user);
    model::check_count(store::count(&transaction, own, now).await?)?;
    let secret = model::draw().map_err(Problem::internal)?;
    let row = personal_token::Model {
        id: identity.ids.next(),
        tenant_id: member.tenant,
        user_id: member.user,
        name: body.name,
        token_hash: sha256(&secret.token).to_vec(),
        hint: secret.hint,
        scopes: scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        created_at: now,
        expires_at: body.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    store::insert(&transaction, row.clone()).await?;
    let made = audit::Event::done("token.created", member.user, &client).at(member.tenant);
    let made = made
        .on(row.id.uuid())
        .with(json!({ "scopes": &row.scopes }));
    audit::record(&identity, &transaction, made).await?;
    let whom = (member.tenant, member.user);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::TokenMade(&row.name),
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(Created {
        location: format!("/api/v1/tokens/{}", row.id),
        body: Json(NewToken {
            view: view(row, member.name),
            token: secret.token,
        }),
    })
}

fn view(row: personal_token::Model, user_name: String) -> TokenView {
    TokenView {
        id: row.id,
        user_id: row.user_id,
        user_name,
        name: row.name,
        hint: row.hint,
        scopes: row.scopes,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}

/// Whose tokens to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Everybody's; asks for `security:manage`.
    #[serde(default)]
    #[param(required = false)]
    all: bool,
}

/// Lists access tokens that have not been revoked, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "list_tokens",
    tag = "tokens",
    security(("bearer" = [])),
    params(PageRequest, Whose),
    responses(
        (status = 200, description = "a page of tokens", body = Page<TokenView>),
        (status = 403, description = "`permission_denied`, `session_required`"),
    )
)]
async fn list_tokens(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    ListQuery { page, filter }: ListQuery<Whose>,
) -> Result<Json<Page<TokenView>>, Problem> {
    let of = match filter.all {
        true => {
            member.require(Permission::SecurityManage)?;
            Of::Organization(member.tenant)
        }
        false => Of::Member(member.tenant, member.user),
    };
    let after = page.after()?;
    let rows = store::page(&identity.db, of, after, page.limit_and_one()).await?;
    let key = |row: &Listed| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, TokenView::from)))
}

/// Revokes an access token, one's own or with `security:manage` anybody's. Within a second it is refused.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    operation_id = "delete_token",
    tag = "tokens",
    security(("bearer" = [])),
    params(("id" = PersonalTokenId, Path, description = "id of the token")),
    responses(
        (status = 204, description = "revoked"),
        (status = 403, description = "`session_required`"),
        (status = 404, description = "no such token, or not one of yours"),
    )
)]
async fn delete_token(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Path(id): Path<PersonalTokenId>,
) -> Result<NoContent, Problem> {
    let transaction = identity.begin().await?;
    let row = store::one(&transaction, member.tenant, id).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let manages = member.permissions.contains(Permission::SecurityManage);
    if row.user_id != member.user && !manages {
        return Err(Problem::not_found());
    }
    super::revoke(&identity, &transaction, Of::One(member.tenant, id)).await?;
    let ended = audit::Event::done("token.revoked", member.user, &client).at(member.tenant);
    let ended = ended.on(id.uuid()).with(json!({ "user_id": row.user_id }));
    audit::record(&identity, &transaction, ended).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}
