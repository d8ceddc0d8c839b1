//! What a message carries of its failures, in headers: the event itself stays as it was told.

use chrono::{DateTime, SecondsFormat, Utc};
use lapin::types::{AMQPValue, FieldArray, FieldTable};

/// Header with all failures, oldest first: tables of `at` (RFC 3339) and `reason`.
const FAILURES: &str = "x-tenantry-failures";

/// Header with the last reason alone, for who looks at the queue by other means.
const REASON: &str = "x-tenantry-reason";

/// Longest reason that is kept, in bytes: all headers of a message share one frame of 128 KiB.
const REASON_BYTES: usize = 1_000;

/// One try that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// The tries so far that came to nothing, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures(pub Vec<Failure>);

impl Failures {
    /// Reads them from a message's headers; what is not ours to read counts as none.
    pub(crate) fn of(headers: Option<&FieldTable>) -> Self {
        let told = headers.and_then(|headers| headers.inner().get(FAILURES));
        let told = told.and_then(AMQPValue::as_array);
        let read = told.map(|told| told.as_slice().iter().filter_map(read).collect());
        Self(read.unwrap_or_default())
    }

    /// Adds the last one.
    #[must_use]
    pub(crate) fn with(mut self, at: DateTime<Utc>, reason: &str) -> Self {
        let kept = reason.get(..reason.floor_char_boundary(REASON_BYTES));
        let reason = kept.unwrap_or_default().to_owned();
        self.0.push(Failure { at, reason });
        self
    }

    /// As headers of a message.
    pub(crate) fn headers(&self) -> FieldTable {
        let mut headers = FieldTable::default();
        let all: Vec<AMQPValue> = self.0.iter().map(written).collect();
        headers.insert(FAILURES.into(), FieldArray::from(all).into());
        if let Some(last) = self.0.last() {
            headers.insert(REASON.into(), text(&last.reason));
        }
        headers
    }
}

fn written(failure: &Failure) -> AMQPValue {
    let mut table = FieldTable::default();
    let at = failure.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    table.insert("at".into(), text(&at));
    table.insert("reason".into(), text(&failure.reason));
    table.into()
}

fn read(value: &AMQPValue) -> Option<Failure> {
    let table = value.as_field_table()?.inner();
    let told = |key: &str| Some(table.get(key)?.as_long_string()?.to_string());
    Some(Failure {
        at: told("at")?.parse().ok()?,
        reason: told("reason")?,
    })
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_travel_in_headers() {
        let failures = Failures::default()
            .with(DateTime::UNIX_EPOCH, "first")
            .with(DateTime::UNIX_EPOCH, "second");
        assert_eq!(Failures::of(Some(&failures.headers())), failures);
        assert_eq!(
            Failures::of(Some(&FieldTable::default())),
            Failures::default()
        );
        assert_eq!(Failures::of(None), Failures::default());
    }

    #[test]
    fn long_reason_is_cut_between_letters() {
        let failures = Failures::default().with(DateTime::UNIX_EPOCH, &"ä".repeat(REASON_BYTES));
        assert_eq!(failures.0[0].reason.len(), REASON_BYTES);
        let odd = format!("x{}", "ä".repeat(REASON_BYTES));
        let failures = Failures::default().with(DateTime::UNIX_EPOCH, &odd);
        assert_eq!(failures.0[0].reason.len(), REASON_BYTES - 1);
    }

    #[test]
    fn foreign_headers_count_as_no_failures() {
        let mut headers = FieldTable::default();
        headers.insert(FAILURES.into(), text("nonsense"));
        assert_eq!(Failures::of(Some(&headers)), Failures::default());
        let mut headers = FieldTable::default();
        headers.insert(FAILURES.into(), FieldArray::from(vec![text("x")]).into());
        assert_eq!(Failures::of(Some(&headers)), Failures::default());
    }
}
