//! What is counted, for which part of an organization, and when: the names of all numbers, in memory and in documents.
//!
//! Time is kept in quarters of an hour: every time zone of today is off by a multiple of that, so the days of all of
//! them are sums of the same numbers, whatever their clocks do.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::link::Device;
use events::topic::task::TaskStatus;
use kernel::{LinkId, ProjectId, UserId};

const SLOT_SECONDS: i64 = 900;
const SLOTS_OF_DAY: i64 = 96;

/// A quarter of an hour, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(i64);

impl Slot {
    pub(crate) fn of(time: DateTime<Utc>) -> Self {
        Self(time.timestamp().div_euclid(SLOT_SECONDS))
    }

    /// The slot of a UTC day.
    pub(crate) fn new(day: NaiveDate, of_day: i64) -> Self {
        let days = (day - DateTime::UNIX_EPOCH.date_naive()).num_days();
        Self(days * SLOTS_OF_DAY + of_day)
    }

    /// The UTC day it lies in.
    pub(crate) fn day(self) -> NaiveDate {
        let seconds = self.0.saturating_mul(SLOT_SECONDS);
        let time = DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH);
        time.date_naive()
    }

    /// Which slot of its UTC day it is, from 0 to 95.
    pub(crate) const fn of_day(self) -> i64 {
        self.0.rem_euclid(SLOTS_OF_DAY)
    }
}

/// What numbers are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The whole organization.
    Organization,
    /// The tasks of a project.
    Project(ProjectId),
    /// The tasks of a person.
    Person(UserId),
    /// One link.
    Link(LinkId),
}

/// As in keys of documents.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization => f.write_str("organization"),
            Self::Project(id) => write!(f, "project:{id}"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Link(id) => write!(f, "link:{id}"),
        }
    }
}

/// What happened at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moved {
    /// Tasks created.
    Created,
    /// Tasks completed that are still done.
    Done,
    /// Tasks that came to the status, less those that left it.
    Level(TaskStatus),
    /// The same in seconds of their estimates.
    Estimate(TaskStatus),
    /// Links made.
    LinksCreated,
    /// Opens of links by guests.
    LinkOpens,
    /// Those with such a device.
    OpensBy(DeviceClass),
}

/// [`Device`] with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DeviceClass {
    Desktop,
    Mobile,
    Tablet,
    Other,
}

impl From<Device> for DeviceClass {
    fn from(device: Device) -> Self {
        match device {
            Device::Desktop => Self::Desktop,
            Device::Mobile => Self::Mobile,
            Device::Tablet => Self::Tablet,
            Device::Other => Self::Other,
        }
    }
}

/// As in documents.
impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.write_str("created"),
            Self::Done => f.write_str("done"),
            Self::Level(status) => write!(f, "level.{status}"),
            Self::Estimate(status) => write!(f, "estimate.{status}"),
            Self::LinksCreated => f.write_str("links_created"),
            Self::LinkOpens => f.write_str("link_opens"),
            Self::OpensBy(DeviceClass::Desktop) => f.write_str("opens.desktop"),
            Self::OpensBy(DeviceClass::Mobile) => f.write_str("opens.mobile"),
            Self::OpensBy(DeviceClass::Tablet) => f.write_str("opens.tablet"),
            Self::OpensBy(DeviceClass::Other) => f.write_str("opens.other"),
        }
    }
}

/// How things stand now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Tasks of the status.
    Status(TaskStatus),
    /// Seconds of their estimates.
    Estimate(TaskStatus),
    /// Open tasks of the person.
    Assigned(UserId),
    /// Seconds of their estimates.
    AssignedEstimate(UserId),
}

/// As in documents.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status.{status}"),
            Self::Estimate(status) => write!(f, "estimate.{status}"),
            Self::Assigned(user) => write!(f, "assigned.{user}"),
            Self::AssignedEstimate(user) => write!(f, "assigned_estimate.{user}"),
        }
    }
}

/// One number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Number {
    /// What happened within a slot.
    At(Slot, Moved),
    /// Tasks of the person completed on a UTC day that are still done; their slots are the person's own numbers.
    DoneBy(NaiveDate, UserId),
    /// How things stand.
    Now(Standing),
}

/// One number of one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counter {
    pub(crate) scope: Scope,
    pub(crate) number: Number,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_quarters_of_utc_days() {
        let time = |text: &str| Slot::of(text.parse().unwrap());
        let last = time("2026-03-01T23:59:59.999Z");
        assert_eq!(
            (last.day().to_string(), last.of_day()),
            ("2026-03-01".to_owned(), 95)
        );
        assert_eq!(time("2026-03-02T00:00:00Z").of_day(), 0);
        assert_eq!(Slot::new(last.day(), last.of_day()), last);
        let before_1970 = time("1969-12-31T23:50:00Z");
        assert_eq!(
            (before_1970.day().to_string(), before_1970.of_day()),
            ("1969-12-31".to_owned(), 95)
        );
    }
}
