//! Fields of a project's own in filters: `field.severity:high`. A key may name one field in each project; a task
//! passes when the one of its project does.

use std::fmt;

use chrono::NaiveDate;
use kernel::UserId;
use sea_orm::FromQueryResult;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::dates;
use super::sql::Writer;
use super::syntax::{Comparison, Refused, Word};
use super::test::{Custom, Span};

/// A field that the person who asks may know of.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(crate) struct CustomField {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) kind: String,
}

/// The condition of one such term.
pub(super) fn condition(writer: &mut Writer<'_>, custom: &Custom) -> Result<String, Refused> {
    let named = writer
        .fields()
        .iter()
        .filter(|field| field.key == custom.key.text);
    let fields: Vec<CustomField> = named.cloned().collect();
    if fields.is_empty() {
        let why = format!("there is no field `{}` here", custom.key.text);
        return Err(Refused::new(custom.key.at, why));
    }
    let (mut ways, mut refused) = (Vec::new(), None);
    for field in &fields {
        match of_field(writer, field, custom) {
            Ok(way) => ways.push(way),
            Err(error) => refused = Some(error),
        }
    }
    // Of several fields with one key, those count that can hold such a value.
    match refused {
        Some(error) if ways.is_empty() => Err(error),
        _ => Ok(format!("({})", ways.join(" or "))),
    }
}

fn of_field(
    writer: &mut Writer<'_>,
    field: &CustomField,
    custom: &Custom,
) -> Result<String, Refused> {
    let mut ways = Vec::new();
    for word in &custom.values {
        ways.push(of_value(writer, field, custom.comparison, word)?);
    }
    Ok(format!("({})", ways.join(" or ")))
}

fn of_value(
    writer: &mut Writer<'_>,
    field: &CustomField,
    comparison: Comparison,
    word: &Word,
) -> Result<String, Refused> {
    let (equal, asked) = (comparison == Comparison::Equal, writer.asked());
    if word.text == "none" && !word.quoted && equal {
        let id = writer.bind(field.id.to_string());
        return Ok(format!("tasks.fields -> {id} is null"));
    }
    match field.kind.as_str() {
        "number" if equal => Ok(holds(writer, field, &json!(number(word)?))),
        "number" | "currency" => {
            let number = number(word)?;
            let (id, number) = (writer.bind(field.id.to_string()), writer.bind(number));
            Ok(format!(
                "(tasks.fields ->> {id})::numeric {comparison} {number}::float8::numeric"
            ))
        }
        "date" => Ok(day(writer, field, dates::days(comparison, word, asked)?)),
        _ if !equal => {
            let why = format!("`{}` is not compared by less and more", field.key);
            Err(Refused::new(word.at, why))
        }
        "bool" => {
            let value = match word.text.as_str() {
                "true" | "yes" => true,
                "false" | "no" => false,
                _ => return Err(Refused::new(word.at, "true or false is expected here")),
            };
            Ok(holds(writer, field, &json!(value)))
        }
        "user" => {
            let wrong = |_| Refused::new(word.at, "`me` or the id of a person is expected here");
            let id = match word.text.as_str() {
                "me" => asked.by,
                text => text.parse::<UserId>().map_err(wrong)?,
            };
            Ok(holds(writer, field, &json!(id.to_string())))
        }
        "select" => Ok(holds(writer, field, &json!(word.text.to_lowercase()))),
        "multi_select" => Ok(holds(writer, field, &json!([word.text.to_lowercase()]))),
        _ => {
            let id = writer.bind(field.id.to_string());
            let text = writer.bind(format!("%{}%", escaped(&word.text)));
            Ok(format!("tasks.fields ->> {id} ilike {text}"))
        }
    }
}

/// Has exactly this value; an index finds such tasks.
fn holds(writer: &mut Writer<'_>, field: &CustomField, value: &Json) -> String {
    let pair = json!({field.id.to_string(): value});
    format!("tasks.fields @> {}", writer.bind(pair))
}

fn day(writer: &mut Writer<'_>, field: &CustomField, span: Span<NaiveDate>) -> String {
    let id = writer.bind(field.id.to_string());
    // Days are kept as ISO 8601, of which the order of texts is the order of days.
    let mut end = |way: &str, day: Option<NaiveDate>| {
        day.map(|day| {
            format!(
                "tasks.fields ->> {id} {way} {}",
                writer.bind(day.to_string())
            )
        })
    };
    let (from, before) = (end(">=", span.from), end("<", span.before));
    let ends: Vec<String> = from.into_iter().chain(before).collect();
    format!("({})", ends.join(" and "))
}

fn number(word: &Word) -> Result<f64, Refused> {
    let number = word
        .text
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| Refused::new(word.at, "a number is expected here"))
}

/// Text that `like` takes as it is.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        })
    }
}
