//! Orders of task lists, and the places in them: `-priority,due` is the most pressing first, of those the ones due
//! first, of those by id. What has no value comes last, whichever way the order goes.

use chrono::{DateTime, NaiveDate};
use kernel::TaskId;
use sea_orm::sea_query::{Expr, NullOrdering, SimpleExpr};
use sea_orm::{EntityTrait, Order, QueryOrder, Select, Value};
use serde_json::Value as Json;
use strum::{EnumString, VariantNames};

use super::syntax::{Refused, Word};

/// Keys of one order; more tell nothing.
const MAX_KEYS: usize = 3;

/// What tasks can be put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub(super) enum By {
    Created,
    Updated,
    Completed,
    Due,
    Start,
    Priority,
    Status,
    Title,
    Key,
}

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SortKey {
    by: By,
    descending: bool,
}

/// An order of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sort(Vec<SortKey>);

impl Default for Sort {
    /// The newest first.
    fn default() -> Self {
        let by = By::Created;
        let descending = true;
        Self(vec![SortKey { by, descending }])
    }
}

impl Sort {
    /// Reads the values of `sort:`.
    pub(super) fn read(words: &[Word]) -> Result<Self, Refused> {
        let mut keys: Vec<SortKey> = Vec::new();
        for word in words {
            let (descending, name) = match word.text.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, word.text.as_str()),
            };
            let wrong = |_| {
                let known = By::VARIANTS.join(", ");
                Refused::new(
                    word.at,
                    format!(
                        "an order is expected here: one of {known}, with a minus for the other way"
                    ),
                )
            };
            let by = name.parse().map_err(wrong)?;
            if keys.iter().any(|key| key.by == by) || keys.len() == MAX_KEYS {
                let why = format!("an order has at most {MAX_KEYS} keys, each once");
                return Err(Refused::new(word.at, why));
            }
            keys.push(SortKey { by, descending });
        }
        Ok(Self(keys))
    }

    /// Reads the same as a text of its own, `-priority,due`.
    pub(crate) fn read_text(text: &str) -> Result<Self, Refused> {
        let mut at = 0;
        let words = text.split(',').map(|text| {
            let word = Word {
                text: text.to_owned(),
                quoted: false,
                at,
            };
            at += text.len() + 1;
            word
        });
        Self::read(&words.collect::<Vec<_>>())
    }

    /// Adds the order to a list, the id as its last key.
    pub(crate) fn apply<E: EntityTrait>(&self, mut tasks: Select<E>) -> Select<E> {
        for key in &self.0 {
            let (column, way) = (Expr::cust(key.by.sql()), order(key.descending));
            // Where nothing can be null, or null is last by itself, saying so would only hide the index.
            tasks = if key.by.is_nullable() && key.descending {
                tasks.order_by_with_nulls(column, way, NullOrdering::Last)
            } else {
                tasks.order_by(column, way)
            };
        }
        tasks.order_by(Expr::cust("tasks.id"), order(self.last_descending()))
    }

    /// The keys of a row as a list, for its cursor.
    pub(crate) fn place(&self) -> SimpleExpr {
        let keys: Vec<&str> = self.0.iter().map(|key| key.by.sql()).collect();
        Expr::cust(format!("jsonb_build_array({})", keys.join(", ")))
    }

    /// As it is written; cursors keep it, so that one of another order is known.
    pub(crate) fn text(&self) -> String {
        let sign = |key: &SortKey| if key.descending { "-" } else { "" };
        let keys = self.0.iter().map(|key| format!("{}{}", sign(key), key.by));
        keys.collect::<Vec<_>>().join(",")
    }

    /// Holds for the rows behind a place; none when the place is not of this order.
    pub(crate) fn behind(&self, place: &[Json], id: TaskId) -> Option<SimpleExpr> {
        if place.len() != self.0.len() {
            return None;
        }
        let mut values = vec![Value::from(id)];
        let mut condition = format!("tasks.id {} $1", way(self.last_descending()));
        for (key, place) in self.0.iter().zip(place).rev() {
            let column = key.by.sql();
            if place.is_null() {
                if !key.by.is_nullable() {
                    return None;
                }
                condition = format!("({column} is null and ({condition}))");
                continue;
            }
            values.push(key.by.value(place)?);
            let (value, way) = (format!("${}", values.len()), way(key.descending));
            condition = if key.by.is_nullable() {
                format!(
                    "({column} {way} {value} or {column} is null or {column} = {value} and ({condition}))"
                )
            } else {
                // The first half alone bounds the walk along an index.
                format!("({column} {way}= {value} and ({column} {way} {value} or ({condition})))")
            };
        }
        Some(Expr::cust_with_values(condition, values))
    }

    fn last_descending(&self) -> bool {
        self.0.last().is_some_and(|key| key.descending)
    }
}

