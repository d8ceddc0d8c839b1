//! Which events a list shows, and what an event looks like outside.

use chrono::{DateTime, Datelike, Utc};
use httpkit::{FieldError, Problem};
use kernel::{AuditEventId, TenantId, UserId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// PostgreSQL and RFC 3339 agree on these years.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;
/// What an action may be made of, so that it is a plain prefix in a pattern.
const MAX_ACTION_CHARS: usize = 60;

/// Which events to show; several conditions must all hold.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// An action (`session.opened`), or a subject for all that was done to such things (`session`).
    pub(super) action: Option<String>,
    /// What this person did or tried.
    pub(super) actor: Option<UserId>,
    /// What was done to this person or thing.
    pub(super) target: Option<Uuid>,
    /// What was let, or what was refused.
    pub(super) succeeded: Option<bool>,
    /// From this moment on.
    pub(super) from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub(super) to: Option<DateTime<Utc>>,
}

/// A filter that was checked, in one organization.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) tenant: TenantId,
    pub(super) filter: AuditFilter,
}

impl AuditFilter {
    /// 422 names every parameter that is wrong.
    pub(super) fn of(self, tenant: TenantId) -> Result<Selection, Problem> {
        let mut errors = Vec::new();
        if let Some(action) = &self.action
            && !is_action(action)
        {
            let words = "must be lower case words with `_`, and at most one dot between them";
            errors.push(FieldError::invalid("action", words));
        }
        for (name, moment) in [("from", self.from), ("to", self.to)] {
            if moment.is_some_and(|moment| !YEARS.contains(&moment.year())) {
                errors.push(FieldError::invalid(name, "must be of the years 1 to 9999"));
            }
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| from >= to) {
            errors.push(FieldError::invalid("to", "must be after `from`"));
        }
        match errors.is_empty() {
            true => Ok(Selection {
                tenant,
                filter: self,
            }),
            false => Err(Problem::validation(errors)),
        }
    }
}

fn is_action(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut words = text.split('.');
    text.len() <= MAX_ACTION_CHARS
        && words.next().is_some_and(word)
        && words.next().is_none_or(word)
        && words.next().is_none()
}

/// Something that was done, or tried.
#[derive(Debug, Clone, Serialize, ToSchema, FromQueryResult)]
pub(super) struct AuditEvent {
    /// Id of the event.
    pub(super) id: AuditEventId,
    /// When.
    pub(super) created_at: DateTime<Utc>,
    /// What, as `subject.verb`.
    #[schema(example = "session.opened")]
    pub(super) action: String,
    /// Whether it was let.
    pub(super) succeeded: bool,
    /// Who; nobody where no member is known by the address that was given, or the system did it.
    pub(super) actor_id: Option<UserId>,
    /// The actor's name now; none for who never was a member here, or has been erased.
    pub(super) actor_name: Option<String>,
    /// To whom or what.
    pub(super) target_id: Option<Uuid>,
    /// The network address it came from.
    pub(super) address: Option<String>,
    /// The program it came from.
    pub(super) user_agent: Option<String>,
    /// What else matters, by action.
    #[schema(value_type = Object)]
    pub(super) detail: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_is_one_word_or_two() {
        for good in ["session", "session.opened", "one_time.used_up"] {
            assert!(is_action(good), "{good}");
        }
        let long = "a".repeat(61);
        for bad in [
            "", ".", "session.", ".x", "a.b.c", "Session", "a%", "a b", &long,
        ] {
            assert!(!is_action(bad), "{bad}");
        }
    }

    #[test]
    fn moments_are_in_order_and_of_this_world() {
        let tenant = kernel::Ids::system().next();
        let at = |text: &str| Some(text.parse().unwrap());
        let filter = |from, to| AuditFilter {
            from,
            to,
            ..AuditFilter::default()
        };
        let (may, june) = (at("2030-05-01T00:00:00Z"), at("2030-06-01T00:00:00Z"));
        assert!(filter(may, june).of(tenant).is_ok());
        for (from, to) in [
            (june, may),
            (may, may),
            (at("+12030-01-01T00:00:00Z"), None),
        ] {
            assert_eq!(filter(from, to).of(tenant).unwrap_err().status(), 422);
        }
    }
}
