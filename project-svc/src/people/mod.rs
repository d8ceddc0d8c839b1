//! People: this database's copy of who belongs to the organization, which tasks and comments refer to.
//!
//! Identity tells of them by events (`jobs::people`); whoever acts or is named before the event came is
//! written down from their token, or from identity's answer.

pub(crate) mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use httpkit::client::UpstreamError;
use httpkit::{FieldError, Member, Problem};
use kernel::{Role, TenantId, UserId};
use moka::sync::Cache;
use sea_orm::DbErr;
use serde::Deserialize;
use tenancy::{PoolError, TenantConnection};

use crate::state::AppState;
use crate::tenant::Tenant;

/// Remembered people of all tenants; some 50 bytes each.
const CAPACITY: u64 = 100_000;
/// After this a person is written again: a database that was restored may have lost them.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// People that this process has written down, so that it need not for each of their writes.
pub struct Known(Cache<(TenantId, UserId), ()>);

impl Default for Known {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(CAPACITY);
        Self(cache.time_to_live(REMEMBERED_FOR).build())
    }
}

/// Writes the acting person down if that was not done lately. Outside a transaction: what is
/// remembered here must stay, whatever becomes of the work that follows.
pub(crate) async fn ensure_member(
    state: &AppState,
    connection: &TenantConnection,
    member: &Member,
) -> Result<(), DbErr> {
    let who = (member.tenant, member.user);
    if state.known.0.contains_key(&who) {
        return Ok(());
    }
    let person = store::Person {
        id: member.user,
        name: &member.name,
        role: member.role,
        // A token is older news than any event.
        told_at: DateTime::UNIX_EPOCH,
    };
    store::upsert(connection, &person).await?;
    state.known.0.insert(who, ());
    Ok(())
}

/// A member as identity describes them.
#[derive(Deserialize)]
struct Described {
    name: String,
    role: Role,
}

impl Described {
    fn at(&self, id: UserId, told_at: DateTime<Utc>) -> store::Person<'_> {
        store::Person {
            id,
            name: &self.name,
            role: self.role,
            told_at,
        }
    }
}

/// Why a person could not be asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsure {
    #[error("ask identity for a member")]
    Identity(#[from] UpstreamError),
    #[error("connect to tenant database")]
    Connect(#[from] PoolError),
    #[error("write person")]
    Write(#[from] DbErr),
}

/// The people named, each once; 422 at `pointer` for those who are no active members. Asks identity
/// for those not heard of yet, hence never inside a transaction.
pub(crate) async fn resolve(
    tenant: &Tenant,
    ids: &[UserId],
    pointer: &str,
) -> Result<Vec<UserId>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = store::active(&tenant.read().await?, ids).await?;
    let (mut found, mut errors) = (Vec::with_capacity(ids.len()), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        let active = match known.iter().find(|(known, _)| known == id) {
            Some((_, active)) => *active,
            None => ask_identity(tenant, *id).await?,
        };
        if !active {
            errors.push(unknown_person(format!("{pointer}/{index}")));
        } else if !found.contains(id) {
            found.push(*id);
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(Problem::validation(errors))
    }
}

/// The same of one person; 422 at `pointer` itself.
pub(crate) async fn resolve_one(tenant: &Tenant, id: UserId, pointer: &str) -> Result<(), Problem> {
    let known = store::active(&tenant.read().await?, &[id]).await?;
    let active = match known.first() {
        Some((_, active)) => *active,
        None => ask_identity(tenant, id).await?,
    };
    if active {
        Ok(())
    } else {
        Err(Problem::validation(vec![unknown_person(
            pointer.to_owned(),
        )]))
    }
}

/// Whether identity knows the person as a member; if so, writes them down.
async fn ask_identity(tenant: &Tenant, id: UserId) -> Result<bool, Problem> {
    let (state, organization) = (tenant.state(), tenant.member.tenant);
    let asked_at = tenant.now();
    let Some(described) = described(state, organization, id).await? else {
        return Ok(false);
    };
    store::upsert(&tenant.read().await?, &described.at(id, asked_at)).await?;
    Ok(true)
}

/// Writes the person down as identity describes them now; nothing if they are no member.
pub(crate) async fn refresh(state: &AppState, tenant: TenantId, id: UserId) -> Result<(), Unsure> {
    let asked_at = state.clock.now();
    if let Some(described) = described(state, tenant, id).await? {
        let connection = state.pools.acquire(tenant).await?;
        store::upsert(&connection, &described.at(id, asked_at)).await?;
    }
    Ok(())
}

async fn described(
    state: &AppState,
    tenant: TenantId,
    id: UserId,
) -> Result<Option<Described>, UpstreamError> {
    let path = format!("/internal/v1/members/{tenant}/{id}");
    match state.identity.get(&path, Some(tenant)).await {
        Ok(described) => Ok(Some(described)),
        Err(UpstreamError::Status { status, .. }) if status == StatusCode::NOT_FOUND => Ok(None),
        Err(error) => Err(error),
    }
}

fn unknown_person(pointer: String) -> FieldError {
    FieldError::new(
        pointer,
        "unknown_reference",
        "is no active member of this organization",
    )
}
