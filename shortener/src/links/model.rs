//! Rules of links, without a database.

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use httpkit::tokens::Resource;
use kernel::TaskId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::entity::link;

/// A link that outlives a project serves nobody.
const MAX_LIFE: TimeDelta = TimeDelta::days(5 * 365);

/// What can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResourceKind {
    /// One task.
    Task,
}

/// The thing a link shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ResourceRef {
    /// What kind of thing.
    pub(crate) kind: ResourceKind,
    /// Its id.
    pub(crate) id: Uuid,
}

/// Whether a link opens, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It opens.
    Live,
    /// Its time is over.
    Expired,
    /// It was opened as often as it may be.
    UsedUp,
    /// Its owner took it back.
    Revoked,
}

impl From<ResourceRef> for Resource {
    fn from(resource: ResourceRef) -> Self {
        match resource.kind {
            ResourceKind::Task => Self::Task(TaskId::from(resource.id)),
        }
    }
}

impl From<Resource> for ResourceRef {
    fn from(resource: Resource) -> Self {
        match resource {
            Resource::Task(id) => Self {
                kind: ResourceKind::Task,
                id: id.uuid(),
            },
        }
    }
}

impl ResourceKind {
    /// The word for it in the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
        }
    }
}

/// The thing that a stored link shows.
pub(crate) fn resource(link: &link::Model) -> Result<Resource, Problem> {
    let text = format!("{}:{}", link.resource_kind, link.resource_id);
    text.parse().map_err(Problem::internal)
}

/// Where a link stands now. Decided whenever it is served, never by a job.
pub(crate) fn standing(link: &link::Model, now: DateTime<Utc>) -> Standing {
    if link.revoked_at.is_some() {
        Standing::Revoked
    } else if link.expires_at.is_some_and(|end| end <= now) {
        Standing::Expired
    } else if link.max_opens.is_some_and(|most| link.opens >= most.into()) {
        Standing::UsedUp
    } else {
        Standing::Live
    }
}

/// A link ends in the future, and within five years.
pub(crate) fn check_expiry(
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    match expires_at {
        Some(end) if end <= now => Err(refuse("must be in the future")),
        Some(end) if end > now + MAX_LIFE => Err(refuse("must be within five years")),
        Some(_) | None => Ok(()),
    }
}

fn refuse(detail: &str) -> Problem {
    Problem::field("/expires_at", "invalid", detail)
}

#[cfg(test)]
pub(crate) mod tests {
    use kernel::Ids;

    use super::*;

    pub(crate) fn sample(now: DateTime<Utc>) -> link::Model {
        let ids = Ids::system();
        link::Model {
            id: ids.next(),
            tenant_id: ids.next(),
            resource_kind: "task".to_owned(),
            resource_id: ids.next::<TaskId>().uuid(),
            created_by: ids.next(),
            code_hash: vec![0; 32],
            sealed_code: Vec::new(),
            password_hash: None,
            password_version: 1,
            expires_at: None,
            max_opens: None,
            opens: 0,
            failed_attempts: 0,
            revoked_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn link_ends_at_its_time_at_its_last_open_or_when_taken_back() {
        let now = DateTime::UNIX_EPOCH;
        let link = sample(now);
        assert_eq!(standing(&link, now), Standing::Live);
        let mut ended = link.clone();
        ended.expires_at = Some(now);
        assert_eq!(standing(&ended, now), Standing::Expired);
        let mut used = link;
        (used.max_opens, used.opens) = (Some(2), 2);
        assert_eq!(standing(&used, now), Standing::UsedUp);
        used.revoked_at = Some(now);
        assert_eq!(standing(&used, now), Standing::Revoked);
    }

    #[test]
    fn expiry_lies_between_now_and_five_years() {
        let now = DateTime::UNIX_EPOCH;
        assert!(check_expiry(None, now).is_ok());
        assert!(check_expiry(Some(now + TimeDelta::seconds(1)), now).is_ok());
        for wrong in [now, now + MAX_LIFE + TimeDelta::seconds(1)] {
            assert_eq!(check_expiry(Some(wrong), now).unwrap_err().status(), 422);
        }
    }

    #[test]
    fn stored_resource_reads_back() {
        let link = sample(DateTime::UNIX_EPOCH);
        let found = ResourceRef::from(resource(&link).unwrap());
        assert_eq!((found.kind.as_str(), found.id), ("task", link.resource_id));
    }
}
