//! Words and rules of projects.

use chrono::{NaiveDate, TimeDelta};
use httpkit::Problem;
use kernel::{Permission, Permissions, ProjectKey};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString};
use utoipa::ToSchema;

/// How many projects may share a suggested key before people have to choose one.
const NUMBERED_KEYS: u16 = 999;

/// How long a deleted project may be brought back.
pub(crate) const TRASH_KEPT: TimeDelta = TimeDelta::days(30);

/// Where a project stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum ProjectStatus {
    /// Not begun.
    Planning,
    /// Being worked on.
    Active,
    /// Waiting for better times.
    OnHold,
    /// Finished.
    Completed,
    /// Given up.
    Cancelled,
}

/// How much a project matters.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum ProjectPriority {
    /// When there is time.
    Low,
    /// The usual.
    Medium,
    /// Before the usual.
    High,
    /// Before everything.
    Critical,
}

/// A person's role inside one project.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumIter,
    EnumString,
    DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum ProjectRole {
    /// Created it, answers for it.
    Owner,
    /// Arranges it.
    Manager,
    /// Works in it.
    Member,
    /// Reads it.
    Viewer,
}

impl ProjectRole {
    /// What the role adds in its project. Each role may do what the next lower one may.
    pub(crate) fn permissions(self) -> Permissions {
        use Permission as P;
        let (own, lower): (&[P], _) = match self {
            Self::Owner => (&[P::ProjectDelete], Some(Self::Manager)),
            Self::Manager => (
                &[P::ProjectUpdate, P::BoardManage, P::TaskDelete],
                Some(Self::Member),
            ),
            Self::Member => (
                &[
                    P::TaskCreate,
                    P::TaskUpdate,
                    P::CommentCreate,
                    P::LinkCreate,
                ],
                Some(Self::Viewer),
            ),
            Self::Viewer => (&[P::ProjectRead, P::TaskRead], None),
        };
        let lower = lower.map_or_else(Permissions::default, Self::permissions);
        own.iter().fold(lower, |set, one| set.with(*one))
    }
}

/// Keys for a project of this name, the best one first.
pub(crate) fn suggested_keys(name: &str) -> Vec<ProjectKey> {
    let plain = ProjectKey::suggest(name);
    let numbered: Vec<_> = (2..=NUMBERED_KEYS).map(|n| plain.numbered(n)).collect();
    std::iter::once(plain).chain(numbered).collect()
}

/// Passes when the plan allows one more project.
pub(super) fn check_room(projects: u64, allowed: u64) -> Result<(), Problem> {
    if projects < allowed {
        return Ok(());
    }
    let detail = format!("the organization's plan allows {allowed} projects; delete one first");
    Err(Problem::forbidden("limit_projects").with_detail(detail))
}

/// 409 for what would leave a project without an owner.
pub(super) fn last_owner() -> Problem {
    Problem::conflict(
        "last_owner",
        "there is no other owner; make somebody one first",
    )
}

/// Passes when the end is not before the start.
pub(crate) fn check_dates(start: Option<NaiveDate>, end: Option<NaiveDate>) -> Result<(), Problem> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => Err(Problem::field(
            "/end_date",
            "invalid",
            "must not be before the start date",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggested_keys_begin_with_the_plain_one_and_are_all_different() {
        let keys = suggested_keys("Apollo");
        let text: Vec<&str> = keys.iter().take(3).map(ProjectKey::as_str).collect();
        assert_eq!(text, ["APO", "APO2", "APO3"]);
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn end_may_be_the_start_but_not_before_it() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day);
        assert!(check_dates(day(2), day(2)).is_ok());
        assert!(check_dates(None, day(1)).is_ok());
        assert_eq!(check_dates(day(2), day(1)).unwrap_err().status(), 422);
    }

    #[test]
    fn words_are_the_same_on_the_wire_and_in_the_table() {
        assert_eq!(ProjectStatus::OnHold.to_string(), "on_hold");
        let json = serde_json::to_string(&ProjectStatus::OnHold).unwrap();
        assert_eq!(json, "\"on_hold\"");
    }
}
