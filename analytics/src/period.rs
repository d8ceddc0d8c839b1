//! Which days are asked for, where they begin, and how they are cut.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};
use httpkit::{Member, Problem};
use kernel::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::counter::Slot;

/// Days looked at if none are asked for.
const DEFAULT_DAYS: u64 = 28;

/// A leap year.
const MAX_DAYS: i64 = 366;

/// Days that may be cut into hours: a month.
const MAX_DAYS_OF_HOURS: i64 = 31;

/// Days before are nobody's: clocks were not yet off by quarters of an hour everywhere.
const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2999;

/// The days looked at, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Period {
    /// First day.
    pub(crate) from: NaiveDate,
    /// Last day.
    pub(crate) to: NaiveDate,
}

impl Period {
    /// Fills in what was not asked for, or says what is wrong.
    pub(crate) fn new(
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Self, Problem> {
        let to = to.unwrap_or(today);
        let from = match from {
            Some(from) => from,
            None => to
                .checked_sub_days(Days::new(DEFAULT_DAYS - 1))
                .unwrap_or(to),
        };
        let period = Self { from, to };
        if from > to {
            return Err(Problem::field("from", "invalid", "must not be after `to`"));
        }
        if period.days() > MAX_DAYS {
            let detail = format!("the period must not be longer than {MAX_DAYS} days");
            return Err(Problem::field("from", "invalid", detail));
        }
        for (name, day) in [("from", from), ("to", to)] {
            if !(FIRST_YEAR..=LAST_YEAR).contains(&day.year()) {
                let detail = format!("the year must be from {FIRST_YEAR} to {LAST_YEAR}");
                return Err(Problem::field(name, "out_of_range", detail));
            }
        }
        Ok(period)
    }

    /// How many days it has.
    fn days(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// As many days right before it.
    fn previous(self) -> Self {
        let length = TimeDelta::days(self.days());
        Self {
            from: self.from - length,
            to: self.to - length,
        }
    }
}

/// How a period is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Granularity {
    /// For at most 31 days.
    Hour,
    /// Usual.
    #[default]
    Day,
    /// From Monday on (ISO 8601); the first and the last one as far as the period reaches.
    Week,
    /// The first and the last one as far as the period reaches.
    Month,
}

/// What to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Compare {
    /// As many days right before.
    PreviousPeriod,
}

/// Which days to look at.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodQuery {
    /// First day; 27 days before the last one if not given.
    pub(crate) from: Option<NaiveDate>,
    /// Last day, at most 366 days in all; today if not given.
    pub(crate) to: Option<NaiveDate>,
    /// IANA name of the time zone whose days are meant; the person's own when left out, else the organization's, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    pub(crate) timezone: Option<TimeZone>,
    /// How the period is cut; days when left out.
    #[param(inline)]
    pub(crate) granularity: Option<Granularity>,
    /// Also tell the numbers of another period.
    #[param(inline)]
    pub(crate) compare: Option<Compare>,
}

/// A period with all that it takes to cut it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) period: Period,
    pub(crate) zone: TimeZone,
    pub(crate) granularity: Granularity,
    compare: bool,
}

impl Asked {
    pub(crate) fn new(
        query: PeriodQuery,
        member: &Member,
        organization: Option<TimeZone>,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let zone = query.timezone;
        let zone = zone.unwrap_or_else(|| zone_of(member, organization));
        let period = Period::new(query.from, query.to, zone.day(now))?;
        let granularity = query.granularity.unwrap_or_default();
        if granularity == Granularity::Hour && period.days() > MAX_DAYS_OF_HOURS {
            let detail = format!("at most {MAX_DAYS_OF_HOURS} days are cut into hours");
            return Err(Problem::field("granularity", "invalid", detail));
        }
        Ok(Self {
            period,
            zone,
            granularity,
            compare: query.compare.is_some(),
        })
    }

    /// Days that are known already.
    pub(crate) const fn of(period: Period, zone: TimeZone, granularity: Granularity) -> Self {
        Self {
            period,
            zone,
            granularity,
            compare: false,
        }
    }

    /// The period to compare with, if one is wanted.
    pub(crate) fn previous(self) -> Option<Self> {
        let previous = Self {
            period: self.period.previous(),
            compare: false,
            ..self
        };
        self.compare.then_some(previous)
    }

    /// The first moment.
    pub(crate) fn begins(self) -> DateTime<Utc> {
        self.begin_of(self.period.from)
    }

    /// The first moment that is not in it any more.
    pub(crate) fn ends(self) -> DateTime<Utc> {
        self.begin_of(self.period.to + TimeDelta::days(1))
    }

    fn begin_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = || day.and_time(chrono::NaiveTime::MIN).and_utc();
        self.zone.begin(day).unwrap_or_else(midnight)
    }

    /// The parts that the period is cut into, each ending where the next one begins.
    pub(crate) fn buckets(self) -> Vec<Bucket> {
        let mut buckets = Vec::new();
        let mut day = self.period.from;
        while day <= self.period.to {
            let next = self.next(day).min(self.period.to + TimeDelta::days(1));
            let (begins, ends) = (self.begin_of(day), self.begin_of(next));
            if self.granularity == Granularity::Hour {
                self.cut_into_hours(begins, ends, &mut buckets);
            } else {
                buckets.push(self.bucket(day, begins, ends));
            }
            day = next;
        }
        buckets
    }

    /// The first day of the next part.
    fn next(self, day: NaiveDate) -> NaiveDate {
        match self.granularity {
            Granularity::Hour | Granularity::Day => day + TimeDelta::days(1),
            Granularity::Week => {
                let of_week = i64::from(day.weekday().num_days_from_monday());
                day + TimeDelta::days(7 - of_week)
            }
            Granularity::Month => {
                let first = day.with_day(1).unwrap_or(day);
                first.checked_add_months(Months::new(1)).unwrap_or(day)
            }
        }
    }

    fn cut_into_hours(self, begins: DateTime<Utc>, ends: DateTime<Utc>, into: &mut Vec<Bucket>) {
        let mut begins = begins;
        while begins < ends {
            let next = (begins + TimeDelta::hours(1)).min(ends);
            into.push(self.bucket(self.zone.day(begins), begins, next));
            begins = next;
        }
    }

    fn bucket(self, date: NaiveDate, begins: DateTime<Utc>, ends: DateTime<Utc>) -> Bucket {
        let local = begins.with_timezone(&self.zone.0);
        Bucket {
            date,
            start: local.to_rfc3339_opts(SecondsFormat::Secs, true),
            begins,
            ends,
        }
    }
}

/// Whose days a person means who says nothing else: the person's own, else those of the organization, else those of UTC.
pub(crate) fn zone_of(member: &Member, organization: Option<TimeZone>) -> TimeZone {
    let own = member.timezone.clone();
    let own = own.and_then(|name| TimeZone::try_from(name).ok());
    own.or(organization).unwrap_or(TimeZone::UTC)
}

/// A part of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The day it begins on.
    pub(crate) date: NaiveDate,
    /// Its first moment as clocks show it there.
    pub(crate) start: String,
    pub(crate) begins: DateTime<Utc>,
    pub(crate) ends: DateTime<Utc>,
}

impl Bucket {
    /// Its slots: from the first one up to the one that is not in it any more.
    pub(crate) fn slots(&self) -> (Slot, Slot) {
        (Slot::of(self.begins), Slot::of(self.ends))
    }
}

#[cfg(test)]
mod tests;
