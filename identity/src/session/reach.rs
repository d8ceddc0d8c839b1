//! How far a session reaches. One that an organization's own provider opened is as good as that organization's word:
//! its admins can have the provider say anything of anybody. It does all there is to do in the organization, and
//! nothing to the account, which may be at home in others.

use httpkit::{Member, Problem};
use sea_orm::ConnectionTrait;

use super::{Method, store};
use crate::state::Identity;

/// Passes a session that speaks for the whole account: 403 for one that speaks for its organization alone, 401 for one
/// that has ended. To be asked before anything that outlives the session or shows other organizations: ways in to the
/// account, switching, an export of all data.
pub(crate) async fn require_whole_account(
    identity: &Identity,
    db: &impl ConnectionTrait,
    member: &Member,
) -> Result<(), Problem> {
    let found = store::live(db, member.session, identity.clock.now()).await?;
    let session = found.ok_or_else(|| Problem::unauthorized("session_ended"))?;
    match session.method {
        Method::OwnProvider => Err(Problem::forbidden("session_confined").with_detail(
            "sign in with your password, a passkey or a provider that is not your organization's to do this",
        )),
        Method::Password | Method::Passkey | Method::Provider | Method::Session => Ok(()),
    }
}
