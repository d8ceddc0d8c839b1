//! Mail: written into a queue by the transaction that causes it, sent by a job afterwards.
//!
//! At least once: a crash between sending and noting it sends again, under the same `Message-ID`. The text is
//! wiped once sent, since it may carry a token.

mod queue;
mod sender;
mod template;

pub(crate) use queue::{enqueue, forget_sent, remove_of};
pub use sender::{Sender, SenderError};
pub use template::Templates;
pub(crate) use template::{Invitation, Welcome};

use crate::account::EmailAddress;

/// A mail, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) recipient: EmailAddress,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}
