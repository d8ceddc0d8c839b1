//! Limits of text and dates that several requests share, for `#[garde(..)]`.

use chrono::{Datelike, NaiveDate};
use garde::{Error, Result};
use serde_json::{Map, Value};

/// Names and titles, in characters.
pub(crate) const NAME_CHARS: usize = 200;
/// Descriptions, in characters of Markdown.
pub(crate) const DESCRIPTION_CHARS: usize = 50_000;
/// People on one task.
pub(crate) const ASSIGNEES: usize = 50;

/// Settings as JSON, in bytes.
const SETTINGS_BYTES: usize = 16 * 1024;
/// Labels on one task.
pub(crate) const LABELS: usize = 50;
/// Values of custom fields in one request.
const FIELD_VALUES: usize = 50;
/// The longest estimate, in seconds: some eleven years.
pub(crate) const ESTIMATE_SECONDS: i32 = 360_000_000;

/// Years of dates that mean something; further ones are mistakes.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1970..=2999;

/// A date of our age.
pub(crate) fn date<C>(date: &Option<NaiveDate>, _: &C) -> Result {
    match date {
        Some(date) if !YEARS.contains(&date.year()) => {
            Err(Error::new("must lie in the years 1970 to 2999"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The same in a patch.
pub(crate) fn patched_date<C>(field: &Option<Option<NaiveDate>>, context: &C) -> Result {
    date(&field.flatten(), context)
}

/// An object of a bearable size.
pub(crate) fn settings<C>(settings: &Option<Map<String, Value>>, _: &C) -> Result {
    let size = |settings| serde_json::to_vec(settings).map_or(usize::MAX, |json| json.len());
    match settings {
        Some(settings) if size(settings) > SETTINGS_BYTES => {
            Err(Error::new("must be 16 KiB of JSON at most"))
        }
        Some(_) | None => Ok(()),
    }
}

/// No more values than a project can have fields.
pub(crate) fn few_values<C>(values: &Map<String, Value>, _: &C) -> Result {
    if values.len() > FIELD_VALUES {
        return Err(Error::new(format!(
            "must have at most {FIELD_VALUES} values"
        )));
    }
    Ok(())
}
