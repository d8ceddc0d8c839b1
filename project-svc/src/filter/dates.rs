//! Days and moments in filters: `2026-03-02`, `today`, `7d` (in seven days), `-2w`, `2026-03-01..2026-03-31`,
//! and for moments `2026-03-02T10:00:00Z` and `-12h`. Days begin where the person is.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::check::Asked;
use super::syntax::{Comparison, Refused, Word};
use super::test::Span;

/// Years of dates that mean something; further ones are mistakes.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2999;

/// Days that a comparison with a value stands for.
pub(super) fn days(
    comparison: Comparison,
    word: &Word,
    asked: Asked,
) -> Result<Span<NaiveDate>, Refused> {
    let wrong = || {
        let why = "a day is expected here: 2026-03-02, today, tomorrow, yesterday, 7d, -2w, 1m or a range like today..7d";
        Refused::new(word.at, why)
    };
    let one = |text: &str| {
        let first = day(text, asked.local())?;
        Some((first, first.succ_opt()?))
    };
    span(comparison, word, one).ok_or_else(wrong)
}

/// Moments that a comparison with a value stands for: a day is all of its moments.
pub(super) fn moments(
    comparison: Comparison,
    word: &Word,
    asked: Asked,
) -> Result<Span<DateTime<Utc>>, Refused> {
    let wrong = || {
        let why = "a day or a moment is expected here: 2026-03-02, today, -7d, -12h, 2026-03-02T10:00:00Z or a range";
        Refused::new(word.at, why)
    };
    span(comparison, word, |text| moment(text, asked.local())).ok_or_else(wrong)
}

/// The span of a comparison; `read` answers where a value begins and where it ends.
fn span<T: PartialOrd + Copy>(
    comparison: Comparison,
    word: &Word,
    read: impl Fn(&str) -> Option<(T, T)>,
) -> Option<Span<T>> {
    if let Some((from, to)) = word.text.split_once("..") {
        let ((from, _), (_, before)) = (read(from)?, read(to)?);
        let fits = comparison == Comparison::Equal && from < before;
        let (from, before) = (Some(from), Some(before));
        return fits.then_some(Span { from, before });
    }
    let (begins, ends) = read(&word.text)?;
    let (from, before) = match comparison {
        Comparison::Equal => (Some(begins), Some(ends)),
        Comparison::Less => (None, Some(begins)),
        Comparison::AtMost => (None, Some(ends)),
        Comparison::More => (Some(ends), None),
        Comparison::AtLeast => (Some(begins), None),
    };
    Some(Span { from, before })
}

fn day(text: &str, now: DateTime<Tz>) -> Option<NaiveDate> {
    let today = now.date_naive();
    let day = match text {
        "today" => Some(today),
        "tomorrow" => today.succ_opt(),
        "yesterday" => today.pred_opt(),
        _ => text.parse().ok().or_else(|| days_away(text, today)),
    };
    day.filter(|day| YEARS.contains(&day.year()))
}

/// `7d`, `-2w`, `1m`, `1y` from today.
fn days_away(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let (count, unit, back) = distance(text)?;
    let days = |count: u32| match back {
        true => today.checked_sub_days(Days::new(count.into())),
        false => today.checked_add_days(Days::new(count.into())),
    };
    let months = |count: u32| match back {
        true => today.checked_sub_months(Months::new(count)),
        false => today.checked_add_months(Months::new(count)),
    };
    match unit {
        'd' => days(count),
        'w' => days(count * 7),
        'm' => months(count),
        'y' => months(count * 12),
        _ => None,
    }
}

fn moment(text: &str, now: DateTime<Tz>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if let Some((count, 'h', back)) = distance(text) {
        let hours = TimeDelta::hours(count.into());
        let now = now.to_utc();
        let at = if back { now - hours } else { now + hours };
        return Some((at, at));
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        let at = at.to_utc();
        return Some((at, at + TimeDelta::seconds(1))).filter(|(at, _)| YEARS.contains(&at.year()));
    }
    let first = day(text, now)?;
    let zone = kernel::TimeZone(now.timezone());
    Some((zone.begin(first)?, zone.begin(first.succ_opt()?)?))
}

/// A number of at most four digits with a unit, and whether it goes back.
fn distance(text: &str) -> Option<(u32, char, bool)> {
    let (back, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    let fits = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits.parse().ok().filter(|_| fits)?;
    Some((count, unit, back))
}
