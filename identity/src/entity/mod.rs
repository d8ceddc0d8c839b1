//! The tables of database `identity`, one file each. The SQL is the migrator's.

pub mod audit_event;
pub mod avatar;
pub mod external_identity;
pub mod identity_provider;
pub mod invitation;
pub mod known_device;
pub mod letter;
pub mod mail;
pub mod membership;
pub mod one_time_token;
pub mod organization;
pub mod passkey;
pub mod person_request;
pub mod personal_token;
pub mod provider_attempt;
pub mod recovery_code;
pub mod refresh_token;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod signup;
pub mod totp_device;
pub mod user;
