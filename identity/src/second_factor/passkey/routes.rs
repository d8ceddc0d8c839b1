//! HTTP of the own passkeys.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use garde::Validate;
use httpkit::{Created, Json, NoContent, Path, Problem, SignedIn};
use kernel::PasskeyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use webauthn_rs::prelude::{CredentialID, PasskeyRegistration, RegisterPublicKeyCredential};

use super::party::{party, read};
use super::store;
use crate::account::notice::{self, Change};
use crate::client::Client;
use crate::entity::passkey;
use crate::one_time::{self, Owner, Purpose};
use crate::second_factor::confirm::{self, Confirmation};
use crate::second_factor::routes::after_removal;
use crate::second_factor::{challenge, recovery, store as factors};
use crate::state::{AppState, Identity};
use crate::{audit, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_passkey_options))
        .routes(routes!(list_passkeys, create_passkey))
        .routes(routes!(delete_passkey))
}

/// What was asked of an authenticator.
#[derive(Serialize, Deserialize)]
struct Registration(PasskeyRegistration);

impl Purpose for Registration {
    const NAME: &'static str = "passkey_registration";
    const LIFETIME: TimeDelta = TimeDelta::minutes(5);
}

/// What `navigator.credentials.create` is called with.
#[derive(Serialize, ToSchema)]
struct CreationOptions {
    /// Goes back with the answer.
    ceremony: String,
    /// The options, binary values as base64url (`PublicKeyCredential.parseCreationOptionsFromJSON`).
    #[schema(value_type = Object)]
    options: Value,
}

