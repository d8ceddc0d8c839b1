//! The words of each mail: a text and an HTML form under `templates/`. HTML escapes what is put in.

use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use serde::Serialize;

use super::Mail;
use crate::account::EmailAddress;

/// The two forms of a mail, by their names.
macro_rules! forms {
    ($($name:literal),* $(,)?) => {
        &[
            ("layout.html", include_str!("../../templates/layout.html")),
            ("button.html", include_str!("../../templates/button.html")),
            $(
                (concat!($name, ".html"), include_str!(concat!("../../templates/", $name, ".html"))),
                (concat!($name, ".txt"), include_str!(concat!("../../templates/", $name, ".txt"))),
            )*
        ]
    };
}

const SOURCES: &[(&str, &str)] = forms![
    "welcome",
    "invitation",
    "reset_password",
    "verify_email",
    "register",
    "register_known",
    "register_member",
    "password_changed",
    "new_sign_in",
    "change_email_old",
    "change_email_new",
    "change_email_taken",
    "email_changed",
    "deactivated",
    "security_changed",
    "link_opened",
    "report_ready",
];

/// What is put into a mail, by the names its templates use.
pub(crate) trait Letter: Serialize {
    /// The two forms under `templates/`.
    const FORM: &'static str;

    /// The subject line.
    fn subject(&self) -> String;
}

/// To the owner of a new organization.
#[derive(Debug, Serialize)]
pub(crate) struct Welcome<'a> {
    pub(crate) name: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) url: String,
    /// Proves the address, where that is still to be done.
    pub(crate) verify_url: Option<String>,
}

impl Letter for Welcome<'_> {
    const FORM: &'static str = "welcome";

    fn subject(&self) -> String {
        format!("{} is ready", self.organization)
    }
}

/// To somebody who is to become a member.
#[derive(Debug, Serialize)]
pub(crate) struct Invitation<'a> {
    pub(crate) inviter: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) role: &'a str,
    pub(crate) url: String,
    pub(crate) expires: String,
}

impl Letter for Invitation<'_> {
    const FORM: &'static str = "invitation";

    fn subject(&self) -> String {
        format!("Invitation to {}", self.organization)
    }
}

/// All mails this service writes.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Reads the templates; they are part of the program.
    pub fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for &(name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// The mail that `letter` makes.
    pub(crate) fn write<L: Letter>(&self, to: EmailAddress, letter: &L) -> Result<Mail, Error> {
        let values = Value::from(Serde(letter));
        let form = |kind: &str| {
            let template = self.0.get_template(&format!("{}.{kind}", L::FORM))?;
            template.render(&values)
        };
        Ok(Mail {
            recipient: to,
            subject: letter.subject(),
            text: form("txt")?,
            html: form("html")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to() -> EmailAddress {
        serde_json::from_value("ada@example.com".into()).unwrap()
    }

    #[test]
    fn html_escapes_names_and_text_shows_the_link() {
        let values = Welcome {
            name: "<script>Ada</script>",
            organization: "A & B",
            url: "http://ab.localhost:8080".to_owned(),
            verify_url: None,
        };
        let mail = Templates::new().unwrap().write(to(), &values).unwrap();
        assert!(!mail.html.contains("<script>"), "{}", mail.html);
        assert!(mail.html.contains("A &amp; B"), "{}", mail.html);
        assert!(
            mail.text.contains("\nhttp://ab.localhost:8080\n"),
            "{}",
            mail.text
        );
        assert_eq!(mail.subject, "A & B is ready");
    }

    #[test]
    fn invitation_tells_everything() {
        let values = Invitation {
            inviter: "Ada",
            organization: "Acme",
            role: "member",
            url: "http://acme.localhost/invitations/accept#token=abc".to_owned(),
            expires: "8 January 2030".to_owned(),
        };
        let mail = Templates::new().unwrap().write(to(), &values).unwrap();
        for part in ["Ada", "Acme", "member", "#token=abc", "8 January 2030"] {
            assert!(
                mail.text.contains(part) && mail.html.contains(part),
                "{part}"
            );
        }
    }
}
