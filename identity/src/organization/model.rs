//! Rules of an organization's rules.

use garde::{Error, Result};
use httpkit::Problem;

use crate::session::Method;

/// Domains whose people may join by themselves.
const MAX_DOMAINS: usize = 50;
/// RFC 1035 §2.3.4: a name has at most 255 octets on the wire, 253 as text, a label 63.
const MAX_DOMAIN_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Domains as they stand behind the `@`: lower case, with a dot, each once.
pub(super) fn domains<C>(domains: &Option<Vec<String>>, _: &C) -> Result {
    let Some(domains) = domains else {
        return Ok(());
    };
    if domains.len() > MAX_DOMAINS {
        return Err(Error::new(format!("must be {MAX_DOMAINS} at most")));
    }
    for (index, domain) in domains.iter().enumerate() {
        if !is_domain(domain) {
            return Err(Error::new(format!("entry {index} is no domain")));
        }
        if domains.iter().take(index).any(|other| other == domain) {
            return Err(Error::new(format!("entry {index} is there twice")));
        }
    }
    Ok(())
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.len() <= MAX_DOMAIN_BYTES && text.contains('.') && text.split('.').all(is_label)
}

/// Passes when whoever turns passwords off came in without one: there is another way, and it is not forgotten.
pub(super) fn check_another_way(came_by: Method) -> std::result::Result<(), Problem> {
    match came_by {
        Method::Passkey | Method::Provider | Method::OwnProvider => Ok(()),
        Method::Password | Method::Session => Err(Problem::conflict(
            "would_lock_out",
            "sign in with a passkey or an identity provider first; nobody could sign in without a password otherwise",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(entries: &[&str]) -> bool {
        let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
        domains(&Some(entries), &()).is_ok()
    }

    #[test]
    fn domains_are_what_mail_names() {
        for good in ["example.com", "a-b.example.co", "xn--mnchen-3ya.de"] {
            assert!(accepts(&[good]), "{good}");
        }
        for bad in [
            "",
            "com",
            "Example.com",
            "@example.com",
            "a..b",
            "-a.com",
            "a-.com",
            "a b.com",
            "*.example.com",
        ] {
            assert!(!accepts(&[bad]), "{bad}");
        }
        assert!(!accepts(&["example.com", "example.com"]));
        assert!(accepts(&[]));
    }

    #[test]
    fn passwords_go_only_when_another_way_in_was_shown() {
        assert!(check_another_way(Method::Passkey).is_ok());
        assert!(check_another_way(Method::Provider).is_ok());
        assert_eq!(
            check_another_way(Method::Password).unwrap_err().code(),
            "would_lock_out"
        );
        assert_eq!(
            check_another_way(Method::Session).unwrap_err().code(),
            "would_lock_out"
        );
    }
}
