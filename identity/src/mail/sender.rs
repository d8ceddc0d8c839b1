//! The job that empties the queue over SMTP.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sea_orm::DbErr;
use secrecy::SecretString;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{SEND_TIMEOUT, queue, server};
use crate::entity::mail::Model;
use crate::state::Identity;

/// How often the queue is looked at without being woken; also how late a retry may be.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Why a mail was not sent, or the sender not made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The file with certificates cannot be read.
    #[error("read the mail server's authority")]
    Authority(#[source] std::io::Error),
    /// There is no certificate in it.
    #[error("no certificate in the file of the mail server's authority")]
    NoAuthority,
    /// The server's address is none.
    #[error("mail server's address")]
    Url(#[source] url::ParseError),
    /// The sender's own address is none.
    #[error("mail sender's address")]
    From(#[source] AddressError),
    /// The recipient's address is none.
    #[error("mail recipient's address")]
    To(#[source] AddressError),
    /// The mail cannot be put together.
    #[error("build mail")]
    Message(#[from] lettre::error::Error),
    /// The server said no, or nothing.
    #[error("talk to the mail server")]
    Smtp(#[from] smtp::Error),
    /// The conversation did not end.
    #[error("mail server did not answer in time")]
    Timeout,
}

impl SenderError {
    /// Whether trying again is of no use.
    fn is_final(&self) -> bool {
        match self {
            Self::NoAuthority
            | Self::Authority(_)
            | Self::Url(_)
            | Self::From(_)
            | Self::To(_)
            | Self::Message(_) => true,
            Self::Smtp(error) => error.is_permanent(),
            Self::Timeout => false,
        }
    }
}

/// Speaks SMTP.
pub struct Sender {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Sender {
    /// A sender through the server at `url`, whose certificate may be of an authority in the file `ca_file`; connects
    /// when there is something to send.
    pub fn new(
        url: &SecretString,
        from: &str,
        ca_file: Option<&Path>,
    ) -> Result<Self, SenderError> {
        let authority = ca_file.map(fs::read).transpose();
        let authority = authority.map_err(SenderError::Authority)?;
        Ok(Self {
            transport: server::transport(url, authority.as_deref())?,
            from: from.parse().map_err(SenderError::From)?,
        })
    }

    /// Keeps the queue empty until shutdown; spawn it.
    pub async fn run(self, identity: Arc<Identity>, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.drain(&identity, &shutdown).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "mail waits");
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = identity.wake.mail.notified() => {}
                () = sleep(SWEEP_INTERVAL) => {}
            }
        }
    }

    /// Sends what is due.
    async fn drain(&self, identity: &Identity, shutdown: &CancellationToken) -> Result<(), DbErr> {
        while !shutdown.is_cancelled() {
            let Some(mail) = queue::take(&identity.db, identity.clock.now()).await? else {
                return Ok(());
            };
            let (id, attempts) = (mail.id, mail.attempts);
            match self.send(mail, &identity.common.domain).await {
                Ok(()) => {
                    metrics::counter!("identity_mails_sent_total").increment(1);
                    queue::note_sent(&identity.db, id, identity.clock.now()).await?;
                }
                Err(error) => {
                    let last = error.is_final() || attempts >= queue::MAX_ATTEMPTS;
                    log(id, attempts, &error, last);
                    let reason = reason(&error);
                    queue::note_failed(&identity.db, id, reason, last).await?;
                }
            }
        }
        Ok(())
    }

    async fn send(&self, mail: Model, domain: &str) -> Result<(), SenderError> {
        let host = domain.split(':').next().unwrap_or(domain);
        let to = mail.recipient.as_str().parse().map_err(SenderError::To)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{host}>", mail.id)))
            .multipart(MultiPart::alternative_plain_html(
                mail.text_body,
                mail.html_body,
            ))?;
        let sent = timeout(SEND_TIMEOUT, self.transport.send(message)).await;
        match sent {
            Ok(answer) => answer.map(drop).map_err(SenderError::Smtp),
            Err(_elapsed) => Err(SenderError::Timeout),
        }
    }
}

/// The server's own words stay in the queue, since they may quote the address.
fn log(id: uuid::Uuid, attempts: i32, error: &SenderError, last: bool) {
    metrics::counter!("identity_mails_failed_total").increment(1);
    if last {
        tracing::error!(mail.id = %id, attempts, reason = %error, "mail given up");
    } else {
        tracing::warn!(mail.id = %id, attempts, reason = %error, "mail not sent yet");
    }
}

fn reason(error: &SenderError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
