//! HTTP of the second step of a sign-in; who asks has a challenge, no access token.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Caller, Json, Problem};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::challenge::Held;
use super::check::{Answer, check, check_new_device};
use super::{passkey, recovery, store, totp};
use crate::account::notice::{self, Change};
use crate::client::Client;
use crate::session::{self, Entry, Grant, Method, Proof, Tokens};
use crate::state::{AppState, Identity};
use crate::{account, audit};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(give_second_factor))
        .routes(routes!(enroll_second_factor))
        .routes(routes!(create_second_factor_passkey))
}

/// A second factor; one of `code`, `recovery_code` and `passkey`.
#[derive(Deserialize, Validate, ToSchema)]
struct SecondFactor {
    /// The challenge that signing in answered.
    #[garde(length(bytes, max = 200))]
    challenge: String,
    /// The code that the authenticator app shows now.
    #[serde(default)]
    #[garde(length(bytes, max = 20))]
    #[schema(example = "123456")]
    code: Option<String>,
    /// A recovery code that was not used.
    #[serde(default)]
    #[garde(length(bytes, max = 100))]
    #[schema(example = "9fk2-7d0q-x1mz-c84t")]
    recovery_code: Option<String>,
    /// What `navigator.credentials.get` answered (`PublicKeyCredential.toJSON`).
    #[serde(default)]
    #[garde(skip)]
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
}

