//! What a report shows.

use events::topic::task::{TaskPriority, TaskStatus};
use garde::Validate;
use httpkit::{Member, Problem};
use kernel::{CustomReportId, LinkId, Permission, ProjectId, TimeZone, UserId};
use mongodb::bson;
use serde::{Deserialize, Serialize};
use strum::AsRefStr;
use utoipa::ToSchema;

use super::period::ReportPeriod;

/// What is counted or measured.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, AsRefStr, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Measure {
    /// Tasks created in the period.
    TasksCreated,
    /// Tasks completed in the period that are still done: the throughput.
    TasksDone,
    /// Seconds of the estimates of those.
    EstimateDone,
    /// How long those took from their creation: count, mean and percentiles.
    LeadTime,
    /// How long those took from when somebody began.
    CycleTime,
    /// Comments written in the period.
    Comments,
    /// Opens of links by guests in the period; machines that preview links do not count.
    LinkOpens,
}

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AsRefStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Group {
    /// A day; each is there, also where nothing happened.
    Day,
    /// A week from Monday on (ISO 8601).
    Week,
    /// A month.
    Month,
    /// A project.
    Project,
    /// A person; a task of two counts for each, one of nobody for nobody.
    Person,
    /// A status, as it is now.
    Status,
    /// A priority, as it is now.
    Priority,
    /// A task.
    Task,
    /// A link.
    Link,
    /// The class of a guest's device.
    Device,
    /// The host of the page that led a guest to a link.
    Referrer,
}

/// Only what is of all of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Filter {
    /// Tasks of this project, and comments on them.
    pub(crate) project_id: Option<ProjectId>,
    /// Tasks of this person, and comments by them.
    pub(crate) user_id: Option<UserId>,
    /// Tasks that have this status now.
    #[schema(value_type = Option<String>)]
    pub(crate) status: Option<TaskStatus>,
    /// Tasks that have this priority now.
    #[schema(value_type = Option<String>)]
    pub(crate) priority: Option<TaskPriority>,
    /// Opens of this link.
    pub(crate) link_id: Option<LinkId>,
}

/// What a report shows: some measures by group, of what the filter lets through, in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
pub(crate) struct Definition {
    /// What is counted, each once.
    #[garde(length(min = 1, max = 7))]
    #[schema(min_items = 1, max_items = 7)]
    pub(crate) measures: Vec<Measure>,
    /// What a row is of.
    pub(crate) group_by: Group,
    /// Everything when left out.
    #[serde(default)]
    pub(crate) filter: Filter,
    /// Which days.
    pub(crate) period: ReportPeriod,
    /// IANA name of the time zone whose days are meant; that of who runs it when left out, else the organization's, else UTC.
    #[schema(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    pub(crate) timezone: Option<TimeZone>,
}

/// A definition under its name, as it is stored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct CustomReport {
    pub(crate) custom_report: CustomReportId,
    pub(crate) owner: UserId,
    pub(crate) name: String,
    pub(crate) definition: Definition,
    pub(crate) version: i32,
    pub(crate) created_at: bson::DateTime,
    pub(crate) updated_at: bson::DateTime,
}

impl Definition {
    /// Whether it shows nothing but what is this person's own.
    fn is_own(&self, user: UserId) -> bool {
        self.filter.user_id == Some(user)
    }

    /// Passes whoever may see its numbers: one's own are everybody's to see, all others are for those with
    /// `analytics:read`. 403 otherwise.
    pub(crate) fn require(&self, member: &Member) -> Result<(), Problem> {
        match self.is_own(member.user) {
            true => Ok(()),
            false => member.require(Permission::AnalyticsRead),
        }
    }

    /// Passes whoever may know that something of `owner` exists which is defined so; 404 otherwise.
    pub(crate) fn require_visible(&self, owner: UserId, member: &Member) -> Result<(), Problem> {
        let own = owner == member.user && self.is_own(member.user);
        match own || member.permissions.contains(Permission::AnalyticsRead) {
            true => Ok(()),
            false => Err(Problem::not_found()),
        }
    }
}

impl CustomReport {
    /// Passes whoever may change it: its owner, and who manages the organization. 403 otherwise.
    pub(crate) fn require_change(&self, member: &Member) -> Result<(), Problem> {
        match self.owner == member.user {
            true => Ok(()),
            false => member.require(Permission::OrganizationManage),
        }
    }
}
