//! The mails about an account, each with what its templates name.

use serde::Serialize;

use super::template::Letter;

/// A mail with one link in it, or none.
macro_rules! letters {
    ($($(#[$doc:meta])* $name:ident $form:literal, $subject:expr, {$($field:ident: $kind:ty),* $(,)?})*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Serialize)]
            pub(crate) struct $name<'a> {
                pub(crate) name: &'a str,
                $(pub(crate) $field: $kind,)*
            }

            impl Letter for $name<'_> {
                const FORM: &'static str = $form;

                fn subject(&self) -> String {
                    ($subject)(self)
                }
            }
        )*
    };
}

letters! {
    /// To who forgot a password.
    ResetPassword "reset_password", |_: &Self| "A new password for Tenantry".to_owned(), {
        url: String, expires: String,
    }
    /// To who is to prove an address.
    VerifyEmail "verify_email", |_: &Self| "Confirm your e-mail address".to_owned(), {
        url: String, expires: String,
    }
    /// To somebody new who may join.
    Register "register", |letter: &Self| format!("Join {}", letter.organization), {
        organization: &'a str, url: String, expires: String,
    }
    /// To somebody with an account who may join.
    RegisterKnown "register_known", |letter: &Self| format!("Join {}", letter.organization), {
        organization: &'a str, url: String, expires: String,
    }
    /// To a member who wanted to join again.
    RegisterMember "register_member", |letter: &Self| format!("Your account at {}", letter.organization), {
        organization: &'a str, url: String,
    }
    /// To the owner of an account with a new password.
    PasswordChanged "password_changed", |_: &Self| "Your password was changed".to_owned(), {
        at: String, device: String, address: String, url: String,
    }
    /// To the owner of an account that was signed in from somewhere new.
    NewSignIn "new_sign_in", |letter: &Self| format!("New sign-in to {}", letter.organization), {
        organization: &'a str, at: String, device: String, address: String, url: String,
    }
    /// To the present address of an account that is to have another.
    ChangeEmailOld "change_email_old", |_: &Self| "Your e-mail address is to change".to_owned(), {
        address: &'a str, url: String, expires: String,
    }
    /// To the address that an account is to have.
    ChangeEmailNew "change_email_new", |_: &Self| "Confirm your new e-mail address".to_owned(), {
        url: String, expires: String,
    }
    /// To the owner of an address that somebody else wanted.
    ChangeEmailTaken "change_email_taken", |_: &Self| "Your e-mail address at Tenantry".to_owned(), {
        url: String,
    }
    /// To the former address of an account.
    EmailChanged "email_changed", |_: &Self| "Your e-mail address was changed".to_owned(), {
        address: &'a str,
    }
    /// To the owner of an account whose ways in changed.
    SecurityChanged "security_changed", |letter: &Self| letter.subject.to_owned(), {
        subject: &'a str, change: String, at: String, device: String, address: String, url: String,
    }
    /// To who made a link that was opened for the first time.
    LinkOpened "link_opened", |letter: &Self| format!("Your link at {} was opened", letter.organization), {
        organization: &'a str, at: String, url: String,
    }
    /// To whoever a scheduled report is for.
    ReportReady "report_ready", |letter: &Self| format!("A report of {} is ready", letter.organization), {
        organization: &'a str, at: String, expires: String, url: String,
    }
    /// To the owner of an account that ended.
    Deactivated "deactivated", |_: &Self| "Your account is deactivated".to_owned(), {}
}
