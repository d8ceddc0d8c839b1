//! What an invitation still is good for.

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use kernel::Role;

use crate::entity::invitation;

/// Time to accept.
const LIFETIME: TimeDelta = TimeDelta::days(7);

pub(super) fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + LIFETIME
}

/// Passes when `actor` may invite as `role`.
pub(super) fn check_grant(actor: Role, role: Role) -> Result<(), Problem> {
    if actor.may_grant(role) {
        return Ok(());
    }
    Err(Problem::forbidden("role_not_grantable").with_detail("your role does not reach that far"))
}

/// Passes an open invitation. A revoked one is as unknown as one that never was.
pub(super) fn check_open(
    row: Option<invitation::Model>,
    now: DateTime<Utc>,
) -> Result<invitation::Model, Problem> {
    let row = row
        .filter(|row| row.revoked_at.is_none())
        .ok_or_else(unknown)?;
    if row.accepted_at.is_some() {
        return Err(Problem::gone(
            "invitation_used",
            "this invitation has been accepted",
        ));
    }
    if row.expires_at <= now {
        return Err(Problem::gone(
            "invitation_expired",
            "this invitation is too old; ask for a new one",
        ));
    }
    Ok(row)
}

pub(super) fn unknown() -> Problem {
    Problem::new(axum::http::StatusCode::NOT_FOUND, "invitation_not_found")
        .with_detail("there is no such invitation, or no longer")
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    #[test]
    fn only_an_open_invitation_passes() {
        let (ids, now) = (Ids::system(), DateTime::UNIX_EPOCH);
        let open = invitation::Model {
            id: ids.next(),
            tenant_id: ids.next(),
            email: serde_json::from_value("ada@example.com".into()).unwrap(),
            role: Role::Member,
            token_hash: Vec::new(),
            invited_by: Some(ids.next()),
            created_at: now,
            expires_at: expiry(now),
            accepted_at: None,
            revoked_at: None,
            role_id: None,
        };
        let accepted = invitation::Model {
            accepted_at: Some(now),
            ..open.clone()
        };
        let revoked = invitation::Model {
            revoked_at: Some(now),
            ..open.clone()
        };
        let table = [
            (Some(open.clone()), now, None),
            (Some(open), expiry(now), Some("invitation_expired")),
            (Some(accepted), now, Some("invitation_used")),
            (Some(revoked), now, Some("invitation_not_found")),
            (None, now, Some("invitation_not_found")),
        ];
        for (row, now, code) in table {
            assert_eq!(
                check_open(row, now).err().map(|problem| problem.code()),
                code
            );
        }
    }
}