/// Signs in with a second factor, after a sign-in that answered 202. The first code after `enroll` sets the
/// authenticator app up.
#[utoipa::path(
    post,
    path = "/api/v1/auth/second-factor",
    operation_id = "give_second_factor",
    tag = "auth",
    request_body = SecondFactor,
    responses(
        (status = 200, description = "signed in", body = Tokens),
        (status = 401, description = "`second_factor_refused`: wrong, or used before; `challenge_expired`: sign in again"),
        (status = 403, description = "`sign_in_method_refused`: not the way in here any more; `session_confined`: as for `enroll`"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn give_second_factor(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<SecondFactor>,
) -> Result<Entry, Problem> {
    let tenant = caller.tenant()?;
    let given = Answer::of(body.code.as_deref(), body.recovery_code.as_deref());
    let given = match (given, body.passkey) {
        (Some(answer), None) => Given::Typed(answer),
        (None, Some(answer)) => Given::Passkey(answer),
        (None, None) | (Some(_), Some(_)) => return Err(one_of()),
    };
    let transaction = identity.begin().await?;
    let mut held = Held::take(&identity, &transaction, tenant, &body.challenge).await?;
    let has_one = store::factors(&transaction, held.user).await?.any();
    let passed = match given {
        Given::Passkey(answer) => touched(&identity, &transaction, &mut held, answer).await?,
        Given::Typed(answer) if has_one => {
            check(&identity, &transaction, held.user, answer).await?
        }
        Given::Typed(Answer::Code(code)) => {
            set_up(&identity, &transaction, &held, code, &client).await?
        }
        Given::Typed(Answer::RecoveryCode(_)) => false,
    };
    let refused = audit::Event::refused(
        "second_factor.given",
        Some(held.user),
        &client,
        "second_factor_refused",
    );
    if !passed {
        audit::record(&identity, &transaction, refused.at(tenant)).await?;
        held.note_wrong(&identity, &transaction).await?;
        identity.commit(transaction).await?;
        return Err(refusal());
    }
    let entry = proceed(&identity, &transaction, held, &client).await?;
    identity.commit(transaction).await?;
    Ok(entry)
}

/// What came in.
enum Given<'a> {
    Typed(Answer<'a>),
    Passkey(Value),
}

/// Whether one of the person's authenticators answered what it was asked last.
async fn touched(
    identity: &Identity,
    db: &impl ConnectionTrait,
    held: &mut Held<'_>,
    answer: Value,
) -> Result<bool, Problem> {
    let Some(begun) = held.passkey() else {
        return Ok(false);
    };
    let party = passkey::party(identity, db, held.tenant).await?;
    passkey::finish(identity, db, &party, held.user, &begun, answer).await
}

/// Confirms the device that was begun during the sign-in.
async fn set_up(
    identity: &Identity,
    db: &impl ConnectionTrait,
    held: &Held<'_>,
    code: &str,
    client: &Client,
) -> Result<bool, Problem> {
    may_set_up(db, held).await?;
    let right = check_new_device(identity, db, held.user, code).await?;
    if right {
        let enrolled = audit::Event::done("totp.enrolled", held.user, client);
        audit::record(identity, db, enrolled.at(held.tenant)).await?;
        let whom = (held.tenant, held.user);
        notice::tell(identity, db, whom, client, Change::AuthenticatorAdded).await?;
    }
    Ok(right)
}

/// Passes who may set a device up: it counts wherever the person works, so the word of one organization's provider is
/// not enough for somebody who is in another one too.
async fn may_set_up(db: &impl ConnectionTrait, held: &Held<'_>) -> Result<(), Problem> {
    match held.method() {
        Method::OwnProvider => {
            session::require_no_other_organization(db, held.tenant, held.user).await
        }
        Method::Password | Method::Passkey | Method::Provider | Method::Session => Ok(()),
    }
}

/// Lets the person in, as what that person is by now.
async fn proceed(
    identity: &Identity,
    db: &impl ConnectionTrait,
    held: Held<'_>,
    client: &Client,
) -> Result<Entry, Problem> {
    let grant = Grant::now(db, held.tenant, held.user).await?;
    let grant = grant.ok_or_else(account::invalid_credentials)?;
    let proof = Proof {
        method: held.method(),
        second_factor: true,
    };
    held.use_up(identity, db).await?;
    session::enter(identity, db, &grant, client, proof).await
}

/// A sign-in whose first factor is proved.
#[derive(Deserialize, Validate, ToSchema)]
struct HalfSignedIn {
    /// The challenge that signing in answered.
    #[garde(length(bytes, max = 200))]
    challenge: String,
}

/// What `navigator.credentials.get` is called with.
#[derive(Serialize, ToSchema)]
struct SecondFactorPasskey {
    /// The options, binary values as base64url (`PublicKeyCredential.parseRequestOptionsFromJSON`).
    #[schema(value_type = Object)]
    options: Value,
}

/// Asks the person's authenticators for a second factor. `POST /auth/second-factor` takes the answer.
#[utoipa::path(
    post,
    path = "/api/v1/auth/second-factor/passkey",
    operation_id = "create_second_factor_passkey",
    tag = "auth",
    request_body = HalfSignedIn,
    responses(
        (status = 200, description = "what the authenticators are asked", body = SecondFactorPasskey),
        (status = 401, description = "`challenge_expired`: sign in again"),
        (status = 404, description = "the person has no passkey"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn create_second_factor_passkey(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<HalfSignedIn>,
) -> Result<Json<SecondFactorPasskey>, Problem> {
    let tenant = caller.tenant()?;
    let transaction = identity.begin().await?;
    let held = Held::take(&identity, &transaction, tenant, &body.challenge).await?;
    let party = passkey::party(&identity, &transaction, tenant).await?;
    let begun = passkey::begin(&transaction, &party, held.user).await?;
    let (options, begun) = begun.ok_or_else(Problem::not_found)?;
    held.ask(&transaction, begun).await?;
    transaction.commit().await?;
    Ok(Json(SecondFactorPasskey { options }))
}

/// What an authenticator app is given, and the codes for the day it is lost.
#[derive(Serialize, ToSchema)]
struct Enrollment {
    totp: totp::Shown,
    /// Each is good once in place of a code; shown only now.
    #[schema(example = json!(["9fk2-7d0q-x1mz-c84t"]))]
    recovery_codes: Vec<String>,
}

/// Begins to set an authenticator app up during a sign-in, where the organization demands a second factor and the
/// person has none. `POST /auth/second-factor` with the first code ends both.
#[utoipa::path(
    post,
    path = "/api/v1/auth/second-factor/enroll",
    operation_id = "enroll_second_factor",
    tag = "auth",
    request_body = HalfSignedIn,
    responses(
        (status = 200, description = "what the authenticator app needs", body = Enrollment),
        (status = 401, description = "`challenge_expired`: sign in again"),
        (status = 403, description = "`session_confined`: a provider of this organization speaks for it alone, and the person is in others; set one up there"),
        (status = 409, description = "`second_factor_exists`: give that one"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn enroll_second_factor(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<HalfSignedIn>,
) -> Result<Json<Enrollment>, Problem> {
    let tenant = caller.tenant()?;
    let transaction = identity.begin().await?;
    let held = Held::take(&identity, &transaction, tenant, &body.challenge).await?;
    store::hold(&transaction, held.user).await?;
    may_set_up(&transaction, &held).await?;
    if store::factors(&transaction, held.user).await?.any() {
        return Err(Problem::conflict(
            "second_factor_exists",
            "there is a second factor already; sign in with it",
        ));
    }
    let user = account::store::active(&transaction, held.user).await?;
    let user = user.ok_or_else(account::invalid_credentials)?;
    let (sealed, shown) = totp::generate(&identity.seal, user.id, &user.email)?;
    store::begin_device(&transaction, user.id, sealed, identity.clock.now()).await?;
    let recovery_codes = recovery::replace(&transaction, user.id).await?;
    transaction.commit().await?;
    Ok(Json(Enrollment {
        totp: shown,
        recovery_codes,
    }))
}

fn one_of() -> Problem {
    Problem::field("/code", "missing", "give one second factor, and only one")
}

/// 401 in the same words, whatever was wrong.
fn refusal() -> Problem {
    Problem::unauthorized("second_factor_refused")
        .with_detail("the second factor is wrong, or was used before")
}
