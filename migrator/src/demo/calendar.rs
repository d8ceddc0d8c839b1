//! Working time of the weeks before now, and dice that fall the same way every time.

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc, Weekday};

const WEEKS: u64 = 4;
const FIRST_HOUR: u32 = 8;
const HOURS_A_DAY: i64 = 9;

/// Minutes of a working day.
pub(super) const DAY: i64 = HOURS_A_DAY * 60;

/// Four weeks up to now, counted in minutes of work: nobody here works at night or on Sunday.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    now: DateTime<Utc>,
}

impl Calendar {
    pub(super) const fn until(now: DateTime<Utc>) -> Self {
        Self { now }
    }

    /// The first moment of the history.
    pub(super) fn start(self) -> DateTime<Utc> {
        let date = self.now.date_naive();
        let first = date.checked_sub_days(Days::new(WEEKS * 7)).unwrap_or(date);
        let hour = NaiveTime::from_hms_opt(FIRST_HOUR, 0, 0).unwrap_or_default();
        first.and_time(hour).and_utc()
    }

    /// The moment when so many minutes have been worked; none if that is still to come.
    pub(super) fn at(self, minute: i64) -> Option<DateTime<Utc>> {
        let mut day = self.start();
        let mut left = minute.div_euclid(DAY);
        loop {
            if works(day) {
                if left == 0 {
                    break;
                }
                left -= 1;
            }
            day += TimeDelta::days(1);
            if day > self.now {
                return None;
            }
        }
        let moment = day + TimeDelta::minutes(minute.rem_euclid(DAY));
        (moment <= self.now).then_some(moment)
    }

    /// How many minutes have been worked until now.
    pub(super) fn length(self) -> i64 {
        let mut minutes = 0;
        let mut day = self.start();
        while day <= self.now {
            if works(day) {
                minutes += (self.now - day).num_minutes().min(DAY);
            }
            day += TimeDelta::days(1);
        }
        minutes
    }
}

fn works(day: DateTime<Utc>) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A number below `sides`, always the same for the same throw (splitmix64).
pub(super) fn dice(throw: [u64; 3], sides: u64) -> u64 {
    let mut state = 0_u64;
    for part in throw {
        state = mix(state ^ part.wrapping_add(0x9e37_79b9_7f4a_7c15));
    }
    state.checked_rem(sides).unwrap_or_default()
}

const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_on_weekdays_and_never_ahead() {
        for hours in [0, 9, 40, 77, 100, 130] {
            let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hours);
            let calendar = Calendar::until(now);
            let mut last = calendar.start() - TimeDelta::days(1);
            for minute in (0..calendar.length()).step_by(97) {
                let moment = calendar.at(minute).unwrap();
                assert!(works(moment) && moment <= now && moment > last);
                last = moment;
            }
            assert!(calendar.at(calendar.length() + DAY).is_none());
        }
    }
}
