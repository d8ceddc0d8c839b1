//! What a request asks for, and how far it has come.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::entity::organization;

/// How long an archive can be had.
pub(super) const ARCHIVE_KEPT: TimeDelta = TimeDelta::days(7);
/// A request that somebody works on is nobody else's for this long; each step begins it anew.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(5);
/// An export that failed this often fails for good; an erasure never does.
pub(super) const EXPORT_ATTEMPTS: i32 = 10;
const FIRST_PAUSE_SECONDS: i64 = 5;
const LONGEST_PAUSE_SECONDS: i64 = 3_600;

/// Which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Export,
    Erasure,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Erasure => "erasure",
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestStatus {
    /// It has not begun, or waits for a service that is away.
    Waiting,
    /// Somebody works on it.
    Running,
    /// It is done.
    Done,
    /// It was given up.
    Failed,
}

impl RequestStatus {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            _ => Self::Waiting,
        }
    }
}

/// What is kept in the request between two steps. Ids and counts only.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The organizations to go through.
    pub(super) organizations: Vec<TenantId>,
    /// Organizations whose rules ask for more than the session proved.
    #[serde(default)]
    pub(super) left_out: Vec<TenantId>,
    /// Where it was asked: what comes of an export can be had there alone.
    pub(super) asked_in: Option<TenantId>,
    /// Whether the session that asked proved a second factor.
    #[serde(default)]
    pub(super) second_factor: bool,
    /// What each service answered, by organization.
    #[serde(default)]
    pub(super) answers: BTreeMap<TenantKey, BTreeMap<String, Value>>,
}

/// An organization's id as a key of JSON.
pub(super) type TenantKey = String;

/// What the session that asks has proved, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) tenant: TenantId,
    pub(super) second_factor: bool,
}

/// Whether an export may hold what an organization keeps: what the session could come to without proving more. The
/// copy must be no door around an organization's rules.
pub(super) fn may_export(session: Session, organization: &organization::Model) -> bool {
    session.tenant == organization.tenant_id
        || (organization.switch_without_password
            && organization.password_sign_in
            && (session.second_factor || !organization.require_second_factor))
}

/// When to try again after so many attempts.
pub(super) fn next_attempt(now: DateTime<Utc>, attempts: i32) -> DateTime<Utc> {
    let doublings = u32::try_from(attempts.clamp(0, 20)).unwrap_or(0);
    let seconds = FIRST_PAUSE_SECONDS.saturating_mul(1 << doublings);
    now + TimeDelta::seconds(seconds.min(LONGEST_PAUSE_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let now = DateTime::UNIX_EPOCH;
        let pause = |attempts| (next_attempt(now, attempts) - now).num_seconds();
        assert_eq!(
            (pause(1), pause(2), pause(9), pause(i32::MAX)),
            (10, 20, 2_560, 3_600)
        );
    }

    #[test]
    fn copy_is_no_door_around_the_rules_of_an_organization() {
        let ids = kernel::Ids::system();
        let organization = organization::Model {
            tenant_id: ids.next(),
            subdomain: "acme".to_owned(),
            name: "Acme".to_owned(),
            request_id: "r".to_owned(),
            confirmed_at: None,
            created_at: DateTime::UNIX_EPOCH,
            greet: true,
            named_at: None,
            allowed_email_domains: Vec::new(),
            require_second_factor: false,
            password_sign_in: true,
            switch_without_password: true,
            audit_retention_days: 365,
            version: 1,
        };
        let strict = organization::Model {
            require_second_factor: true,
            ..organization.clone()
        };
        let closed = organization::Model {
            switch_without_password: false,
            ..organization.clone()
        };
        let single = organization::Model {
            password_sign_in: false,
            ..organization.clone()
        };
        let elsewhere = |second_factor| Session {
            tenant: ids.next(),
            second_factor,
        };
        let here = Session {
            tenant: organization.tenant_id,
            second_factor: false,
        };
        assert!(may_export(elsewhere(false), &organization));
        assert!(!may_export(elsewhere(false), &strict));
        assert!(may_export(elsewhere(true), &strict));
        assert!(!may_export(elsewhere(true), &closed));
        assert!(!may_export(elsewhere(true), &single));
        for own in [&strict, &closed, &single] {
            assert!(may_export(here, own));
        }
    }
}
