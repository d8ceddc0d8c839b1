//! Time zones by their IANA names, and where their days begin.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A time zone by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(pub Tz);

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The first moment of a day there. Clocks that are put forward may leave midnight out, or a whole day, which then
    /// begins with the next one. `None` only at the end of all days.
    pub fn begin(self, day: NaiveDate) -> Option<DateTime<Utc>> {
        self.at(day, NaiveTime::MIN)
    }

    /// The first moment at which clocks there show this time of a day; if they leave it out, the first one behind it.
    /// `None` only at the end of all days.
    pub fn at(self, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
        let wanted = day.and_time(time);
        let mut quarters = (0..=26 * 4_i64)
            .filter_map(|count| wanted.checked_add_signed(TimeDelta::minutes(15 * count)));
        let first = quarters.find_map(|time| self.0.from_local_datetime(&time).earliest());
        first.map(|moment| moment.to_utc())
    }

    /// The day it is there.
    pub fn day(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }
}

impl TryFrom<String> for TimeZone {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let zone = name.parse();
        zone.map(Self)
            .map_err(|_unknown| "must be the IANA name of a time zone, as `Europe/Berlin`")
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(zone: &str, day: &str) -> String {
        let zone = TimeZone::try_from(zone.to_owned()).unwrap();
        let begins = zone.begin(day.parse().unwrap()).unwrap();
        begins.format("%m-%d %H:%M").to_string()
    }

    #[test]
    fn days_begin_where_clocks_say_so() {
        assert_eq!(begin("UTC", "2026-03-29"), "03-29 00:00");
        assert_eq!(begin("Europe/Berlin", "2026-03-29"), "03-28 23:00");
        assert_eq!(begin("Europe/Berlin", "2026-03-30"), "03-29 22:00");
        assert_eq!(begin("Asia/Kathmandu", "2026-03-29"), "03-28 18:15");
        // Midnight is left out there on that day, and the whole of the other one.
        assert_eq!(begin("Africa/Cairo", "2026-04-24"), "04-23 22:00");
        assert_eq!(begin("Pacific/Apia", "2011-12-30"), "12-30 10:00");
    }

    #[test]
    fn times_that_clocks_leave_out_or_show_twice_have_one_moment() {
        let at = |day: &str, time: &str| {
            let zone = TimeZone::try_from("Europe/Berlin".to_owned()).unwrap();
            let moment = zone.at(day.parse().unwrap(), time.parse().unwrap());
            moment.unwrap().format("%m-%d %H:%M").to_string()
        };
        assert_eq!(at("2026-03-29", "02:00:00"), "03-29 01:00");
        assert_eq!(at("2026-10-25", "02:00:00"), "10-25 00:00");
        assert_eq!(at("2026-06-01", "09:30:00"), "06-01 07:30");
    }

    #[test]
    fn no_zone_has_another_name() {
        for name in ["", "europe", "Europe/Berlin ", "+01:00"] {
            assert!(TimeZone::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
