//! What a session in another organization is worth.
//!
//! Whoever runs an organization's own identity provider can name anybody: what it says counts in that organization and
//! nowhere else.

use httpkit::Problem;

use crate::entity::organization;
use crate::session::Method;

/// Passes when a session that was opened by `from` opens one in `target` too.
pub(super) fn check_switch(from: Method, target: &organization::Model) -> Result<(), Problem> {
    // Whatever it began with, a session elsewhere counts for no more than a password there (`second_factor::judge`).
    let proves_enough = match from {
        Method::Passkey | Method::Provider | Method::Password | Method::Session => {
            target.password_sign_in
        }
        Method::OwnProvider => false,
    };
    if proves_enough && target.switch_without_password {
        return Ok(());
    }
    Err(Problem::forbidden("sign_in_required")
        .with_detail("a session in another organization is not enough there; sign in"))
}

/// Whether it would pass.
pub(crate) fn may_switch(from: Method, target: &organization::Model) -> bool {
    check_switch(from, target).is_ok()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::Ids;

    use super::*;

    #[test]
    fn sessions_are_worth_what_they_began_with() {
        use Method::{OwnProvider, Passkey, Password, Provider, Session};
        // How the session was opened; whether the other organization lets in without a password at all, and by one.
        let table = [
            (Password, true, true, true),
            (Session, true, true, true),
            (Passkey, true, true, true),
            (Provider, true, true, true),
            (OwnProvider, true, true, false),
            (OwnProvider, true, false, false),
            (Password, false, true, false),
            (Passkey, false, true, false),
            (Password, true, false, false),
            (Session, true, false, false),
            (Passkey, true, false, false),
            (Provider, true, false, false),
        ];
        for (from, switch_without_password, password_sign_in, may) in table {
            let target = organization::Model {
                tenant_id: Ids::system().next(),
                subdomain: String::new(),
                name: String::new(),
                request_id: String::new(),
                confirmed_at: None,
                created_at: DateTime::UNIX_EPOCH,
                greet: true,
                named_at: None,
                allowed_email_domains: Vec::new(),
                require_second_factor: false,
                password_sign_in,
                switch_without_password,
                audit_retention_days: 365,
                version: 1,
            };
            assert_eq!(may_switch(from, &target), may, "{from} {target:?}");
        }
    }
}
