//! The people of the end-to-end tests: organizations that sign up, colleagues who are invited, and
//! the tools that look at what their deeds left behind.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

#[cfg(test)]
mod arrows;
mod dev;
mod keys;
mod load;
mod organization;
mod sql;

pub use dev::{Dev, SECOND, log_lines, second_cluster};
pub use keys::signing_key;
pub use load::{Answered, Load, all_succeeded, each_is_there_once, longest};
pub use organization::{
    Organization, PASSWORD, Person, mail_to, sign_up_body, token_in_link, token_in_mail, tomorrow,
};
pub use sql::{Sql, database_of};
