//! The steps of a sign-up; see the feature's header for what a crash between them leaves.

use events::topic::organization::OrganizationCreated;
use events::topic::user::{MemberJoined, UserCreated};
use httpkit::Problem;
use httpkit::client::UpstreamError;
use kernel::{Role, TenantId};
use passwords::Password;

use super::model::Wish;
use super::resolver::{self, ClaimError};
use super::store;
use crate::account::{self, Identified};
use crate::entity::{organization, user};
use crate::mail::{self, Welcome};
use crate::state::Identity;
use crate::{member, organization as organizations};

/// When a client may repeat a sign-up that was interrupted.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Steps 1 to 3: the organization of this request, made now or before, and its owner.
pub(super) async fn establish(
    identity: &Identity,
    request_id: &str,
    wish: &Wish,
    password: &Password,
) -> Result<(TenantId, user::Model), Problem> {
    check_free(identity, request_id, wish).await?;
    let person = account::identify(identity, &wish.email, password).await?;
    let now = identity.clock.now();
    let noted = store::note(&identity.db, request_id, wish.fingerprint(), now).await?;
    let noted = noted.ok_or_else(interrupted)?;
    if noted.fingerprint != wish.fingerprint() {
        return Err(reused());
    }
    let tenant = match noted.tenant_id {
        Some(tenant) => tenant,
        None => claim(identity, request_id, wish).await?,
    };
    match found(identity, request_id, wish, tenant, person).await? {
        Founded::Done(tenant, owner) => Ok((tenant, *owner)),
        // Somebody took the address since step 1: it was this person if the password opens the account.
        Founded::AddressTaken => {
            let person = account::identify(identity, &wish.email, password).await?;
            match found(identity, request_id, wish, tenant, person).await? {
                Founded::Done(tenant, owner) => Ok((tenant, *owner)),
                Founded::AddressTaken => Err(interrupted()),
            }
        }
    }
}

/// Refuses a name that cannot be had before anything is said about the person: else it would tell which addresses have
/// an account, and make nothing. A request that was made before has the name itself, also one that is made right now.
async fn check_free(identity: &Identity, request_id: &str, wish: &Wish) -> Result<(), Problem> {
    if store::is_noted(&identity.db, request_id).await? {
        return Ok(());
    }
    let name = wish.subdomain.to_string();
    let found = resolver::availability(&identity.resolver, name).await?;
    match found.refusal() {
        Some(refused) if !store::is_noted(&identity.db, request_id).await? => Err(refused),
        Some(_) | None => Ok(()),
    }
}

/// Step 2. A request that will never get a tenant is forgotten, so that its key can be used again.
async fn claim(identity: &Identity, request_id: &str, wish: &Wish) -> Result<TenantId, Problem> {
    match resolver::claim(&identity.resolver, request_id, wish).await {
        Ok(tenant) => Ok(tenant),
        Err(ClaimError::Refused(problem)) => {
            store::forget(&identity.db, request_id).await?;
            Err(problem)
        }
        Err(ClaimError::Away(error)) => Err(error.into()),
    }
}

enum Founded {
    Done(TenantId, Box<user::Model>),
    AddressTaken,
}

/// Step 3. Does nothing when a twin of this request did it.
async fn found(
    identity: &Identity,
    request_id: &str,
    wish: &Wish,
    tenant: TenantId,
    person: Identified,
) -> Result<Founded, Problem> {
    let now = identity.clock.now();
    let transaction = identity.begin().await?;
    let noted = store::locked(&transaction, request_id).await?;
    let earlier = noted.ok_or_else(interrupted)?.tenant_id;
    let owner = match person {
        Identified::Known(user) => user,
        Identified::Stranger { password_hash } => {
            let (id, email, name) = (identity.ids.next(), wish.email.clone(), wish.owner.clone());
            let user =
                account::store::insert(&transaction, id, email, name, password_hash, now).await?;
            let Some(user) = user else {
                return Ok(Founded::AddressTaken);
            };
            let event = UserCreated { user_id: id };
            identity.emit(&transaction, tenant, id, &event).await?;
            Box::new(user)
        }
    };
    if let Some(earlier) = earlier {
        return Ok(Founded::Done(earlier, owner));
    }
    let row = organization::Model {
        tenant_id: tenant,
        subdomain: wish.subdomain.to_string(),
        name: wish.organization.clone(),
        request_id: request_id.to_owned(),
        confirmed_at: None,
        created_at: now,
        greet: true,
        named_at: None,
        allowed_email_domains: Vec::new(),
        require_second_factor: false,
        password_sign_in: true,
        switch_without_password: true,
        audit_retention_days: organizations::AUDIT_RETENTION_DAYS,
        version: 1,
    };
    organizations::store::insert(&transaction, row).await?;
    member::store::insert(&transaction, tenant, owner.id, Role::Owner, now).await?;
    store::done(&transaction, request_id, tenant).await?;
    identity.commit(transaction).await?;
    Ok(Founded::Done(tenant, owner))
}

