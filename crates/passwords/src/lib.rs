//! Passwords of people and of links: kept out of sight, and hashed and checked in one way.
//!
//! What a password must be like and how often one may guess is for the service to say.

mod common;
mod hasher;
mod password;
mod workers;

pub use common::is_common;
pub use hasher::{Hasher, HasherError};
pub use password::Password;
