//! What identifies a sign-up.

use kernel::secret::sha256;
use kernel::{EventId, Ids, Subdomain};

use crate::account::EmailAddress;

/// Everything a sign-up asks for but the password, which proves the person again each time.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) organization: String,
    pub(super) subdomain: Subdomain,
    pub(super) owner: String,
    pub(super) email: EmailAddress,
}

impl Wish {
    /// The same for the same wish.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let Self {
            organization,
            subdomain,
            owner,
            email,
        } = self;
        let fields = [organization, subdomain.as_str(), owner, email.as_str()];
        // No field can hold the separator: control characters are refused.
        sha256(fields.join("\n"))
    }
}

/// The id under which the catalog knows the sign-up: of the key for this person, or a new one. It tells neither.
pub(super) fn request_id(key: Option<&str>, email: &EmailAddress, ids: &Ids) -> String {
    match key {
        None => format!("signup-{}", ids.next::<EventId>().uuid().simple()),
        Some(key) => {
            let digest = sha256(format!("{}\n{key}", email.as_str()));
            let hex = digest.iter().map(|byte| format!("{byte:02x}"));
            format!("signup-{}", hex.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> EmailAddress {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn request_id_is_of_the_key_and_the_person() {
        let ids = Ids::system();
        let id = |key, person: &str| request_id(key, &email(person), &ids);
        assert_eq!(
            id(Some("k1"), "ada@example.com"),
            id(Some("k1"), "ADA@example.com")
        );
        assert_ne!(
            id(Some("k1"), "ada@example.com"),
            id(Some("k1"), "bob@example.com")
        );
        assert_ne!(id(None, "ada@example.com"), id(None, "ada@example.com"));
    }

    #[test]
    fn fingerprint_changes_with_each_field() {
        let wish = Wish {
            organization: "Acme".to_owned(),
            subdomain: Subdomain::parse("acme").unwrap(),
            owner: "Ada".to_owned(),
            email: email("ada@example.com"),
        };
        let others = [
            Wish {
                organization: "Acne".to_owned(),
                ..wish.clone()
            },
            Wish {
                subdomain: Subdomain::parse("acne").unwrap(),
                ..wish.clone()
            },
            Wish {
                owner: "Bob".to_owned(),
                ..wish.clone()
            },
            Wish {
                email: email("bob@example.com"),
                ..wish.clone()
            },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), wish.fingerprint(), "{other:?}");
        }
    }
}
