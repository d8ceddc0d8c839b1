//! How far a session reaches. One that an organization's own provider opened is as good as that organization's word:
//! its admins can have the provider say anything of anybody. It does all there is to do in the organization, and
//! nothing to the account, which may be at home in others.

use httpkit::{Member, Problem};
use kernel::{TenantId, UserId};
use sea_orm::ConnectionTrait;

use super::Method;
use crate::account;
use crate::state::Identity;

/// Passes a session that speaks for the whole account: 403 for one that speaks for its organization alone, 401 for one
/// that has ended. To be asked before anything that outlives the session or shows other organizations: ways in to the
/// account, switching, an export of all data.
pub(crate) async fn require_whole_account(
    identity: &Identity,
    db: &impl ConnectionTrait,
    member: &Member,
) -> Result<(), Problem> {
    match is_confined(identity, db, member).await? {
        true => Err(confined()),
        false => Ok(()),
    }
}

/// As [`require_whole_account`], and passes a session that speaks for its organization alone too while the person is in
/// no other. For what is the same in every organization and opens none: the profile, the picture, preferences.
pub(crate) async fn require_say_everywhere(
    identity: &Identity,
    db: &impl ConnectionTrait,
    member: &Member,
) -> Result<(), Problem> {
    match is_confined(identity, db, member).await? {
        true => require_no_other_organization(db, member.tenant, member.user).await,
        false => Ok(()),
    }
}

/// Passes while the person is in this organization alone: what its provider says of an account is nobody else's matter
/// then.
pub(crate) async fn require_no_other_organization(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<(), Problem> {
    let organizations = account::store::organizations(db, user).await?;
    match organizations.iter().all(|one| *one == tenant) {
        true => Ok(()),
        false => Err(confined()),
    }
}

async fn is_confined(
    identity: &Identity,
    db: &impl ConnectionTrait,
    member: &Member,
) -> Result<bool, Problem> {
    let session = super::live(db, member.session, identity.clock.now()).await?;
    Ok(session.method == Method::OwnProvider)
}

fn confined() -> Problem {
    Problem::forbidden("session_confined").with_detail(
        "sign in with your password, a passkey or a provider that is not your organization's to do this",
    )
}
