//! HTTP of sessions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::tokens::Via;
use httpkit::{Caller, Json, Member, NoContent, Problem, SignedIn};
use kernel::{Permissions, Role, SessionId, TenantId};
use passwords::Password;
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cookies::{self, Crumbs};
use super::refresh::{Asked, Outcome, exchange};
use super::{Entry, Grant, Method, Proof, Tokens, store};
use crate::account::{self, EmailAddress, User, invalid_credentials};
use crate::audit;
use crate::client::Client;
use crate::entity::user;
use crate::member::{self, Standing};
use crate::organization::{self, Organization};
use crate::second_factor::Demand;
use crate::state::{AppState, Identity};
use crate::{password, personal_token};

/// Longest list of ended sessions; more in a quarter of an hour would be an incident.
const MAX_REVOKED: u64 = 10_000;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(get_me))
        .merge(super::devices::router())
        .route(
            "/internal/v1/sessions/revoked",
            axum::routing::get(list_revoked),
        )
}

/// Who wants in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct Login {
    /// E-mail address of the account.
    #[garde(custom(account::well_formed))]
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
    /// Its password.
    #[garde(custom(password::bounded))]
    password: Password,
}

/// Signs a member in.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    operation_id = "login",
    tag = "auth",
    request_body = Login,
    responses(
        (status = 200, description = "signed in", body = Tokens),
        (status = 202, description = "a second factor is asked for", body = Demand),
        (status = 401, description = "`invalid_credentials`: wrong, or not a member here"),
        (status = 403, description = "`sign_in_method_refused`: the organization takes no passwords"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn login(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<Login>,
) -> Result<Entry, Problem> {
    let tenant = caller.tenant()?;
    takes_passwords(&identity, tenant).await?;
    identity.throttle.attempt(&body.email, client.address)?;
    let found = account::store::by_email(&identity.db, &body.email).await?;
    let stored = found
        .as_ref()
        .and_then(|user| user.password_hash.as_deref());
    let right = identity.passwords.verify(&body.password, stored).await?;
    let Some((user, standing)) = member_of(&identity, tenant, found.filter(|_| right)).await?
    else {
        let refused = invalid_credentials();
        audit::record_entry_refused(&identity, tenant, &body.email, &client, refused.code()).await;
        return Err(refused);
    };

    let transaction = identity.begin().await?;
    let grant = Grant {
        user,
        tenant,
        standing,
    };
    let proof = Proof::first(Method::Password);
    let entry = super::enter(&identity, &transaction, &grant, &client, proof).await?;
    account::check_password_kept(&transaction, &grant.user).await?;
    identity.commit(transaction).await?;
    password::strengthen(&identity, &grant.user, &body.password).await;
    Ok(entry)
}

/// The person as a member, where it is one and may sign in.
async fn member_of(
    identity: &Identity,
    tenant: TenantId,
    person: Option<user::Model>,
) -> Result<Option<(user::Model, Standing)>, Problem> {
    let Some(user) = person.filter(|user| user.active) else {
        return Ok(None);
    };
    let standing = member::store::standing(&identity.db, tenant, user.id).await?;
    Ok(standing.map(|standing| (user, standing)))
}

/// Refuses before the password is checked, so that the answer tells nothing about it.
async fn takes_passwords(identity: &Identity, tenant: TenantId) -> Result<(), Problem> {
    let organization = organization::store::by_id(&identity.db, tenant).await?;
    match organization.is_none_or(|organization| organization.password_sign_in) {
        true => Ok(()),
        false => Err(super::method_refused()),
    }
}

/// A refresh token.
#[derive(Deserialize, Validate, ToSchema)]
struct Refresh {
    /// The token of the last answer. Browsers leave it out: theirs is in a cookie.
    #[serde(default)]
    #[garde(length(bytes, max = 8192))]
    refresh_token: Option<String>,
}

/// Exchanges a refresh token for a new pair of tokens. Each is good once: a second use ends the session, but for
/// a repetition within seconds whose first answer nobody used.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    operation_id = "refresh_session",
    tag = "auth",
    request_body = Refresh,
    responses(
        (status = 200, description = "a new pair", body = Tokens),
        (status = 401, description = "`invalid_refresh_token`, `second_factor_required` or `sign_in_method_refused`: sign in again"),
        (status = 403, description = "`csrf_refused`: the cookie came without its `X-CSRF-Token`"),
    )
)]
async fn refresh(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    mut client: Client,
    crumbs: Crumbs,
    Json(body): Json<Refresh>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant()?;
    let by_cookie = body.refresh_token.is_none();
    let Some(token) = body.refresh_token.or(crumbs.refresh_token) else {
        return Err(no_refresh_token(&client));
    };
    // A token out of a cookie never comes back where scripts can read it.
    client.browser |= by_cookie;
    let asked = Asked {
        token: &token,
        by_cookie,
        csrf: crumbs.csrf.as_deref(),
    };
    let transaction = identity.begin().await?;
    let outcome = exchange(&identity, &transaction, tenant, &client, &asked).await?;
    match outcome {
        Outcome::Renewed(tokens) => {
            transaction.commit().await?;
            Ok(tokens.into_response())
        }
        // Each may have ended the session, which is to be told.
        Outcome::Refused => end(&identity, transaction, by_cookie, invalid_refresh_token()).await,
        Outcome::SecondFactorRequired => {
            let refused = Problem::unauthorized("second_factor_required")
                .with_detail("the organization demands a second factor; sign in again");
            end(&identity, transaction, by_cookie, refused).await
        }
        Outcome::MethodRefused => {
            let refused = Problem::unauthorized("sign_in_method_refused").with_detail(
                "this organization does not take passwords any more; sign in another way",
            );
            end(&identity, transaction, by_cookie, refused).await
        }
    }
}

