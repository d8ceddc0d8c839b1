//! What may be asked of charts, and of whose work.

use chrono::NaiveDate;
use httpkit::{Member, Problem};
use kernel::{Permission, ProjectId, TimeZone, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::counter::Scope;
use crate::period::{Compare, Granularity, PeriodQuery};

/// What is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Measure {
    /// How many tasks.
    #[default]
    Tasks,
    /// Seconds of their estimates as they are now.
    EstimateSeconds,
}

/// Which levels to look at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LevelQuery {
    /// First day; 27 days before the last one if not given.
    from: Option<NaiveDate>,
    /// Last day, at most 366 days in all; today if not given.
    to: Option<NaiveDate>,
    /// IANA name of the time zone whose days are meant; the person's own when left out, else the organization's, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<TimeZone>,
    /// How the period is cut; days when left out.
    #[param(inline)]
    granularity: Option<Granularity>,
    /// Only tasks of this project.
    #[param(value_type = Option<String>, format = Uuid)]
    project_id: Option<ProjectId>,
    /// Only tasks of this person.
    #[param(value_type = Option<String>, format = Uuid)]
    user_id: Option<UserId>,
    /// What is summed up; tasks when left out.
    #[param(inline)]
    pub(super) measure: Option<Measure>,
}

/// Which work to look at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RateQuery {
    /// First day; 27 days before the last one if not given.
    from: Option<NaiveDate>,
    /// Last day, at most 366 days in all; today if not given.
    to: Option<NaiveDate>,
    /// IANA name of the time zone whose days are meant; the person's own when left out, else the organization's, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<TimeZone>,
    /// How the period is cut; days when left out.
    #[param(inline)]
    granularity: Option<Granularity>,
    /// Also tell the numbers of another period.
    #[param(inline)]
    compare: Option<Compare>,
    /// Only tasks of this project.
    #[param(value_type = Option<String>, format = Uuid)]
    project_id: Option<ProjectId>,
    /// Only tasks of this person.
    #[param(value_type = Option<String>, format = Uuid)]
    user_id: Option<UserId>,
}

/// Whose work to look at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NowQuery {
    /// Only tasks of this project.
    #[param(value_type = Option<String>, format = Uuid)]
    pub(super) project_id: Option<ProjectId>,
    /// Only tasks of this person.
    #[param(value_type = Option<String>, format = Uuid)]
    pub(super) user_id: Option<UserId>,
}

impl LevelQuery {
    pub(super) fn scope(self, member: &Member) -> Result<Scope, Problem> {
        scope(member, self.project_id, self.user_id)
    }

    pub(super) fn period(self) -> PeriodQuery {
        PeriodQuery {
            from: self.from,
            to: self.to,
            timezone: self.timezone,
            granularity: self.granularity,
            compare: None,
        }
    }
}

impl RateQuery {
    pub(super) fn scope(self, member: &Member) -> Result<Scope, Problem> {
        scope(member, self.project_id, self.user_id)
    }

    pub(super) fn period(self) -> PeriodQuery {
        PeriodQuery {
            from: self.from,
            to: self.to,
            timezone: self.timezone,
            granularity: self.granularity,
            compare: self.compare,
        }
    }
}

/// What numbers are asked of, if the member may see them: one's own are everybody's to see, all others are for those with
/// `analytics:read`.
pub(crate) fn scope(
    member: &Member,
    project: Option<ProjectId>,
    user: Option<UserId>,
) -> Result<Scope, Problem> {
    let own = project.is_none() && user == Some(member.user);
    if !own {
        member.require(Permission::AnalyticsRead)?;
    }
    match (project, user) {
        (Some(_), Some(_)) => {
            let detail = "must not be given beside `project_id`";
            Err(Problem::field("user_id", "invalid", detail))
        }
        (Some(project), None) => Ok(Scope::Project(project)),
        (None, Some(user)) => Ok(Scope::Person(user)),
        (None, None) => Ok(Scope::Organization),
    }
}
