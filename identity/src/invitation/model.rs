//! What an invitation still is good for.

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entity::invitation;

/// Time to accept.
const LIFETIME: TimeDelta = TimeDelta::days(7);

pub(super) fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + LIFETIME
}

/// The same invitation is not sent twice within this time.
const BETWEEN_MAILS: TimeDelta = TimeDelta::minutes(1);

/// Whether an invitation can be accepted, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Open,
    Accepted,
    Revoked,
    Expired,
}

pub(super) fn status(row: &invitation::Model, now: DateTime<Utc>) -> Status {
    if row.accepted_at.is_some() {
        Status::Accepted
    } else if row.revoked_at.is_some() {
        Status::Revoked
    } else if row.expires_at <= now {
        Status::Expired
    } else {
        Status::Open
    }
}

/// Passes what may be sent again: an open invitation or one that has expired, unless it was sent just now.
pub(super) fn check_resendable(
    row: Option<invitation::Model>,
    now: DateTime<Utc>,
) -> Result<invitation::Model, Problem> {
    let row = row.ok_or_else(unknown)?;
    match status(&row, now) {
        Status::Revoked => Err(unknown()),
        Status::Accepted => Err(used()),
        Status::Open | Status::Expired => {
            let wait = row.expires_at - LIFETIME + BETWEEN_MAILS - now;
            match u64::try_from(wait.num_seconds()) {
                Ok(seconds) if seconds > 0 => {
                    Err(Problem::too_many("invitation_just_sent", seconds))
                }
                _ => Ok(row),
            }
        }
    }
}

pub(super) fn already_member() -> Problem {
    Problem::conflict("already_member", "this person is a member already")
}

fn used() -> Problem {
    Problem::gone("invitation_used", "this invitation has been accepted")
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
        return Err(used());
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
    use kernel::{Ids, Role};

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
            workspace_id: None,
            workspace_role: None,
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
