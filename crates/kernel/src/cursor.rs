//! Keyset page cursors: opaque to clients, typed inside.
//!
//! A cursor holds the sort key of the last row of a page, never an offset, so that pages stay
//! stable while rows are inserted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longer ones are refused unread: no key of ours comes near it.
const MAX_ENCODED_BYTES: usize = 512;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Ask again with `?cursor=` this for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `rows` that were read with `limit + 1`: the surplus row only tells that
    /// there is more. `key` names the place of a row in the order.
    pub fn of<R, K: Serialize>(
        mut rows: Vec<R>,
        limit: u32,
        key: impl Fn(&R) -> K,
        view: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more {
            rows.last().map(|row| encode(&key(row)))
        } else {
            None
        };
        Self {
            items: rows.into_iter().map(view).collect(),
            next_cursor,
        }
    }
}

/// A cursor that a client sent back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The key inside, or `None` when it was not made by [`Page::of`] for this list.
    pub fn decode<K: DeserializeOwned>(&self) -> Option<K> {
        if self.0.len() > MAX_ENCODED_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok()?;
        let key: Value = serde_json::from_slice(&bytes).ok()?;
        if !is_storable(&key) {
            return None;
        }
        serde_json::from_value(key).ok()
    }
}

/// Whether a database can be asked with it: it has no room for NUL in text, nor for the furthest times that can be
/// written. Years beyond four digits carry a sign (ISO 8601 §4.3.2), which no time of ours does.
fn is_storable(key: &Value) -> bool {
    match key {
        Value::String(text) => {
            let is_time =
                text.parse::<DateTime<Utc>>().is_ok() || text.parse::<NaiveDate>().is_ok();
            let far = text.starts_with(['+', '-']) && is_time;
            !far && !text.contains('\0')
        }
        Value::Array(items) => items.iter().all(is_storable),
        Value::Object(fields) => fields.values().all(is_storable),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

fn encode<K: Serialize>(key: &K) -> String {
    // Keys are tuples of ids, times and text: JSON cannot refuse them.
    let json = serde_json::to_vec(key).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surplus_row_becomes_the_cursor_of_the_last_shown() {
        let page = Page::of(vec![1, 2, 3], 2, |n| *n, |n| n);
        assert_eq!(page.items, [1, 2]);
        let cursor = Cursor::from(page.next_cursor.unwrap());
        assert_eq!(cursor.decode::<i32>(), Some(2));
    }

    #[test]
    fn last_page_has_no_cursor() {
        assert_eq!(Page::of(vec![1, 2], 2, |n| *n, |n| n).next_cursor, None);
    }

    #[test]
    fn forged_key_that_no_database_takes_is_refused() {
        let cursor = |key: Value| Cursor::from(encode(&key));
        let key = |time: &str| serde_json::json!([time, "7"]);
        let read = |time| cursor(key(time)).decode::<(DateTime<Utc>, String)>();
        assert!(read("2026-02-03T04:05:06.789Z").is_some());
        assert!(read("-262143-01-01T00:00:00Z").is_none());
        assert!(read("+262142-12-31T23:59:59Z").is_none());
        let text = |text: &str| cursor(serde_json::json!([[text]])).decode::<Value>();
        assert!(text("+1 for this").is_some());
        assert!(text("+262142-12-31").is_none());
        assert!(text("a\0b").is_none());
    }

    #[test]
    fn foreign_cursor_is_refused() {
        for text in ["", "%%%", "bm9wZQ", &"A".repeat(10_000)] {
            assert_eq!(
                Cursor::from(text.to_owned()).decode::<(i64, String)>(),
                None,
                "{text}"
            );
        }
    }
}
