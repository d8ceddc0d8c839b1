//! A password in memory.

use std::fmt;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A password as a client sent it; wiped when dropped, shown by nothing.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The text, for rules about it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
