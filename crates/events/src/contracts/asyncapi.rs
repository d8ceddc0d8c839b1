//! The AsyncAPI 3.0 document (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>): a channel for each type of event.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::{Contract, all, at, schemas};
use crate::Envelope;
use crate::envelope::CONTENT_TYPE;
use crate::topology::EVENTS_EXCHANGE;

/// What is told, where, and in which form.
pub fn asyncapi() -> Value {
    let mut schemas = schemas(all());
    schemas.insert(Envelope::name().into_owned(), envelope());
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for contract in all() {
        let kind = contract.kind;
        channels.insert(kind.to_owned(), channel(kind));
        operations.insert(kind.to_owned(), operation(kind));
        let described = schemas.get(&contract.name()).unwrap_or(&Value::Null);
        let summary = at(described, "description");
        messages.insert(kind.to_owned(), message(contract, summary));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tenantry events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What services tell each other: CloudEvents 1.0 on one topic exchange, at least once, in order \
                per organization as they are published. A consumer knows an event by its id.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn operation(kind: &str) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{kind}") },
        "messages": [{ "$ref": format!("#/channels/{kind}/messages/event") }],
    })
}

fn channel(kind: &str) -> Value {
    json!({
        "address": kind,
        "messages": { "event": { "$ref": format!("#/components/messages/{kind}") } },
        "bindings": { "amqp": {
            "is": "routingKey",
            "exchange": { "name": EVENTS_EXCHANGE, "type": "topic", "durable": true, "autoDelete": false },
            "bindingVersion": "0.3.0",
        } },
    })
}

fn message(contract: &Contract, summary: &Value) -> Value {
    let example = contract.example();
    json!({
        "name": contract.kind,
        "summary": summary,
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                { "$ref": "#/components/schemas/Envelope" },
                {
                    "type": "object",
                    "required": ["type", "source", "data"],
                    "properties": {
                        "type": { "const": contract.kind },
                        "source": { "const": at(&example, "source") },
                        "data": { "$ref": format!("#/components/schemas/{}", contract.name()) },
                    },
                },
            ],
        },
        "examples": [{ "payload": example }],
    })
}

/// What all events have around their data.
fn envelope() -> Value {
    #[expect(clippy::expect_used, reason = "a schema is a tree with string keys")]
    let mut schema = serde_json::to_value(Envelope::schema()).expect("schema is JSON");
    if let Some(version) = schema.pointer_mut("/properties/specversion") {
        *version = json!({ "const": "1.0" });
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = asyncapi();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_event_is_described() {
        let document = asyncapi();
        assert_eq!(document["asyncapi"], "3.0.0");
        let messages = document["components"]["messages"].as_object().unwrap();
        assert_eq!(messages.len(), all().count());
        for contract in all() {
            let kind = contract.kind;
            assert_eq!(document["channels"][kind]["address"], kind);
            assert_eq!(document["operations"][kind]["action"], "send", "{kind}");
            assert!(messages[kind]["summary"].is_string(), "{kind}");
        }
    }

    /// Names of the example's data are those of the schema, and none that must be there is missing.
    #[test]
    fn examples_fit_their_schemas() {
        for contract in all() {
            let (kind, known) = (contract.kind, schemas([contract]));
            let schema = &known[&contract.name()];
            let example = contract.example();
            let data = example["data"].as_object().unwrap();
            let known = schema["properties"].as_object().unwrap();
            let required = schema["required"].as_array();
            assert!(data.keys().all(|name| known.contains_key(name)), "{kind}");
            for name in required.into_iter().flatten() {
                assert!(data.contains_key(name.as_str().unwrap()), "{kind}: {name}");
            }
            for (name, property) in known {
                let described = property["description"].is_string()
                    || property.get("$ref").is_some()
                    || property.get("oneOf").is_some();
                assert!(described, "{kind}: {name} says nothing: {property}");
            }
        }
        let envelope = envelope();
        let envelope = envelope["properties"].as_object().unwrap();
        for contract in all() {
            let example = contract.example();
            assert!(
                example
                    .as_object()
                    .unwrap()
                    .keys()
                    .all(|name| envelope.contains_key(name))
            );
        }
    }
}
