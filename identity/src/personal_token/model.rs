//! What a personal access token may be.

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::{FieldError, Problem};
use kernel::secret::{RandomError, random_token};
use kernel::{Permission, Permissions, PersonalTokenId, SessionId};

/// What every token begins with, so that people and programs that look for leaked secrets know one.
pub(super) const PREFIX: &str = "tntp_";
/// Life of the access token that one is exchanged for. A revocation that the gateways miss counts after this time.
pub(crate) const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// Longest life of a token.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// Tokens of one member that have not ended.
pub(super) const MOST: u64 = 50;
/// Characters of its end that are shown.
const HINT_CHARS: usize = 4;

/// A token that its owner sees once.
pub(super) struct Secret {
    pub(super) token: String,
    pub(super) hint: String,
}

pub(super) fn draw() -> Result<Secret, RandomError> {
    let token = format!("{PREFIX}{}", random_token()?);
    let from = token.len() - HINT_CHARS;
    let hint = token.chars().skip(from).collect();
    Ok(Secret { token, hint })
}

/// In an access token, and in the event of its end, a personal token is its own session.
pub(crate) fn as_session(id: PersonalTokenId) -> SessionId {
    SessionId::from(id.uuid())
}

/// Reads the names of permissions; at least one, and each has to be known.
pub(super) fn scopes(names: &[String]) -> Result<Permissions, Problem> {
    if names.is_empty() {
        return Err(Problem::field(
            "/scopes",
            "missing",
            "name at least one permission",
        ));
    }
    let mut unknown = Vec::new();
    let mut known = Permissions::default();
    for (index, name) in names.iter().enumerate() {
        match name.parse::<Permission>() {
            Ok(permission) => known = known.with(permission),
            Err(_unknown) => unknown.push(FieldError::new(
                format!("/scopes/{index}"),
                "unknown_permission",
                "there is no such permission",
            )),
        }
    }
    if unknown.is_empty() {
        Ok(known)
    } else {
        Err(Problem::validation(unknown))
    }
}

/// Nobody gives away more than the own.
pub(super) fn check_held(held: Permissions, scopes: Permissions) -> Result<(), Problem> {
    if held.covers(scopes) {
        return Ok(());
    }
    Err(Problem::forbidden("scope_not_held")
        .with_detail("a token may do no more than the person who makes it"))
}

pub(super) fn check_expiry(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Problem> {
    let wrong = |detail| Err(Problem::field("/expires_at", "invalid", detail));
    if expires_at <= now {
        return wrong("lies in the past");
    }
    if expires_at > now + LONGEST {
        return wrong("more than a year ahead");
    }
    Ok(())
}

pub(super) fn check_count(others: u64) -> Result<(), Problem> {
    if others < MOST {
        return Ok(());
    }
    let detail = format!("a person may have {MOST} tokens; revoke one that is not needed");
    Err(Problem::conflict("too_many_tokens", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_has_its_prefix_and_full_length() {
        let secret = draw().unwrap();
        assert!(secret.token.starts_with("tntp_") && secret.token.len() == 48);
        assert_eq!(secret.hint.len(), HINT_CHARS);
        assert!(secret.token.ends_with(&secret.hint));
    }

    #[test]
    fn life_is_bounded() {
        let now = DateTime::UNIX_EPOCH;
        assert!(check_expiry(now, now).is_err());
        assert!(check_expiry(now + TimeDelta::seconds(1), now).is_ok());
        assert!(check_expiry(now + LONGEST, now).is_ok());
        assert!(check_expiry(now + LONGEST + TimeDelta::seconds(1), now).is_err());
    }

    #[test]
    fn scopes_are_known_permissions_that_are_held() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert!(scopes(&[]).is_err());
        assert!(scopes(&names(&["task:read", "task:eat"])).is_err());
        let reads = scopes(&names(&["task:read", "project:read"])).unwrap();
        let held = kernel::Role::Viewer.permissions();
        assert!(check_held(held, reads).is_ok());
        assert!(check_held(held, reads.with(Permission::TaskCreate)).is_err());
    }
}
