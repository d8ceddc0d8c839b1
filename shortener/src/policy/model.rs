//! The rules themselves, without a database.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use httpkit::Problem;
use sea_orm::FromQueryResult;

use crate::entity::link;

/// An organization's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Policy {
    /// Whether guests get in at all.
    pub(super) enabled: bool,
    /// Whether links that show something have a password.
    pub(super) require_password: bool,
    /// Within how many days links end.
    pub(super) max_days: Option<i32>,
    /// Rises with each change; 0 where there never was one.
    pub(super) version: i32,
}

/// Everything goes, until somebody says otherwise.
impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            require_password: false,
            max_days: None,
            version: 0,
        }
    }
}

/// What of a link the rules are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Not for a redirect: where it leads to asks for a sign-in itself.
    pub(crate) shows_something: bool,
    pub(crate) has_password: bool,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Terms {
    pub(crate) fn of(link: &link::Model) -> Self {
        Self {
            shows_something: link.target.is_none(),
            has_password: link.password_hash.is_some(),
            expires_at: link.expires_at,
        }
    }
}

impl Policy {
    /// Refuses a new link that breaks the rules.
    pub(crate) fn check_new(&self, link: &Terms, now: DateTime<Utc>) -> Result<(), Problem> {
        if !self.enabled {
            return Err(
                Problem::new(StatusCode::FORBIDDEN, "links_disabled").with_detail(
                    "your organization has turned links off; ask somebody who manages its security",
                ),
            );
        }
        self.check_password(link)?;
        self.check_end(link, now)
    }

    /// Refuses a change that breaks the rules. What was so before they were made may stay.
    pub(crate) fn check_change(
        &self,
        before: &Terms,
        after: &Terms,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        if before.has_password != after.has_password {
            self.check_password(after)?;
        }
        if before.expires_at != after.expires_at {
            self.check_end(after, now)?;
        }
        Ok(())
    }

    fn check_password(&self, link: &Terms) -> Result<(), Problem> {
        if !self.require_password || link.has_password || !link.shows_something {
            return Ok(());
        }
        let detail = "your organization demands a password of every link";
        Err(Problem::field("/password", "required", detail))
    }

    fn check_end(&self, link: &Terms, now: DateTime<Utc>) -> Result<(), Problem> {
        let Some(days) = self.max_days else {
            return Ok(());
        };
        let latest = now + TimeDelta::days(days.into());
        if link.expires_at.is_some_and(|end| end <= latest) {
            return Ok(());
        }
        let detail = format!("your organization demands that links end within {days} days");
        Err(Problem::field("/expires_at", "required", detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn terms(has_password: bool, days: Option<i64>) -> Terms {
        Terms {
            shows_something: true,
            has_password,
            expires_at: days.map(|days| NOW + TimeDelta::days(days)),
        }
    }

    fn strict() -> Policy {
        Policy {
            require_password: true,
            max_days: Some(30),
            ..Policy::default()
        }
    }

    #[test]
    fn without_rules_everything_goes() {
        let policy = Policy::default();
        assert!(policy.check_new(&terms(false, None), NOW).is_ok());
    }

    #[test]
    fn new_links_need_what_is_demanded() {
        for (password, days, field) in [
            (true, Some(30), None),
            (false, Some(30), Some("/password")),
            (true, Some(31), Some("/expires_at")),
            (true, None, Some("/expires_at")),
        ] {
            let refused = strict().check_new(&terms(password, days), NOW).err();
            let named = refused.map(|problem| problem.body().errors[0].pointer.clone());
            assert_eq!(named.as_deref(), field, "{password} {days:?}");
        }
        let redirect = Terms {
            shows_something: false,
            ..terms(false, Some(1))
        };
        assert!(strict().check_new(&redirect, NOW).is_ok());
    }

    #[test]
    fn older_links_keep_what_they_have_and_cannot_lose_more() {
        let policy = strict();
        let free = terms(false, None);
        assert!(policy.check_change(&free, &free, NOW).is_ok());
        let guarded = terms(true, None);
        assert!(policy.check_change(&free, &guarded, NOW).is_ok());
        assert!(policy.check_change(&guarded, &free, NOW).is_err());
        assert!(
            policy
                .check_change(&free, &terms(false, Some(31)), NOW)
                .is_err()
        );
        assert!(
            policy
                .check_change(&free, &terms(false, Some(30)), NOW)
                .is_ok()
        );
    }

    #[test]
    fn where_links_are_off_none_is_made() {
        let off = Policy {
            enabled: false,
            ..Policy::default()
        };
        let refused = off.check_new(&terms(true, Some(1)), NOW).unwrap_err();
        assert_eq!(
            (refused.status().as_u16(), refused.code()),
            (403, "links_disabled")
        );
        assert!(
            off.check_change(&terms(true, None), &terms(false, None), NOW)
                .is_ok()
        );
    }
}
