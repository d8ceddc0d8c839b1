//! Rules of links, without a database.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use httpkit::tokens::Resource;
use kernel::{BoardId, LinkId, ProjectId, TaskId, ViewId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::entity::link;

/// A link that outlives a project serves nobody.
const MAX_LIFE: TimeDelta = TimeDelta::days(5 * 365);

/// Wrong passwords count together that long.
pub(crate) const GUESSING: TimeDelta = TimeDelta::hours(1);
/// So many of them are no mistakes of a guest.
const ATTACK: i32 = 20;

/// What can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResourceKind {
    /// One task.
    Task,
    /// A board with its cards.
    Board,
    /// A project with its tasks.
    Project,
    /// The tasks of a saved view of one project.
    View,
    /// A page of the organization's own host: the link leads there and shows nothing itself.
    Url,
}

/// The thing a link shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResourceRef {
    pub(crate) kind: ResourceKind,
    /// Of a link to an address the link's own id.
    pub(crate) id: Uuid,
}

/// Whether a link opens, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It opens.
    Live,
    /// Its time has not come.
    Scheduled,
    /// Its owner holds it back for now.
    Paused,
    /// Its time is over.
    Expired,
    /// It was opened as often as it may be.
    UsedUp,
    /// Its owner took it back.
    Revoked,
}

impl ResourceKind {
    const ALL: [Self; 5] = [
        Self::Task,
        Self::Board,
        Self::Project,
        Self::View,
        Self::Url,
    ];

    /// The word for it in the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Board => "board",
            Self::Project => "project",
            Self::View => "view",
            Self::Url => "url",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl ResourceRef {
    /// The thing that a stored link shows.
    pub(crate) fn of(link: &link::Model) -> Result<Self, Problem> {
        let kind = ResourceKind::of(&link.resource_kind);
        let kind = kind.ok_or_else(|| Problem::internal("a link to an unknown kind of thing"))?;
        Ok(Self {
            kind,
            id: link.resource_id,
        })
    }

    /// Reads `task:<id>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        Some(Self {
            kind: ResourceKind::of(kind)?,
            id: id.parse().ok()?,
        })
    }

    /// What project-svc is asked for; none for an address.
    pub(crate) fn thing(self) -> Option<Resource> {
        let id = self.id;
        match self.kind {
            ResourceKind::Task => Some(Resource::Task(TaskId::from(id))),
            ResourceKind::Board => Some(Resource::Board(BoardId::from(id))),
            ResourceKind::Project => Some(Resource::Project(ProjectId::from(id))),
            ResourceKind::View => Some(Resource::View(ViewId::from(id))),
            ResourceKind::Url => None,
        }
    }

    /// The address that the link of this id leads to.
    pub(crate) fn url_of(link: LinkId) -> Self {
        Self {
            kind: ResourceKind::Url,
            id: link.uuid(),
        }
    }
}

/// As events name it, `task:<id>`.
impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.id)
    }
}

/// Where a link stands now. Decided whenever it is served, never by a job.
pub(crate) fn standing(link: &link::Model, now: DateTime<Utc>) -> Standing {
    if link.revoked_at.is_some() {
        Standing::Revoked
    } else if link.expires_at.is_some_and(|end| end <= now) {
        Standing::Expired
    } else if link.max_opens.is_some_and(|most| link.opens >= most.into()) {
        Standing::UsedUp
    } else if link.paused_at.is_some() {
        Standing::Paused
    } else if link.starts_at.is_some_and(|start| start > now) {
        Standing::Scheduled
    } else {
        Standing::Live
    }
}

/// Whether somebody is guessing the link's password. Attempts that the throttle turned away are not counted.
pub(crate) fn is_attacked(link: &link::Model, now: DateTime<Utc>) -> bool {
    link.guesses >= ATTACK
        && link
            .guessed_since
            .is_some_and(|since| since > now - GUESSING)
}

/// A link ends in the future, within five years, and after it has begun.
pub(crate) fn check_times(
    starts_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let latest = now + MAX_LIFE;
    if starts_at.is_some_and(|start| start > latest) {
        return Err(refuse("/starts_at", "must be within five years"));
    }
    match expires_at {
        Some(end) if end <= now => Err(refuse("/expires_at", "must be in the future")),
        Some(end) if end > latest => Err(refuse("/expires_at", "must be within five years")),
        Some(end) if starts_at.is_some_and(|start| start >= end) => {
            Err(refuse("/expires_at", "must be after `starts_at`"))
        }
        Some(_) | None => Ok(()),
    }
}