/// Asks an authenticator to make a passkey.
#[utoipa::path(
    post,
    path = "/api/v1/auth/passkeys/options",
    operation_id = "create_passkey_options",
    tag = "second factors",
    security(("bearer" = [])),
    request_body = Confirmation,
    responses(
        (status = 200, description = "what the authenticator is asked", body = CreationOptions),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`confirmation_required`, `confirmation_refused`, `session_required`, `session_confined`"),
        (status = 409, description = "`too_many_passkeys`"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn create_passkey_options(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<Confirmation>,
) -> Result<Json<CreationOptions>, Problem> {
    let user = confirm::demand(&identity, &member, &client, &body).await?;
    let rows = store::of(&identity.db, user.id).await?;
    let had = rows
        .into_iter()
        .map(|row| CredentialID::from(row.credential_id));
    let had: Vec<CredentialID> = had.collect();
    if factors::factors(&identity.db, user.id).await?.passkeys >= store::MAX_PASSKEYS {
        return Err(too_many());
    }
    let party = party(&identity, &identity.db, member.tenant).await?;
    let (options, state) = party
        .start_passkey_registration(user.id.uuid(), user.email.as_str(), &user.name, Some(had))
        .map_err(Problem::internal)?;
    let mut options = serde_json::to_value(options).map_err(Problem::internal)?;
    // A key that tells who its person is can sign in alone; one that cannot is a second factor still.
    if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
        selection["residentKey"] = "preferred".into();
    }
    let owner = Owner {
        user: Some(user.id),
        tenant: Some(member.tenant),
    };
    Ok(Json(CreationOptions {
        ceremony: one_time::issue(&identity, &identity.db, owner, &Registration(state)).await?,
        options,
    }))
}

/// An authenticator's answer.
#[derive(Deserialize, Validate, ToSchema)]
struct CreatePasskey {
    /// What came with the options.
    #[garde(length(bytes, max = 200))]
    ceremony: String,
    /// What the person knows it by.
    #[garde(length(chars, min = 1, max = 100), custom(httpkit::text::line))]
    #[schema(example = "work laptop")]
    name: String,
    /// What `navigator.credentials.create` answered (`PublicKeyCredential.toJSON`).
    #[garde(skip)]
    #[schema(value_type = Object)]
    passkey: Value,
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
struct Passkey {
    id: PasskeyId,
    /// What the person knows it by.
    #[schema(example = "work laptop")]
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<passkey::Model> for Passkey {
    fn from(row: passkey::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// A new passkey.
#[derive(Serialize, ToSchema)]
struct Added {
    passkey: Passkey,
    /// With the first second factor: codes for the day it is lost, each good once; shown only now.
    #[schema(example = json!(["9fk2-7d0q-x1mz-c84t"]))]
    recovery_codes: Vec<String>,
}

/// Keeps a passkey that an authenticator made.
#[utoipa::path(
    post,
    path = "/api/v1/auth/passkeys",
    operation_id = "create_passkey",
    tag = "second factors",
    security(("bearer" = [])),
    request_body = CreatePasskey,
    responses(
        (status = 201, description = "the passkey", body = Added),
        (status = 401, description = "no valid access token, or `challenge_expired`: ask for new options"),
        (status = 403, description = "`session_required`"),
        (status = 409, description = "`passkey_exists`, `too_many_passkeys`"),
        (status = 422, description = "some fields are wrong, or the answer is"),
    )
)]
async fn create_passkey(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<CreatePasskey>,
) -> Result<Created<Json<Added>>, Problem> {
    let answer: RegisterPublicKeyCredential = read(body.passkey, "/passkey")?;
    let transaction = identity.begin().await?;
    factors::hold(&transaction, member.user).await?;
    let begun = one_time::redeem::<Registration>(&identity, &transaction, &body.ceremony).await?;
    let own = |owner: &Owner| {
        *owner
            == Owner {
                user: Some(member.user),
                tenant: Some(member.tenant),
            }
    };
    let begun = begun.filter(|(owner, _)| own(owner));
    let (_, Registration(state)) = begun.ok_or_else(challenge::expired)?;
    let had = factors::factors(&transaction, member.user).await?;
    if had.passkeys >= store::MAX_PASSKEYS {
        return Err(too_many());
    }
    let party = party(&identity, &transaction, member.tenant).await?;
    let key = party.finish_passkey_registration(&answer, &state);
    let key = key.map_err(|error| {
        let detail = "is not the answer to these options";
        Problem::field("/passkey", "refused", detail).with_cause(error)
    })?;
    let row = passkey::Model {
        id: identity.ids.next(),
        user_id: member.user,
        credential_id: key.cred_id().to_vec(),
        credential: serde_json::to_value(&key).map_err(Problem::internal)?,
        name: body.name,
        created_at: identity.clock.now(),
        last_used_at: None,
    };
    if !store::insert(&transaction, row.clone()).await? {
        let detail = "this passkey is in use already";
        return Err(Problem::conflict("passkey_exists", detail));
    }
    let recovery_codes = match had.any() {
        true => Vec::new(),
        false => recovery::replace(&transaction, member.user).await?,
    };
    // The authenticator knew its person: a second factor was proved inside this session.
    session::store::note_second_factor(&transaction, member.session).await?;
    let added = audit::Event::done("passkey.added", member.user, &client);
    let added = added.at(member.tenant).on(row.id.uuid());
    audit::record(&identity, &transaction, added).await?;
    let whom = (member.tenant, member.user);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::PasskeyAdded(&row.name),
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(Created {
        location: format!("/api/v1/auth/passkeys/{}", row.id),
        body: Json(Added {
            passkey: row.into(),
            recovery_codes,
        }),
    })
}

/// The own passkeys; there are at most twenty.
#[derive(Debug, Serialize, ToSchema)]
struct Passkeys {
    items: Vec<Passkey>,
}

/// Lists the own passkeys.
#[utoipa::path(
    get,
    path = "/api/v1/auth/passkeys",
    operation_id = "list_passkeys",
    tag = "second factors",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the passkeys, the oldest first", body = Passkeys),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`"),
    )
)]
async fn list_passkeys(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
) -> Result<Json<Passkeys>, Problem> {
    let rows = store::of(&identity.db, member.user).await?;
    let items = rows.into_iter().map(Passkey::from).collect();
    Ok(Json(Passkeys { items }))
}

/// Removes a passkey; the recovery codes go with the last second factor.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/passkeys/{id}",
    operation_id = "delete_passkey",
    tag = "second factors",
    security(("bearer" = [])),
    params(("id" = PasskeyId, Path, description = "the passkey")),
    request_body = Confirmation,
    responses(
        (status = 204, description = "removed"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`confirmation_required`, `confirmation_refused`, `session_required`, `session_confined`"),
        (status = 404, description = "no such passkey"),
        (status = 409, description = "`second_factor_demanded`: an organization demands one, and there is no other"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn delete_passkey(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Path(id): Path<PasskeyId>,
    client: Client,
    Json(body): Json<Confirmation>,
) -> Result<NoContent, Problem> {
    let user = confirm::demand(&identity, &member, &client, &body).await?;
    let transaction = identity.begin().await?;
    factors::hold(&transaction, user.id).await?;
    let gone = store::remove(&transaction, user.id, id).await?;
    let gone = gone.ok_or_else(Problem::not_found)?;
    after_removal(&transaction, user.id).await?;
    let removed = audit::Event::done("passkey.removed", user.id, &client);
    let removed = removed.at(member.tenant).on(id.uuid());
    audit::record(&identity, &transaction, removed).await?;
    let whom = (member.tenant, user.id);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::PasskeyRemoved(&gone.name),
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

fn too_many() -> Problem {
    let detail = format!("{} are enough; remove one first", store::MAX_PASSKEYS);
    Problem::conflict("too_many_passkeys", detail)
}
