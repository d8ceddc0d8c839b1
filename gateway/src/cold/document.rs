//! One OpenAPI 3.1 document from those of the services, asked for when somebody wants it and kept for a while.
//! A service that is away is left out until it is back.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use httpkit::Service;
use httpkit::openapi::DOCUMENT_PATH;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use url::Url;

/// How long a whole document is kept.
const KEPT: Duration = Duration::from_secs(60);

/// How long one with a service missing is kept.
const KEPT_INCOMPLETE: Duration = Duration::from_secs(2);

const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// The services' documents.
pub(super) struct Documents {
    http: reqwest::Client,
    sources: Vec<(Service, Url)>,
    merged: Mutex<Option<Merged>>,
}

struct Merged {
    bytes: Bytes,
    until: Instant,
}

impl Documents {
    /// Asks these services.
    pub(super) fn new(http: reqwest::Client, services: [(Service, &Url); 4]) -> Self {
        let sources = services
            .into_iter()
            .filter_map(|(service, url)| Some((service, url.join(DOCUMENT_PATH).ok()?)));
        Self {
            http,
            sources: sources.collect(),
            merged: Mutex::new(None),
        }
    }

    /// The document of the whole API. Callers that come while it is made wait for it.
    pub(super) async fn merged(&self) -> Bytes {
        let mut merged = self.merged.lock().await;
        if let Some(kept) = merged.as_ref().filter(|kept| Instant::now() < kept.until) {
            return kept.bytes.clone();
        }
        let found: Vec<(Service, Value)> =
            join_all(self.sources.iter().map(|source| self.fetch(source)))
                .await
                .into_iter()
                .flatten()
                .collect();
        let kept = if found.len() == self.sources.len() {
            KEPT
        } else {
            KEPT_INCOMPLETE
        };
        let bytes = Bytes::from(merge(found).to_string());
        *merged = Some(Merged {
            bytes: bytes.clone(),
            until: Instant::now() + kept,
        });
        bytes
    }

    async fn fetch(&self, (service, url): &(Service, Url)) -> Option<(Service, Value)> {
        let request = self.http.get(url.clone()).timeout(FETCH_TIMEOUT);
        let answer = async {
            request
                .send()
                .await?
                .error_for_status()?
                .json::<Value>()
                .await
        };
        match answer.await {
            Ok(document) => Some((*service, document)),
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(%service, error = &error as &dyn std::error::Error, "fetch an API document");
                None
            }
        }
    }
}

/// Puts documents together. Schemas of the same name and another content get their service's name in front.
fn merge(documents: Vec<(Service, Value)>) -> Value {
    let mut paths = Map::new();
    let mut components: Map<String, Value> = Map::new();
    let (mut webhooks, mut tags) = (Map::new(), Vec::new());
    for (service, mut document) in documents {
        rename_conflicts(service, &mut document, components.get("schemas"));
        let mut take = |name: &str| document.get_mut(name).map(Value::take);
        if let Some(Value::Object(of_service)) = take("paths") {
            paths.extend(
                of_service
                    .into_iter()
                    .filter(|(path, _)| !path.starts_with("/internal")),
            );
        }
        if let Some(Value::Object(of_service)) = take("webhooks") {
            webhooks.extend(of_service);
        }
        if let Some(Value::Array(of_service)) = take("tags") {
            tags.extend(of_service);
        }
        if let Some(Value::Object(of_service)) = take("components") {
            for (kind, entries) in of_service {
                let known = components.entry(kind).or_insert_with(|| json!({}));
                if let (Value::Object(known), Value::Object(entries)) = (known, entries) {
                    known.extend(entries);
                }
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenantry",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Project management where every organization has its own database. Call it on your organization's own host.",
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "webhooks": webhooks,
        "components": components,
    })
}

fn rename_conflicts(service: Service, document: &mut Value, known: Option<&Value>) {
    let own = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut);
    let (Some(own), Some(known)) = (own, known) else {
        return;
    };
    let conflicting: Vec<String> = own
        .iter()
        .filter(|(name, schema)| known.get(name).is_some_and(|other| other != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    for name in conflicting {
        let renamed = format!("{service}.{name}");
        if let Some(schemas) = document
            .pointer_mut("/components/schemas")
            .and_then(Value::as_object_mut)
            && let Some(schema) = schemas.remove(&name)
        {
            schemas.insert(renamed.clone(), schema);
        }
        let reference = |name: &str| format!("#/components/schemas/{name}");
        replace(document, &reference(&name), &reference(&renamed));
    }
}

/// Replaces a reference wherever it stands.
fn replace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => *text = to.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| replace(field, from, to)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, kind: &str) -> Value {
        json!({
            "paths": {
                (path): { "get": { "schema": { "$ref": "#/components/schemas/Page" } } },
                "/internal/v1/x": {},
            },
            "webhooks": { (kind): { "post": { "schema": { "$ref": "#/components/schemas/Page" } } } },
            "components": { "schemas": { "Page": { "type": kind }, "Problem": { "type": "object" } } },
        })
    }

    #[test]
    fn documents_become_one_and_internal_paths_stay_inside() {
        let merged = merge(vec![
            (Service::Identity, document("/api/v1/users", "array")),
            (Service::ProjectSvc, document("/api/v1/tasks", "object")),
        ]);
        let paths: Vec<_> = merged["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/api/v1/tasks", "/api/v1/users"]);
        let schemas: Vec<_> = merged["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(schemas, ["Page", "Problem", "project-svc.Page"]);
        let webhooks = &merged["webhooks"];
        let reference = |kind: &str| webhooks[kind]["post"]["schema"]["$ref"].clone();
        assert_eq!(reference("array"), "#/components/schemas/Page");
        assert_eq!(reference("object"), "#/components/schemas/project-svc.Page");
        let reference = |path: &str| merged["paths"][path]["get"]["schema"]["$ref"].clone();
        assert_eq!(reference("/api/v1/users"), "#/components/schemas/Page");
        assert_eq!(
            reference("/api/v1/tasks"),
            "#/components/schemas/project-svc.Page"
        );
    }
}
