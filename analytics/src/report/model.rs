//! A report and its states.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use kernel::{CustomReportId, EventId, ReportId, TimeZone, UserId};
use mongodb::bson;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::custom_report::{CustomReport, Definition, Group, Measure};
use crate::period::{Asked, Granularity, Period};
use crate::store::date;

/// Time for one attempt.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a report is a worker's that is not heard of again.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(15);

/// How often a worker renews its lease.
pub(super) const RENEWAL: Duration = Duration::from_secs(5);

/// Attempts until it is given up.
pub(super) const MOST_ATTEMPTS: i32 = 3;

/// How long one instance may take to tell that a report is ready.
pub(super) const TELL_LEASE: TimeDelta = TimeDelta::seconds(30);

/// How long a report can be read after it was asked for.
const KEPT: TimeDelta = TimeDelta::days(14);

/// How long rows outlive their report, so that a file that is being read comes to its end.
pub(super) const ROWS_OUTLIVE: TimeDelta = TimeDelta::hours(1);

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReportState {
    /// Waits for its turn.
    Queued,
    /// Is being made.
    Running,
    /// Its rows can be read.
    Ready,
    /// There will be no rows; `failure` says why.
    Failed,
}

/// Why there are no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failure {
    /// More than 500,000 tasks or events to look at, or more than 100,000 rows: choose a shorter period, a filter or
    /// another group.
    TooLarge,
    /// It was tried three times. Run it again later.
    GaveUp,
}

/// A report, as it is stored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Report {
    pub(crate) report: ReportId,
    pub(super) custom_report: CustomReportId,
    pub(super) name: String,
    pub(super) requested_by: UserId,
    /// As it was when it was asked for.
    pub(super) definition: Definition,
    pub(super) period: Period,
    pub(super) timezone: TimeZone,
    pub(super) state: ReportState,
    /// How often it was begun; rows are of one attempt.
    pub(super) attempt: i32,
    #[serde(default)]
    pub(super) rows: i64,
    #[serde(default)]
    pub(super) failure: Option<Failure>,
    pub(crate) created_at: bson::DateTime,
    #[serde(default)]
    pub(crate) finished_at: Option<bson::DateTime>,
    pub(crate) expires_at: bson::DateTime,
    /// Who is told when it is ready.
    #[serde(default)]
    pub(crate) tell: Vec<Tell>,
}

/// A person to be told, by an event that keeps its id however often it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tell {
    pub(crate) recipient: UserId,
    pub(crate) event: EventId,
}

impl Report {
    /// One that is to be made of `wanted` for `requested_by`, in the days of `timezone`.
    pub(crate) fn new(
        report: ReportId,
        requested_by: UserId,
        wanted: CustomReport,
        timezone: TimeZone,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            report,
            custom_report: wanted.custom_report,
            name: wanted.name,
            requested_by,
            period: wanted.definition.period.resolve(timezone.day(now))?,
            definition: wanted.definition,
            timezone,
            state: ReportState::Queued,
            attempt: 0,
            rows: 0,
            failure: None,
            created_at: date(now),
            finished_at: None,
            expires_at: date(now + KEPT),
            tell: Vec::new(),
        })
    }

    /// Its period, cut as its group wants it.
    pub(super) fn asked(&self) -> Asked {
        let granularity = match self.definition.group_by {
            Group::Week => Granularity::Week,
            Group::Month => Granularity::Month,
            _ => Granularity::Day,
        };
        Asked::of(self.period, self.timezone, granularity)
    }

    /// Names of what stands in a row: its group first.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let measures = self.definition.measures.iter();
        let measures = measures.flat_map(|measure| measure.columns());
        let group = self.definition.group_by.column();
        std::iter::once(group).chain(measures.copied()).collect()
    }
}

impl Group {
    /// What tells one row from another.
    const fn column(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Project => "project_id",
            Self::Person => "user_id",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Task => "task_id",
            Self::Link => "link_id",
            Self::Device => "device",
            Self::Referrer => "referrer",
        }
    }
}

impl Measure {
    /// What it puts into a row.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::TasksCreated => &["tasks_created"],
            Self::TasksDone => &["tasks_done"],
            Self::EstimateDone => &["estimate_done_seconds"],
            Self::LeadTime => &[
                "lead_time_count",
                "lead_time_mean_seconds",
                "lead_time_p50_seconds",
                "lead_time_p85_seconds",
                "lead_time_p95_seconds",
            ],
            Self::CycleTime => &[
                "cycle_time_count",
                "cycle_time_mean_seconds",
                "cycle_time_p50_seconds",
                "cycle_time_p85_seconds",
                "cycle_time_p95_seconds",
            ],
            Self::Comments => &["comments"],
            Self::LinkOpens => &["link_opens"],
        }
    }
}
