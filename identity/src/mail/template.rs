//! The words of each mail: a text and an HTML form under `templates/`. HTML escapes what is put in.

use minijinja::{Environment, Error, UndefinedBehavior, Value, context};

use super::Mail;
use crate::account::EmailAddress;

const SOURCES: [(&str, &str); 5] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("welcome.html", include_str!("../../templates/welcome.html")),
    ("welcome.txt", include_str!("../../templates/welcome.txt")),
    (
        "invitation.html",
        include_str!("../../templates/invitation.html"),
    ),
    (
        "invitation.txt",
        include_str!("../../templates/invitation.txt"),
    ),
];

/// To the owner of a new organization.
#[derive(Debug)]
pub(crate) struct Welcome<'a> {
    pub(crate) name: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) url: String,
}

/// To somebody who is to become a member.
#[derive(Debug)]
pub(crate) struct Invitation<'a> {
    pub(crate) inviter: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) role: &'a str,
    pub(crate) url: String,
    pub(crate) expires: String,
}

/// All mails this service writes.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Reads the templates; they are part of the program.
    pub fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    pub(crate) fn welcome(&self, to: EmailAddress, values: &Welcome<'_>) -> Result<Mail, Error> {
        let subject = format!("{} is ready", values.organization);
        let values = context! {
            name => values.name,
            organization => values.organization,
            url => values.url.as_str(),
        };
        self.render(to, subject, "welcome", &values)
    }

    pub(crate) fn invitation(
        &self,
        to: EmailAddress,
        values: &Invitation<'_>,
    ) -> Result<Mail, Error> {
        let subject = format!("Invitation to {}", values.organization);
        let values = context! {
            inviter => values.inviter,
            organization => values.organization,
            role => values.role,
            url => values.url.as_str(),
            expires => values.expires.as_str(),
        };
        self.render(to, subject, "invitation", &values)
    }

    fn render(
        &self,
        recipient: EmailAddress,
        subject: String,
        name: &str,
        values: &Value,
    ) -> Result<Mail, Error> {
        let form = |kind: &str| {
            let template = self.0.get_template(&format!("{name}.{kind}"))?;
            template.render(values)
        };
        Ok(Mail {
            recipient,
            subject,
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
        };
        let mail = Templates::new().unwrap().welcome(to(), &values).unwrap();
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
        let mail = Templates::new().unwrap().invitation(to(), &values).unwrap();
        for part in ["Ada", "Acme", "member", "#token=abc", "8 January 2030"] {
            assert!(
                mail.text.contains(part) && mail.html.contains(part),
                "{part}"
            );
        }
    }
}