/// Refuses to renew; a browser forgets its cookies.
async fn end(
    identity: &Identity,
    transaction: DatabaseTransaction,
    by_cookie: bool,
    refused: Problem,
) -> Result<Response, Problem> {
    identity.commit(transaction).await?;
    match by_cookie {
        true => Ok((cookies::clear(), refused).into_response()),
        false => Err(refused),
    }
}

/// A browser need not know whether it has a session; others are to say which.
fn no_refresh_token(client: &Client) -> Problem {
    match client.browser {
        true => invalid_refresh_token(),
        false => Problem::field("/refresh_token", "missing", "which token to exchange"),
    }
}

fn invalid_refresh_token() -> Problem {
    Problem::unauthorized("invalid_refresh_token")
        .with_detail("the refresh token is not valid, or no longer; sign in again")
}

/// Ends the session of the access token.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    operation_id = "logout",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "signed out"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: a personal access token has no session"),
    )
)]
async fn logout(
    State(identity): State<Arc<Identity>>,
    client: Client,
    SignedIn(member): SignedIn,
) -> Result<Response, Problem> {
    let transaction = identity.begin().await?;
    super::revoke(&identity, &transaction, member.session, "logout").await?;
    let ended = audit::Event::done("session.ended", member.user, &client);
    let ended = ended.at(member.tenant).on(member.session.uuid());
    audit::record(&identity, &transaction, ended).await?;
    identity.commit(transaction).await?;
    match client.browser {
        true => Ok((cookies::clear(), NoContent).into_response()),
        false => Ok(NoContent.into_response()),
    }
}

/// The member who is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    user: User,
    organization: Organization,
    role: Role,
    /// What the role allows.
    #[schema(value_type = Vec<String>, example = json!(["task:read"]))]
    permissions: Permissions,
}

/// Tells who is signed in, where, and as what.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    operation_id = "get_me",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the member", body = Me),
        (status = 401, description = "no valid access token, or the session has ended"),
    )
)]
async fn get_me(
    State(identity): State<Arc<Identity>>,
    member: Member,
) -> Result<Json<Me>, Problem> {
    let db = &identity.db;
    let ended = || Problem::unauthorized("session_ended");
    if member.via == Via::Session
        && !store::is_live(db, member.session, identity.clock.now()).await?
    {
        return Err(ended());
    }
    let user = account::store::active(db, member.user)
        .await?
        .ok_or_else(ended)?;
    let standing = member::store::standing(db, member.tenant, member.user)
        .await?
        .ok_or_else(ended)?;
    let organization = organization::store::by_id(db, member.tenant)
        .await?
        .ok_or_else(ended)?;
    Ok(Json(Me {
        user: user.into(),
        organization: Organization::of(organization, &identity.common),
        role: standing.role,
        permissions: match member.via {
            Via::Session => standing.permissions,
            Via::PersonalToken => standing.permissions.intersection(member.permissions),
        },
    }))
}

/// A session that ended before its last access token.
#[derive(Debug, Serialize)]
struct Revoked {
    session_id: SessionId,
    expires_at: DateTime<Utc>,
}

/// What a gateway that missed events needs to know.
async fn list_revoked(
    State(identity): State<Arc<Identity>>,
    _: Caller,
) -> Result<Json<Vec<Revoked>>, Problem> {
    let since = identity.clock.now() - identity.lifetimes.access;
    let rows = store::revoked_since(&identity.db, since, MAX_REVOKED).await?;
    let sessions = rows.into_iter().filter_map(|row| {
        let expires_at = row.revoked_at? + identity.lifetimes.access;
        Some((row.id, expires_at))
    });
    let tokens = personal_token::revoked_since(&identity.db, since, MAX_REVOKED).await?;
    let tokens = tokens.iter().filter_map(personal_token::end_of);
    let revoked = sessions
        .chain(tokens)
        .map(|(session_id, expires_at)| Revoked {
            session_id,
            expires_at,
        });
    Ok(Json(revoked.collect()))
}
