//! Passwords: what a new one must be like, how they are hashed and checked, and how often one may guess.
//!
//! A guess costs the same whether the account exists or not, and is counted before it is checked.

mod hasher;
mod rule;
mod throttle;

use std::fmt;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use zeroize::Zeroizing;

pub use hasher::{Hasher, HasherError};
pub(crate) use rule::{acceptable, bounded};
pub use throttle::Throttle;

/// A password as a client sent it; wiped when dropped, shown by nothing.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Password(Zeroizing<String>);

impl Password {
    fn as_str(&self) -> &str {
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
