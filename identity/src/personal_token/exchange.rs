//! Exchanges a personal token for an access token, for the gateway.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::tokens::Via;
use httpkit::{Caller, Json, Problem, Service};
use kernel::Permissions;
use kernel::secret::sha256;
use serde::{Deserialize, Serialize};

use super::{model, store};
use crate::session::{Grant, Signing};
use crate::state::Identity;
use crate::{account, member, organization, second_factor};

/// A token as a program presents it.
#[derive(Deserialize, Validate)]
pub(super) struct Presented {
    #[garde(length(bytes, max = 100))]
    token: String,
}

/// What it is good for.
#[derive(Serialize)]
pub(super) struct Exchanged {
    access_token: String,
    /// Seconds that the access token is good.
    expires_in: i64,
}

pub(super) async fn exchange(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<Presented>,
) -> Result<Json<Exchanged>, Problem> {
    caller.only(&[Service::Gateway])?;
    let (db, now) = (&identity.db, identity.clock.now());
    let tenant = caller.tenant()?;
    let row = store::by_hash(db, tenant, sha256(&body.token), now).await?;
    let row = row.ok_or_else(refused)?;
    let user = account::store::active(db, row.user_id).await?;
    let standing = member::store::standing(db, tenant, row.user_id).await?;
    let (user, standing) = user.zip(standing).ok_or_else(refused)?;
    let organization = organization::store::by_id(db, tenant).await?;
    let organization = organization.ok_or_else(refused)?;
    if !second_factor::satisfied(db, user.id, &organization).await? {
        return Err(refused());
    }
    store::touch(db, row.id, now).await?;

    let held = standing.permissions;
    let grant = Grant {
        user,
        tenant,
        standing,
    };
    let lifetime = model::ACCESS_LIFETIME.min(identity.lifetimes.access);
    let lifetime = lifetime.min(row.expires_at - now);
    let access_token = Signing {
        session: model::as_session(row.id),
        via: Via::PersonalToken,
        permissions: held.intersection(granted(&row.scopes)),
        lifetime,
    }
    .sign(&identity, &grant)?;
    Ok(Json(Exchanged {
        access_token,
        expires_in: lifetime.num_seconds(),
    }))
}

/// Names this version does not know grant nothing.
fn granted(scopes: &[String]) -> Permissions {
    let known = scopes.iter().filter_map(|name| name.parse().ok());
    known.collect()
}

fn refused() -> Problem {
    Problem::unauthorized("token_refused")
        .with_detail("the personal access token is not valid, or no longer")
}