const fn order(descending: bool) -> Order {
    if descending { Order::Desc } else { Order::Asc }
}

const fn way(descending: bool) -> &'static str {
    if descending { "<" } else { ">" }
}

impl By {
    const fn sql(self) -> &'static str {
        match self {
            Self::Created => "tasks.created_at",
            Self::Updated => "tasks.updated_at",
            Self::Completed => "tasks.completed_at",
            Self::Due => "tasks.due_date",
            Self::Start => "tasks.start_date",
            Self::Priority => {
                "array_position(array['low', 'medium', 'high', 'urgent'], tasks.priority)"
            }
            Self::Status => {
                "array_position(array['todo', 'in_progress', 'review', 'done', 'cancelled'], tasks.status)"
            }
            // Enough to tell titles apart, and short enough for a cursor.
            Self::Title => "lower(left(tasks.title, 40))",
            Self::Key => "(projects.key || lpad(tasks.number::text, 10, '0'))",
        }
    }

    const fn is_nullable(self) -> bool {
        matches!(self, Self::Completed | Self::Due | Self::Start)
    }

    /// A value of the column as a cursor keeps it.
    fn value(self, json: &Json) -> Option<Value> {
        let text = json.as_str();
        match self {
            Self::Created | Self::Updated | Self::Completed => {
                let moment = DateTime::parse_from_rfc3339(text?).ok()?;
                Some(moment.to_utc().into())
            }
            Self::Due | Self::Start => Some(text?.parse::<NaiveDate>().ok()?.into()),
            Self::Priority | Self::Status => {
                let rank = json.as_i64().and_then(|rank| i32::try_from(rank).ok());
                rank.map(Value::from)
            }
            Self::Title | Self::Key => text.filter(|text| !text.contains('\0')).map(Value::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Ids;
    use serde_json::json;

    use super::*;

    #[test]
    fn order_is_read_and_written() {
        assert_eq!(
            Sort::read_text("-priority,due").unwrap().text(),
            "-priority,due"
        );
        assert_eq!(Sort::default().text(), "-created");
        assert_eq!(Sort::read_text("due,nope").unwrap_err().at, 4);
        for wrong in [
            "",
            "-",
            "password_hash",
            "due,due",
            "due,-due",
            "due,start,title,key",
        ] {
            assert!(Sort::read_text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn place_of_another_order_is_none_of_this() {
        let id = Ids::system().next();
        let behind = |text: &str, place: Json| {
            let place = place.as_array().unwrap().clone();
            Sort::read_text(text).unwrap().behind(&place, id).is_some()
        };
        assert!(behind("due", json!([null])) && behind("due", json!(["2026-03-02"])));
        assert!(behind(
            "-priority,created",
            json!([4, "2026-03-02T10:00:00.5+00:00"])
        ));
        for (order, place) in [
            ("created", json!([null])),
            ("created", json!(["yesterday"])),
            ("due", json!([])),
            ("due", json!(["2026-03-02", 1])),
            ("due", json!([3])),
            ("title", json!(["a\0"])),
            ("priority", json!([5_000_000_000_i64])),
            ("priority", json!([{}])),
        ] {
            assert!(!behind(order, place.clone()), "{order} {place}");
        }
    }
}
