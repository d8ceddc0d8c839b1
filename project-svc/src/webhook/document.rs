//! What endpoints are sent, in the OpenAPI document: its `webhooks` (OpenAPI 3.1, "OpenAPI Object").

use events::contracts::{Contract, contract};
use serde_json::{Map, Value, json};
use utoipa::Modify;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, Paths, RefOr};

use super::event::{LEFT_OUT, OFFERED};

/// Adds the request for each type of event that an endpoint may ask for.
pub(crate) struct Requests;

impl Modify for Requests {
    #[expect(clippy::expect_used, reason = "a test makes the whole document")]
    fn modify(&self, document: &mut OpenApi) {
        let (mut requests, mut schemas) = (Map::new(), Map::new());
        for contract in OFFERED.iter().filter_map(|kind| contract(kind)) {
            schemas.extend(data_schemas(contract));
            requests.insert(contract.kind.to_owned(), request(contract));
        }
        let components = document.components.get_or_insert_default();
        for (name, schema) in schemas {
            let schema: RefOr<Schema> = serde_json::from_value(schema).expect("a schema");
            components.schemas.insert(name, schema);
        }
        let requests: Paths = serde_json::from_value(requests.into()).expect("path items");
        document.webhooks = Some(requests);
    }
}

/// As the API names the schemas of events, which may be called like its own.
fn schema_name(name: &str) -> String {
    format!("event.{name}")
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// What is told of an event, by the names it has in this document.
fn data_schemas(contract: &Contract) -> Map<String, Value> {
    let found = contract.schemas();
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let told = found.into_iter().map(|(name, schema)| {
        let mut schema = json!(schema);
        if name == contract.name() {
            leave_out(&mut schema);
        }
        names.iter().for_each(|name| refer_anew(&mut schema, name));
        (schema_name(&name), schema)
    });
    told.collect()
}

fn leave_out(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !LEFT_OUT.iter().any(|left_out| name == left_out));
    }
}

fn refer_anew(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if *text == reference(name) => *text = reference(&schema_name(name)),
        Value::Array(items) => items.iter_mut().for_each(|item| refer_anew(item, name)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| refer_anew(field, name)),
        _ => {}
    }
}

/// The request as Standard Webhooks has it, with the body of [`super::event::body`].
fn request(contract: &Contract) -> Value {
    let data = schema_name(&contract.name());
    json!({ "post": {
        "tags": ["webhooks"],
        "security": [],
        "operationId": format!("webhook_{}", contract.kind.replace('.', "_")),
        "summary": format!("An endpoint is told of `{}`", contract.kind),
        "parameters": [
            header("webhook-id", "The same for every try: by it a receiver knows what it has seen."),
            header("webhook-timestamp", "When this try was made, in seconds since 1970."),
            header("webhook-signature", "`v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body`; two, with a space between, while a secret is rotated."),
        ],
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": { "type": "string", "enum": [contract.kind] },
                "timestamp": { "type": "string", "format": "date-time", "description": "When it happened." },
                "data": { "allOf": [{ "$ref": reference(&data) }, about()] },
            },
        } } } },
        "responses": {
            "2XX": { "description": "Taken." },
            "410": { "description": "Not wanted any more: the webhook is switched off." },
            "default": { "description": "Not taken: tried again, for three days." },
        },
    } })
}

fn header(name: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "header", "required": true, "description": description, "schema": { "type": "string" },
    })
}

/// What is told with the data of each event.
fn about() -> Value {
    json!({
        "type": "object",
        "required": ["organization_id", "actor_id"],
        "properties": {
            "organization_id": { "type": "string", "format": "uuid" },
            "actor_id": { "type": ["string", "null"], "format": "uuid", "description": "Who did it; null for the system." },
            "shortened": { "type": "boolean", "description": "Lists were left out, so that the body stays below 20,000 bytes." },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::OpenApi as _;

    use crate::api::Document;

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
    fn every_request_is_described_and_every_reference_leads_somewhere() {
        let document = json!(Document::openapi());
        let webhooks = document["webhooks"].as_object().unwrap();
        let described: BTreeSet<&str> = webhooks.keys().map(String::as_str).collect();
        assert_eq!(described, OFFERED.into_iter().collect());
        let mut found = BTreeSet::new();
        references(&document["webhooks"], &mut found);
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if name.starts_with("event.") {
                references(schema, &mut found);
            }
        }
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn names_of_people_are_not_promised() {
        let document = json!(Document::openapi());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for kind in OFFERED {
            let name = schema_name(&contract(kind).unwrap().name());
            let schema = &schemas[&name];
            assert!(schema["properties"].get("name").is_none(), "{kind}");
            let required = schema["required"].as_array();
            assert!(
                required.is_none_or(|fields| !fields.contains(&json!("name"))),
                "{kind}"
            );
        }
    }
}
