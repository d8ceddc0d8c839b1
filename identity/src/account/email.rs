//! E-mail addresses: lower case from the moment they are read, and never in a log.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// RFC 5321 §4.5.3.1.3: a path is at most 256 octets with its brackets.
const MAX_BYTES: usize = 254;

/// An e-mail address in lower case.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, sea_orm::DeriveValueType)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.to_lowercase()))
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

/// Rule for `#[garde(custom(..))]`.
pub(crate) fn well_formed<C>(address: &EmailAddress, _: &C) -> garde::Result {
    let text = address.as_str();
    if text.len() > MAX_BYTES || garde::rules::email::parse_email(text).is_err() {
        return Err(garde::Error::new("must be an e-mail address"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> EmailAddress {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn address_is_read_in_lower_case() {
        assert_eq!(read("Ada@Example.COM").as_str(), "ada@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert!(well_formed(&read("ada@example.com"), &()).is_ok());
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "a b@example.com",
            "a@b\r\nc.com",
            &long,
        ] {
            assert!(well_formed(&read(bad), &()).is_err(), "{bad}");
        }
    }

    #[test]
    fn address_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", read("ada@example.com")).contains("ada"));
    }
}