/// What confirming came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// The organization is there to stay.
    Confirmed,
    /// The claim was gone, and the organization is now.
    Removed,
}

/// Why an organization stays unconfirmed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettleError {
    #[error("confirm tenant")]
    Resolver(#[from] UpstreamError),
    #[error("note the confirmed organization")]
    Database(#[from] sea_orm::DbErr),
    #[error("write the welcome mail")]
    Mail(#[from] Problem),
}

impl From<SettleError> for Problem {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Resolver(error) => error.into(),
            SettleError::Database(error) => error.into(),
            SettleError::Mail(problem) => problem,
        }
    }
}

/// Step 4; may run any number of times, from requests and from the sweep.
pub(super) async fn settle(identity: &Identity, tenant: TenantId) -> Result<Settled, SettleError> {
    let confirmed = resolver::confirm(&identity.resolver, tenant).await?;
    let transaction = identity.begin().await?;
    if !confirmed {
        if organizations::store::remove_unconfirmed(&transaction, tenant).await? {
            store::forget_of(&transaction, tenant).await?;
            tracing::warn!(tenant.id = %tenant, "organization removed: its tenant is gone");
        }
        transaction.commit().await?;
        return Ok(Settled::Removed);
    }
    if organizations::store::confirm(&transaction, tenant, identity.clock.now()).await? {
        announce(identity, &transaction, tenant).await?;
        tracing::info!(tenant.id = %tenant, "organization confirmed");
    }
    identity.commit(transaction).await?;
    Ok(Settled::Confirmed)
}

/// Tells the world, and the owner.
async fn announce(
    identity: &Identity,
    db: &impl sea_orm::ConnectionTrait,
    tenant: TenantId,
) -> Result<(), SettleError> {
    let organization = organizations::store::by_id(db, tenant).await?;
    let founder = member::store::founder(db, tenant).await?;
    let Some((organization, founder)) = organization.zip(founder) else {
        return Ok(());
    };
    let owner_id = founder.user_id;
    let created = OrganizationCreated {
        tenant_id: tenant,
        owner_id,
    };
    identity.emit(db, tenant, owner_id, &created).await?;
    let joined = MemberJoined {
        user_id: owner_id,
        name: founder.name.clone(),
        role: founder.role,
        workspace: None,
    };
    identity.emit(db, tenant, owner_id, &joined).await?;
    if !organization.greet {
        return Ok(());
    }
    let owner = account::store::active(db, owner_id).await?;
    let unproved = owner.filter(|owner| owner.email_verified_at.is_none());
    let verify_url = match unproved {
        Some(owner) => Some(account::verify_link(identity, db, &owner, &organization).await?),
        None => None,
    };
    let welcome = Welcome {
        name: &founder.name,
        organization: &organization.name,
        url: identity.common.tenant_origin(&organization.subdomain),
        verify_url,
    };
    Ok(mail::post(identity, db, tenant, founder.email.clone(), &welcome).await?)
}

/// 503: nothing is lost; the same request may come again.
pub(super) fn interrupted() -> Problem {
    Problem::unavailable("signup_interrupted", RETRY_AFTER_SECONDS)
}

fn reused() -> Problem {
    Problem::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
    )
    .with_detail("this `Idempotency-Key` came with another request before; use a new one")
}
