//! Rules of the dashboard: which days, and how rollups become the answer.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use events::topic::task::TaskStatus;
use httpkit::Problem;
use kernel::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ingest::is_open;

/// Days looked at if none are asked for.
const DEFAULT_DAYS: u64 = 28;

/// A leap year.
const MAX_DAYS: i64 = 366;

/// People shown, the busiest ones; an answer has an end.
const MAX_PEOPLE: usize = 500;

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
    pub(super) fn new(
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
        let last_offset = (to - from).num_days();
        if last_offset < 0 {
            return Err(Problem::field("from", "invalid", "must not be after `to`"));
        }
        if last_offset >= MAX_DAYS {
            let detail = format!("the period must not be longer than {MAX_DAYS} days");
            return Err(Problem::field("from", "invalid", detail));
        }
        Ok(Self { from, to })
    }

    fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }
}

/// What the store knows of a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rollups {
    pub(super) days: BTreeMap<NaiveDate, DayRollup>,
    pub(super) totals: TotalsRollup,
}

/// What happened on a day, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct DayRollup {
    created: i64,
    done: i64,
    done_by: BTreeMap<UserId, i64>,
    links_created: i64,
    link_opens: i64,
}

/// How things stand, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct TotalsRollup {
    status: BTreeMap<TaskStatus, i64>,
    assigned: BTreeMap<UserId, i64>,
}

/// What happens in the organization, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Dashboard {
    period: Period,
    tasks: TaskNumbers,
    by_status: StatusNumbers,
    by_day: Vec<DayNumbers>,
    by_person: Vec<PersonNumbers>,
    links: LinkNumbers,
}

/// Tasks in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct TaskNumbers {
    /// Created in the period.
    created: i64,
    /// Completed in the period and still done.
    done: i64,
    /// Neither done nor cancelled now.
    open: i64,
}

/// Tasks as they stand now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct StatusNumbers {
    todo: i64,
    in_progress: i64,
    review: i64,
    done: i64,
    cancelled: i64,
}

/// One day of the period; days without anything are there too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct DayNumbers {
    date: NaiveDate,
    /// Created on this day.
    created: i64,
    /// Completed on this day and still done.
    done: i64,
}

/// One person, the busiest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct PersonNumbers {
    user_id: UserId,
    /// Open tasks that are theirs now.
    assigned: i64,
    /// Tasks of theirs that were completed in the period and are still done.
    done: i64,
}

/// Short links.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct LinkNumbers {
    /// Made in the period.
    created: i64,
    /// Opened by guests in the period; machines that preview links do not count.
    opens: i64,
}

impl Dashboard {
    pub(super) fn new(period: Period, rollups: &Rollups) -> Self {
        let sum = |number: fn(&DayRollup) -> i64| rollups.days.values().map(number).sum();
        let stand = |status| rollups.totals.status.get(&status).copied().unwrap_or(0);
        let open = rollups.totals.status.iter();
        let open = open.filter(|(status, _)| is_open(**status)).map(|(_, n)| n);
        Self {
            period,
            tasks: TaskNumbers {
                created: sum(|day| day.created),
                done: sum(|day| day.done),
                open: open.sum(),
            },
            by_status: StatusNumbers {
                todo: stand(TaskStatus::Todo),
                in_progress: stand(TaskStatus::InProgress),
                review: stand(TaskStatus::Review),
                done: stand(TaskStatus::Done),
                cancelled: stand(TaskStatus::Cancelled),
            },
            by_day: period.days().map(|day| by_day(day, rollups)).collect(),
            by_person: by_person(rollups),
            links: LinkNumbers {
                created: sum(|day| day.links_created),
                opens: sum(|day| day.link_opens),
            },
        }
    }
}

fn by_day(date: NaiveDate, rollups: &Rollups) -> DayNumbers {
    let day = rollups.days.get(&date);
    DayNumbers {
        date,
        created: day.map_or(0, |day| day.created),
        done: day.map_or(0, |day| day.done),
    }
}

/// Those who have or did something.
fn by_person(rollups: &Rollups) -> Vec<PersonNumbers> {
    let mut people: BTreeMap<UserId, (i64, i64)> = BTreeMap::new();
    for (user, assigned) in &rollups.totals.assigned {
        people.entry(*user).or_default().0 += assigned;
    }
    for (user, done) in rollups.days.values().flat_map(|day| &day.done_by) {
        people.entry(*user).or_default().1 += done;
    }
    let mut people: Vec<PersonNumbers> = people
        .into_iter()
        .filter(|(_, numbers)| *numbers != (0, 0))
        .map(|(user_id, (assigned, done))| PersonNumbers {
            user_id,
            assigned,
            done,
        })
        .collect();
    // Stable: people with the same numbers stay in the order of their ids.
    people.sort_by_key(|person| std::cmp::Reverse((person.done, person.assigned)));
    people.truncate(MAX_PEOPLE);
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(from: Option<&str>, to: Option<&str>) -> Option<(String, String)> {
        let period = Period::new(from.map(date), to.map(date), date("2026-03-31")).ok()?;
        Some((period.from.to_string(), period.to.to_string()))
    }

    #[test]
    fn period_is_the_last_four_weeks_unless_asked_otherwise() {
        let of = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(period(None, None), of("2026-03-04", "2026-03-31"));
        assert_eq!(
            period(None, Some("2026-02-28")),
            of("2026-02-01", "2026-02-28")
        );
        assert_eq!(
            period(Some("2026-03-31"), None),
            of("2026-03-31", "2026-03-31")
        );
    }

    #[test]
    fn period_has_an_order_and_an_end() {
        assert_eq!(period(Some("2026-04-01"), None), None);
        assert!(period(Some("2024-01-01"), Some("2024-12-31")).is_some());
        assert_eq!(period(Some("2024-01-01"), Some("2025-01-01")), None);
        assert_eq!(period(Some("-262143-01-01"), Some("+262142-12-31")), None);
    }

    #[test]
    fn days_and_people_without_numbers_are_shown_and_left_out() {
        let (one, two) = (
            UserId::from(uuid::Uuid::from_u128(1)),
            UserId::from(uuid::Uuid::from_u128(2)),
        );
        let day = DayRollup {
            created: 2,
            done: 1,
            done_by: BTreeMap::from([(two, 1)]),
            ..DayRollup::default()
        };
        let rollups = Rollups {
            days: BTreeMap::from([(date("2026-03-02"), day)]),
            totals: TotalsRollup {
                status: BTreeMap::from([
                    (TaskStatus::Todo, 1),
                    (TaskStatus::Review, 2),
                    (TaskStatus::Done, 1),
                ]),
                assigned: BTreeMap::from([(one, 0), (two, 3)]),
            },
        };
        let period = Period {
            from: date("2026-03-01"),
            to: date("2026-03-03"),
        };
        let dashboard = Dashboard::new(period, &rollups);
        assert_eq!(
            dashboard.tasks,
            TaskNumbers {
                created: 2,
                done: 1,
                open: 3
            }
        );
        let days: Vec<_> = dashboard
            .by_day
            .iter()
            .map(|day| (day.created, day.done))
            .collect();
        assert_eq!(days, [(0, 0), (2, 1), (0, 0)]);
        assert_eq!(
            dashboard.by_person,
            [PersonNumbers {
                user_id: two,
                assigned: 3,
                done: 1
            }]
        );
    }
}
