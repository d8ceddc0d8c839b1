//! `docs/events.md`.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Contract, all, at, schemas};

const HEAD: &str = "\
# Events

What services tell each other. Made from `crates/events`: change the contracts there, then
`cargo run -p events --example page > docs/events.md`. The same for machines: `GET /api/v1/asyncapi.json` at the gateway.

- **Form**: CloudEvents 1.0 in structured JSON. Extensions: `tenantid`, `actorid` (who did it), `traceparent`.
- **Where**: the topic exchange `tenantry.events` of RabbitMQ, with the type as routing key: bind a queue to `task.#`.
- **Delivery**: at least once. Know an event by its `id`; a second delivery changes nothing. Published in order for each
  organization; one that is tried again comes late, so put events of one thing in order by their `version` or `time`.
- **Contracts only grow**: new fields are optional, nothing is renamed or removed. Ignore what you do not know.
- **Data** carry ids and facts, never titles, mail addresses or texts; a person's name where a service must keep it.

Not told yet, since the things are not there: time entries and timers, milestones, resources, notifications.

An event as it is on the wire; below only the `data` of each type are shown:
";

/// The type that is shown whole.
const WHOLE: &str = "task.status_changed";

/// All contracts, to read.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    if let Some(contract) = all().find(|contract| contract.kind == WHOLE) {
        line(
            &mut page,
            &format!("\n```json\n{:#}\n```", contract.example()),
        );
    }
    let mut topic = "";
    for contract in all() {
        let of = contract.kind.split('.').next().unwrap_or_default();
        if of != topic {
            topic = of;
            line(&mut page, &format!("\n## {topic}"));
        }
        section(&mut page, contract);
    }
    page
}

fn section(page: &mut String, contract: &Contract) {
    let (mut known, example) = (schemas([contract]), contract.example());
    let schema = known.remove(&contract.name()).unwrap_or_default();
    let source = at(&example, "source").as_str().unwrap_or_default();
    line(page, &format!("\n### `{}`\n", contract.kind));
    line(
        page,
        &format!("{} Told by {source}.\n", text(at(&schema, "description"))),
    );
    line(page, "| field | type | |");
    line(page, "|---|---|---|");
    let none = Map::new();
    let required = at(&schema, "required")
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (name, property) in at(&schema, "properties").as_object().unwrap_or(&none) {
        let must = required.iter().any(|required| required == name);
        let may = if must { "" } else { ", optional" };
        let (kind, meaning) = (kind(property, &known), text(at(property, "description")));
        line(page, &format!("| `{name}` | {kind}{may} | {meaning} |"));
    }
    line(page, &format!("\n```json\n{:#}\n```", at(&example, "data")));
}

/// A type in words: the values of an enumeration, a name of another schema, or JSON's own.
fn kind(property: &Value, known: &Map<String, Value>) -> String {
    if let Some(reference) = at(property, "$ref").as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let values = known
            .get(name)
            .and_then(|schema| at(schema, "enum").as_array());
        return values.map_or_else(|| name.to_owned(), |values| one_of(values));
    }
    if let Some(options) = at(property, "oneOf").as_array() {
        let named = options.iter().map(|option| kind(option, known));
        let named = named.filter(|kind| kind != "null");
        return named.collect::<Vec<_>>().join(" or ");
    }
    if at(property, "type") == "array" {
        return format!("list of {}", kind(at(property, "items"), known));
    }
    let kinds = match at(property, "type") {
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    match at(property, "format").as_str() {
        Some(format) => format.to_owned(),
        None => kinds.unwrap_or_default().to_owned(),
    }
}

fn one_of(values: &[Value]) -> String {
    let values = values.iter().filter_map(Value::as_str);
    values
        .map(|value| format!("`{value}`"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A description on one line.
fn text(description: &Value) -> String {
    description.as_str().unwrap_or_default().replace('\n', " ")
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn page_in_the_docs_is_the_present_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == super::page(),
            "docs/events.md is old; renew it: cargo run -p events --example page > docs/events.md"
        );
    }
}
