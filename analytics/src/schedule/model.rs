//! When a schedule is due.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use httpkit::{FieldError, Problem};
use kernel::{CustomReportId, TimeZone, UserId};
use mongodb::bson;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days in which any rhythm comes round.
const LONGEST_DAYS: i64 = 62;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Every {
    Day,
    /// On `weekday`.
    Week,
    /// On `day_of_month`.
    Month,
}

/// When, by the clocks of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rhythm {
    pub(super) every: Every,
    /// 1 is Monday (ISO 8601).
    pub(super) weekday: Option<u32>,
    /// In a month without it, the last one.
    pub(super) day_of_month: Option<u32>,
    pub(super) hour: u32,
    pub(super) timezone: TimeZone,
}

/// A schedule, as it is stored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Schedule {
    pub(super) custom_report: CustomReportId,
    /// Who made it.
    pub(super) owner: UserId,
    pub(super) rhythm: Rhythm,
    pub(super) recipients: Vec<UserId>,
    pub(super) version: i32,
    pub(super) due_at: bson::DateTime,
}

impl Rhythm {
    /// Passes one that comes round; all that is wrong otherwise.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let given = [
            (
                "/weekday",
                self.weekday.is_some(),
                self.every == Every::Week,
            ),
            (
                "/day_of_month",
                self.day_of_month.is_some(),
                self.every == Every::Month,
            ),
        ];
        let wrong = given
            .into_iter()
            .filter(|(_, given, wanted)| given != wanted);
        let errors: Vec<FieldError> = wrong
            .map(|(at, given, _)| match given {
                true => FieldError::invalid(at, "does not go with `every`"),
                false => FieldError::new(at, "missing", "this field is required with `every`"),
            })
            .collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(Problem::validation(errors)),
        }
    }

    /// The first time after `now`. An hour that clocks leave out is the first moment behind it; one that comes twice is the
    /// first of both.
    pub(super) fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let time = NaiveTime::MIN + TimeDelta::hours(i64::from(self.hour));
        let today = self.timezone.day(now);
        let days = (0..=LONGEST_DAYS).map(|later| today + TimeDelta::days(later));
        let mut moments = days
            .filter(|day| self.falls_on(*day))
            .filter_map(|day| self.timezone.at(day, time));
        let next = moments.find(|moment| *moment > now);
        next.unwrap_or(now + TimeDelta::days(LONGEST_DAYS))
    }

    fn falls_on(&self, day: NaiveDate) -> bool {
        match self.every {
            Every::Day => true,
            Every::Week => self.weekday == Some(day.weekday().number_from_monday()),
            Every::Month => {
                let tomorrow = day + TimeDelta::days(1);
                let is_last = tomorrow.month() != day.month();
                let wanted = self.day_of_month.unwrap_or_default();
                wanted == day.day() || (is_last && wanted > day.day())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(rhythm: Rhythm, from: &str, count: usize) -> Vec<String> {
        let mut now: DateTime<Utc> = from.parse().unwrap();
        let times = std::iter::repeat_with(|| {
            now = rhythm.next(now);
            now.format("%m-%d %H:%M").to_string()
        });
        times.take(count).collect()
    }

    fn rhythm(every: Every, on: u32, hour: u32) -> Rhythm {
        Rhythm {
            every,
            weekday: (every == Every::Week).then_some(on),
            day_of_month: (every == Every::Month).then_some(on),
            hour,
            timezone: TimeZone::try_from("Europe/Berlin".to_owned()).unwrap(),
        }
    }

    #[test]
    fn every_day_has_its_hour_once_whatever_clocks_do() {
        // Put forward on 29 March from two to three.
        let two = rhythm(Every::Day, 0, 2);
        let around = ["03-28 01:00", "03-29 01:00", "03-30 00:00"];
        assert_eq!(times(two, "2026-03-27T12:00:00Z", 3), around);
        // And back on 25 October from three to two.
        let around = ["10-24 00:00", "10-25 00:00", "10-26 01:00"];
        assert_eq!(times(two, "2026-10-23T12:00:00Z", 3), around);
        let nine = rhythm(Every::Day, 0, 9);
        assert_eq!(
            times(nine, "2026-03-28T08:00:00Z", 2),
            ["03-29 07:00", "03-30 07:00"]
        );
        assert_eq!(times(nine, "2026-03-28T07:59:59Z", 1), ["03-28 08:00"]);
    }

    #[test]
    fn weeks_and_months_come_round() {
        let mondays = rhythm(Every::Week, 1, 0);
        assert_eq!(
            times(mondays, "2026-03-01T12:00:00Z", 2),
            ["03-01 23:00", "03-08 23:00"]
        );
        let last = rhythm(Every::Month, 31, 9);
        assert_eq!(
            times(last, "2026-01-01T00:00:00Z", 4),
            ["01-31 08:00", "02-28 08:00", "03-31 07:00", "04-30 07:00"]
        );
        let first = rhythm(Every::Month, 1, 9);
        assert_eq!(times(first, "2026-12-01T08:00:00Z", 1), ["01-01 08:00"]);
    }

    #[test]
    fn weekday_and_day_go_with_their_rhythm() {
        let right = rhythm(Every::Week, 3, 9);
        assert!(right.check().is_ok());
        let odd = Rhythm {
            every: Every::Month,
            ..right
        };
        let errors = odd.check().unwrap_err().body().errors;
        let at: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(at, ["/weekday", "/day_of_month"]);
    }
}
