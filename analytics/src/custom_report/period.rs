//! Which days a report is about: two dates, or days that move on with the calendar.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use httpkit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::period::Period;

/// Days counted from the one on which a report is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Relative {
    /// Seven days up to today.
    #[serde(rename = "last_7_days")]
    Last7Days,
    /// Thirty days up to today.
    #[serde(rename = "last_30_days")]
    Last30Days,
    /// Ninety days up to today.
    #[serde(rename = "last_90_days")]
    Last90Days,
    /// 365 days up to today.
    #[serde(rename = "last_365_days")]
    Last365Days,
    /// From Monday up to today.
    ThisWeek,
    /// From Monday to Sunday.
    PreviousWeek,
    /// From the first up to today.
    ThisMonth,
    /// The calendar month before this one.
    PreviousMonth,
    /// The three calendar months before this quarter.
    PreviousQuarter,
    /// The calendar year before this one.
    PreviousYear,
}

/// Which days a report is about: either `relative`, or `from` and `to`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReportPeriod {
    /// Days counted from the one on which the report is run.
    relative: Option<Relative>,
    /// First day.
    from: Option<NaiveDate>,
    /// Last day, at most 366 days in all.
    to: Option<NaiveDate>,
}

impl ReportPeriod {
    /// The days meant, asked on the day `today`; says what is wrong if there are none.
    pub(crate) fn resolve(self, today: NaiveDate) -> Result<Period, Problem> {
        match (self.relative, self.from, self.to) {
            (Some(relative), None, None) => {
                let (from, to) = relative.days(today);
                Period::new(Some(from), Some(to), today)
            }
            (None, Some(from), Some(to)) => Period::new(Some(from), Some(to), today),
            _ => {
                let detail = "give either this, or `from` and `to`";
                Err(Problem::field("relative", "invalid", detail))
            }
        }
    }
}

impl Relative {
    /// First and last day.
    fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let back = |days: i64| (today - TimeDelta::days(days - 1), today);
        let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
        let month = today.with_day(1).unwrap_or(today);
        let before = |first: NaiveDate, months: u32| {
            let from = first.checked_sub_months(Months::new(months));
            (from.unwrap_or(first), first - TimeDelta::days(1))
        };
        match self {
            Self::Last7Days => back(7),
            Self::Last30Days => back(30),
            Self::Last90Days => back(90),
            Self::Last365Days => back(365),
            Self::ThisWeek => (monday, today),
            Self::PreviousWeek => (monday - TimeDelta::days(7), monday - TimeDelta::days(1)),
            Self::ThisMonth => (month, today),
            Self::PreviousMonth => before(month, 1),
            Self::PreviousQuarter => {
                let into_quarter = Months::new(month.month0() % 3);
                before(month.checked_sub_months(into_quarter).unwrap_or(month), 3)
            }
            Self::PreviousYear => before(month.with_month(1).unwrap_or(month), 12),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_move_on_with_the_calendar() {
        let days = |name: &str, today: &str| {
            let period = serde_json::json!({"relative": name});
            let period: ReportPeriod = serde_json::from_value(period).unwrap();
            let Period { from, to } = period.resolve(today.parse().unwrap()).unwrap();
            format!("{from} {to}")
        };
        for (name, today, expected) in [
            ("last_7_days", "2026-03-03", "2026-02-25 2026-03-03"),
            ("last_30_days", "2026-03-31", "2026-03-02 2026-03-31"),
            ("last_90_days", "2026-03-31", "2026-01-01 2026-03-31"),
            ("last_365_days", "2026-03-31", "2025-04-01 2026-03-31"),
            // A Sunday.
            ("this_week", "2026-03-01", "2026-02-23 2026-03-01"),
            ("previous_week", "2026-03-01", "2026-02-16 2026-02-22"),
            ("this_month", "2026-03-31", "2026-03-01 2026-03-31"),
            ("previous_month", "2026-03-31", "2026-02-01 2026-02-28"),
            ("previous_month", "2026-01-01", "2025-12-01 2025-12-31"),
            ("previous_quarter", "2026-05-31", "2026-01-01 2026-03-31"),
            ("previous_quarter", "2026-03-31", "2025-10-01 2025-12-31"),
            ("previous_year", "2025-02-28", "2024-01-01 2024-12-31"),
        ] {
            assert_eq!(days(name, today), expected, "{name} {today}");
        }
    }
}
