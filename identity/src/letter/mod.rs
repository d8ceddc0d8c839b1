//! Letters: mail that somebody asks for by naming an address. The request only writes the wish down, the same for
//! every address; a job looks up who that is and writes the mail, another one or none.

mod job;
mod store;

use httpkit::Problem;
use kernel::secret::sha256;
use kernel::{EventId, TenantId, UserId};

use crate::account::EmailAddress;
use crate::entity::letter;
use crate::state::Identity;

pub use job::write_all;
pub(crate) use job::{Letter, Written, run};
pub(crate) use store::forget_old;

/// What a letter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A link to a new password.
    ResetPassword,
    /// A link into an organization that lets people of this address join.
    Register,
    /// The two links that change an account's address.
    ChangeEmail,
}

impl Kind {
    const ALL: [Self; 3] = [Self::ResetPassword, Self::Register, Self::ChangeEmail];

    const fn name(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::Register => "register",
            Self::ChangeEmail => "change_email",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A wish for a letter.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) kind: Kind,
    /// On whose host it was asked for.
    pub(crate) tenant: TenantId,
    /// Who asked, where somebody signed in did.
    pub(crate) user: Option<UserId>,
    /// The address that was named.
    pub(crate) email: EmailAddress,
    /// The name that was given with it.
    pub(crate) name: Option<String>,
}

/// Writes the wish down and wakes the job.
pub(crate) async fn ask(identity: &Identity, wish: Wish) -> Result<(), Problem> {
    let now = identity.clock.now();
    let row = letter::Model {
        id: identity.ids.next::<EventId>().uuid(),
        kind: wish.kind.name().to_owned(),
        tenant_id: wish.tenant,
        user_id: wish.user,
        email_hash: sha256(wish.email.as_str()).to_vec(),
        email: Some(wish.email),
        name: wish.name,
        attempts: 0,
        next_attempt_at: now,
        created_at: now,
        handled_at: None,
    };
    store::insert(&identity.db, row).await?;
    identity.wake.letters.notify_one();
    Ok(())
}
