//! HTTP of signing in with a passkey and nothing else: the key tells who its person is.

use std::sync::Arc;

use axum::extract::State;
use chrono::TimeDelta;
use garde::Validate;
use httpkit::{Caller, Json, Problem};
use kernel::{TenantId, UserId};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use webauthn_rs::prelude::{DiscoverableAuthentication, DiscoverableKey, PublicKeyCredential};

use super::party::{party, read};
use super::{store, verify};
use crate::audit;
use crate::client::Client;
use crate::one_time::{self, Owner, Purpose};
use crate::session::{self, Entry, Grant, Method, Proof, Tokens};
use crate::state::{AppState, Identity};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_passkey_login))
        .routes(routes!(login_with_passkey))
}

/// What was asked of an authenticator.
#[derive(Serialize, Deserialize)]
struct Login(DiscoverableAuthentication);

impl Purpose for Login {
    const NAME: &'static str = "passkey_login";
    const LIFETIME: TimeDelta = TimeDelta::minutes(5);
}

/// What `navigator.credentials.get` is called with.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginOptions {
    /// Goes back with the answer.
    ceremony: String,
    /// The options, binary values as base64url (`PublicKeyCredential.parseRequestOptionsFromJSON`).
    #[schema(value_type = Object)]
    options: Value,
}

/// Asks an authenticator to sign somebody in, whoever it is.
#[utoipa::path(
    post,
    path = "/api/v1/auth/passkeys/login/options",
    operation_id = "create_passkey_login",
    tag = "auth",
    responses((status = 200, description = "what the authenticator is asked", body = LoginOptions))
)]
async fn create_passkey_login(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
) -> Result<Json<LoginOptions>, Problem> {
    let tenant = caller.tenant()?;
    let party = party(&identity, &identity.db, tenant).await?;
    let (mut options, state) = party
        .start_discoverable_authentication()
        .map_err(Problem::internal)?;
    // Whether the browser asks at once or offers the key in a form is the page's business.
    options.mediation = None;
    let owner = Owner {
        user: None,
        tenant: Some(tenant),
    };
    Ok(Json(LoginOptions {
        ceremony: one_time::issue(&identity, &identity.db, owner, &Login(state)).await?,
        options: serde_json::to_value(options).map_err(Problem::internal)?,
    }))
}

/// An authenticator's answer.
#[derive(Deserialize, Validate, ToSchema)]
struct LoginWithPasskey {
    /// What came with the options.
    #[garde(length(bytes, max = 200))]
    ceremony: String,
    /// What `navigator.credentials.get` answered (`PublicKeyCredential.toJSON`).
    #[garde(skip)]
    #[schema(value_type = Object)]
    passkey: Value,
}

/// Signs in with a passkey: both factors in one.
#[utoipa::path(
    post,
    path = "/api/v1/auth/passkeys/login",
    operation_id = "login_with_passkey",
    tag = "auth",
    request_body = LoginWithPasskey,
    responses(
        (status = 200, description = "signed in", body = Tokens),
        (status = 401, description = "`passkey_refused`: unknown here, or the answer is wrong; `challenge_expired`: ask for new options"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn login_with_passkey(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<LoginWithPasskey>,
) -> Result<Entry, Problem> {
    let tenant = caller.tenant()?;
    let answer: PublicKeyCredential = read(body.passkey, "/passkey")?;
    let transaction = identity.begin().await?;
    let begun = one_time::redeem::<Login>(&identity, &transaction, &body.ceremony).await?;
    let begun = begun.filter(|(owner, _)| owner.tenant == Some(tenant));
    let (_, Login(state)) = begun.ok_or_else(crate::second_factor::challenge::expired)?;
    let known = identify(&identity, &transaction, tenant, state, &answer).await?;
    let grant = match known {
        Some(user) => Grant::now(&transaction, tenant, user).await?,
        None => None,
    };
    let Some(grant) = grant else {
        let refused = audit::Event::refused("passkey.given", known, &client, REFUSED);
        audit::record(&identity, &transaction, refused.at(tenant)).await?;
        identity.commit(transaction).await?;
        return Err(refusal());
    };
    let proof = Proof {
        method: Method::Passkey,
        second_factor: true,
    };
    let entry = session::enter(&identity, &transaction, &grant, &client, proof).await?;
    identity.commit(transaction).await?;
    Ok(entry)
}

/// Whose key answered; `None` for a wrong answer.
async fn identify(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    state: DiscoverableAuthentication,
    answer: &PublicKeyCredential,
) -> Result<Option<UserId>, Problem> {
    let party = party(identity, db, tenant).await?;
    let Ok((user, credential_id)) = party.identify_discoverable_authentication(answer) else {
        return Ok(None);
    };
    let row = store::locked(db, credential_id).await?;
    let Some(row) = row.filter(|row| row.user_id == UserId::from(user)) else {
        return Ok(None);
    };
    let mut key = verify::key_of(&row)?;
    let found = DiscoverableKey::from(&key);
    let result = match party.finish_discoverable_authentication_v2(answer, state, &found) {
        Ok(result) if result.user_verified() => result,
        Ok(_) | Err(_) => return Ok(None),
    };
    key.update_credential(&result);
    verify::note_use(identity, db, &row, &key).await?;
    Ok(Some(row.user_id))
}

const REFUSED: &str = "passkey_refused";

/// 401 in the same words, whatever was wrong.
fn refusal() -> Problem {
    Problem::unauthorized(REFUSED).with_detail("this passkey opens nothing here")
}
