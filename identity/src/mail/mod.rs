//! Mail: written into a queue by the transaction that causes it, sent by a job afterwards.
//!
//! At least once: a crash between sending and noting it sends again, under the same `Message-ID`. The text is
//! wiped once sent, since it may carry a token.

pub(crate) mod letters;
mod queue;
mod sender;
mod server;
mod template;

pub(crate) use queue::{enqueue, forget_sent, remove_of};
pub use sender::{Sender, SenderError};
pub use template::Templates;
pub(crate) use template::{Invitation, Letter, Welcome};

use std::time::Duration;

use httpkit::Problem;
use kernel::TenantId;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::account::EmailAddress;
use crate::state::Identity;

/// Time for one mail's conversation.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// A mail, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) recipient: EmailAddress,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Writes a mail about an organization, or about an account as seen from there; call it inside the transaction that
/// causes it.
pub(crate) async fn post<L: Letter>(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    to: EmailAddress,
    letter: &L,
) -> Result<(), Problem> {
    let mail = identity.templates.write(to, letter);
    let mail = mail.map_err(Problem::internal)?;
    Ok(enqueue(db, &identity.ids, tenant, mail, identity.clock.now()).await?)
}

/// The same under an id that one cause has: a second mail of this id is not written.
pub(crate) async fn post_once<L: Letter>(
    identity: &Identity,
    db: &impl ConnectionTrait,
    id: Uuid,
    tenant: TenantId,
    to: EmailAddress,
    letter: &L,
) -> Result<(), Problem> {
    let mail = identity.templates.write(to, letter);
    let mail = mail.map_err(Problem::internal)?;
    Ok(queue::enqueue_once(db, id, tenant, mail, identity.clock.now()).await?)
}
