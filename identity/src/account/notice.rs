//! The mail that tells an account's owner of a change to its security, in the transaction that makes the change.

use httpkit::Problem;
use kernel::{TenantId, UserId};
use sea_orm::ConnectionTrait;

use super::{ended, store};
use crate::client::Client;
use crate::mail::{self, letters};
use crate::organization;
use crate::session::device;
use crate::state::Identity;

/// What changed. Names are those the person or the organization gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// An authenticator app was set up.
    AuthenticatorAdded,
    /// It was removed.
    AuthenticatorRemoved,
    /// New recovery codes took the place of the old ones.
    RecoveryCodesRenewed,
    /// A passkey of this name was added.
    PasskeyAdded(&'a str),
    /// It was removed.
    PasskeyRemoved(&'a str),
    /// An account at this provider opens the account from now on.
    ProviderLinked(&'a str),
    /// It opens it no more.
    ProviderUnlinked(&'a str),
    /// A personal access token of this name was made.
    TokenMade(&'a str),
}

impl Change<'_> {
    /// The subject line. No names: it shows on locked screens.
    const fn subject(self) -> &'static str {
        match self {
            Self::AuthenticatorAdded => "An authenticator app was added to your account",
            Self::AuthenticatorRemoved => "The authenticator app was removed from your account",
            Self::RecoveryCodesRenewed => "Your recovery codes were renewed",
            Self::PasskeyAdded(_) => "A passkey was added to your account",
            Self::PasskeyRemoved(_) => "A passkey was removed from your account",
            Self::ProviderLinked(_) => "A way to sign in was added to your account",
            Self::ProviderUnlinked(_) => "A way to sign in was removed from your account",
            Self::TokenMade(_) => "An access token was made for your account",
        }
    }

    /// The sentence that follows the greeting.
    fn sentence(self, organization: &str) -> String {
        match self {
            Self::AuthenticatorAdded => {
                "an authenticator app was set up for your Tenantry account: signing in asks for its code from now on. \
                 Recovery codes of before have ended."
                    .to_owned()
            }
            Self::AuthenticatorRemoved => {
                "the authenticator app of your Tenantry account was removed: signing in asks for its code no more."
                    .to_owned()
            }
            Self::RecoveryCodesRenewed => {
                "new recovery codes were made for your Tenantry account. Those of before have ended.".to_owned()
            }
            Self::PasskeyAdded(name) => {
                format!("the passkey \"{name}\" was added to your Tenantry account: it can sign in from now on.")
            }
            Self::PasskeyRemoved(name) => {
                format!("the passkey \"{name}\" was removed from your Tenantry account.")
            }
            Self::ProviderLinked(name) => {
                format!("an account at {name} was linked to your Tenantry account: it can sign in from now on.")
            }
            Self::ProviderUnlinked(name) => {
                format!("the account at {name} was unlinked from your Tenantry account: it cannot sign in any more.")
            }
            Self::TokenMade(name) => {
                format!("the access token \"{name}\" was made for programs that act as you at {organization}.")
            }
        }
    }
}

/// Tells the person who is signed in; call it inside the transaction that makes the change.
pub(crate) async fn tell(
    identity: &Identity,
    db: &impl ConnectionTrait,
    (tenant, user): (TenantId, UserId),
    client: &Client,
    change: Change<'_>,
) -> Result<(), Problem> {
    let user = store::active(db, user).await?.ok_or_else(ended)?;
    let organization = organization::store::by_id(db, tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let (at, device, address) = device::seen(client, identity.clock.now());
    let letter = letters::SecurityChanged {
        name: &user.name,
        subject: change.subject(),
        change: change.sentence(&organization.name),
        at,
        device,
        address,
        url: identity.common.tenant_origin(&organization.subdomain),
    };
    mail::post(identity, db, tenant, user.email.clone(), &letter).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::mail::Templates;

    const NAME: &str = "<b>lap\ttop</b> & co";

    #[test]
    fn each_change_is_told_in_its_own_words_and_names_are_escaped() {
        let changes = [
            Change::AuthenticatorAdded,
            Change::AuthenticatorRemoved,
            Change::RecoveryCodesRenewed,
            Change::PasskeyAdded(NAME),
            Change::PasskeyRemoved(NAME),
            Change::ProviderLinked(NAME),
            Change::ProviderUnlinked(NAME),
            Change::TokenMade(NAME),
        ];
        let to = || serde_json::from_value("ada@example.com".into()).unwrap();
        let (mut subjects, mut sentences) = (BTreeSet::new(), BTreeSet::new());
        for change in changes {
            let letter = letters::SecurityChanged {
                name: "Ada",
                subject: change.subject(),
                change: change.sentence("Acme"),
                at: "8 January 2030, 10:00 UTC".to_owned(),
                device: "Firefox on Linux".to_owned(),
                address: "192.0.2.1".to_owned(),
                url: "http://acme.localhost:8080".to_owned(),
            };
            let mail = Templates::new().unwrap().write(to(), &letter).unwrap();
            assert!(mail.text.contains(&letter.change), "{}", mail.text);
            assert!(!mail.html.contains("<b>"), "{}", mail.html);
            for part in [
                "Ada",
                "8 January 2030",
                "Firefox on Linux",
                "192.0.2.1",
                "http://acme.localhost:8080",
            ] {
                assert!(mail.text.contains(part), "{part}");
            }
            assert!(!mail.subject.contains(NAME), "{}", mail.subject);
            subjects.insert(mail.subject);
            sentences.insert(letter.change);
        }
        assert_eq!(
            (subjects.len(), sentences.len()),
            (changes.len(), changes.len())
        );
    }
}