/// A slug can be guessed, so a password stands before what it shows. Where a link leads to asks for a sign-in itself.
pub(crate) fn check_slug(
    slug: Option<&str>,
    kind: ResourceKind,
    has_password: bool,
) -> Result<(), Problem> {
    if slug.is_none() || has_password || kind == ResourceKind::Url {
        return Ok(());
    }
    Err(Problem::field(
        "/slug",
        "password_required",
        "a chosen slug can be guessed: give the link a password too",
    ))
}

fn refuse(field: &'static str, detail: &str) -> Problem {
    Problem::field(field, "invalid", detail)
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
            guesses: 0,
            guessed_since: None,
            revoked_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
            label: None,
            slug: None,
            target: None,
            starts_at: None,
            paused_at: None,
            show_comments: false,
            show_people: false,
            notify_first_open: false,
            first_opened_at: None,
            last_opened_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn link_stands_by_its_times_its_opens_and_its_owner() {
        let now = DateTime::UNIX_EPOCH;
        let mut link = sample(now);
        assert_eq!(standing(&link, now), Standing::Live);
        link.starts_at = Some(now + TimeDelta::seconds(1));
        assert_eq!(standing(&link, now), Standing::Scheduled);
        link.starts_at = Some(now);
        assert_eq!(standing(&link, now), Standing::Live);
        link.paused_at = Some(now);
        assert_eq!(standing(&link, now), Standing::Paused);
        (link.max_opens, link.opens) = (Some(2), 2);
        assert_eq!(standing(&link, now), Standing::UsedUp);
        link.expires_at = Some(now);
        assert_eq!(standing(&link, now), Standing::Expired);
        link.revoked_at = Some(now);
        assert_eq!(standing(&link, now), Standing::Revoked);
    }

    #[test]
    fn many_wrong_passwords_within_an_hour_are_an_attack() {
        let now = DateTime::UNIX_EPOCH + GUESSING;
        let mut link = sample(now);
        assert!(!is_attacked(&link, now));
        (link.guesses, link.guessed_since) = (ATTACK, Some(now));
        assert!(is_attacked(&link, now));
        assert!(!is_attacked(&link, now + GUESSING), "it is over");
        link.guesses -= 1;
        assert!(!is_attacked(&link, now), "people mistype");
    }

    #[test]
    fn links_begin_and_end_in_order_and_within_five_years() {
        let now = DateTime::UNIX_EPOCH;
        let at = |seconds| Some(now + TimeDelta::seconds(seconds));
        let far = Some(now + MAX_LIFE + TimeDelta::seconds(1));
        for (starts, ends) in [(None, None), (None, at(1)), (at(1), at(2)), (at(-1), None)] {
            assert!(
                check_times(starts, ends, now).is_ok(),
                "{starts:?} {ends:?}"
            );
        }
        for (starts, ends) in [
            (None, at(0)),
            (None, far),
            (far, None),
            (at(2), at(2)),
            (at(3), at(2)),
        ] {
            let refused = check_times(starts, ends, now).unwrap_err();
            assert_eq!(refused.status(), 422, "{starts:?} {ends:?}");
        }
    }

    #[test]
    fn what_can_be_guessed_needs_a_password() {
        for (slug, kind, password, fine) in [
            (None, ResourceKind::Task, false, true),
            (Some("q3"), ResourceKind::Task, true, true),
            (Some("q3"), ResourceKind::Url, false, true),
            (Some("q3"), ResourceKind::Task, false, false),
            (Some("q3"), ResourceKind::Board, false, false),
        ] {
            assert_eq!(check_slug(slug, kind, password).is_ok(), fine, "{kind:?}");
        }
    }

    #[test]
    fn stored_resource_reads_back() {
        let mut link = sample(DateTime::UNIX_EPOCH);
        for kind in ResourceKind::ALL {
            link.resource_kind = kind.as_str().to_owned();
            let found = ResourceRef::of(&link).unwrap();
            assert_eq!((found.kind, found.id), (kind, link.resource_id));
            assert_eq!(ResourceRef::parse(&found.to_string()), Some(found));
            let thing = found.thing().map(|thing| thing.to_string());
            assert_eq!(thing.is_none(), kind == ResourceKind::Url);
            assert!(thing.is_none_or(|thing| thing == found.to_string()));
        }
        link.resource_kind = "room".to_owned();
        assert!(ResourceRef::of(&link).is_err());
        assert_eq!(ResourceRef::parse("task:x"), None);
    }
}
