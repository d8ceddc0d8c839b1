//! A request of each operation, made after its description: the things its path names exist, and its body is one the
//! description allows.

use std::collections::BTreeMap;

use e2e::{Organization, PASSWORD, tomorrow};
use kernel::Role;
use reqwest::Method;
use serde_json::{Map, Value, json};
use testkit::{Answer, Front, unique};

use super::people::Asker;

/// An operation of the API.
pub(super) struct Operation {
    pub(super) id: String,
    method: Method,
    path: String,
    body: Option<Value>,
    /// What has to stand behind the path.
    query: Vec<(String, String)>,
}

impl Operation {
    /// All of them, what destroys behind what does not.
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    continue;
                };
                let Some(id) = operation["operationId"].as_str() else {
                    continue;
                };
                let content = &operation["requestBody"]["content"];
                let schema = content.get("application/json").map(|json| &json["schema"]);
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let query = parameters.filter(|parameter| {
                    parameter["in"] == "query" && parameter["required"] == true
                });
                let query = query.map(|parameter| {
                    let name = parameter["name"].as_str().expect("a name");
                    let value = example(&parameter["schema"], document, name, 0);
                    let text = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    (name.to_owned(), text)
                });
                all.push(Self {
                    id: id.to_owned(),
                    query: query.collect(),
                    method,
                    path: path.clone(),
                    body: schema.map(|schema| example(schema, document, "", 0)),
                });
            }
        }
        all.sort_by_key(|operation| (operation.method == Method::DELETE, operation.path.clone()));
        all
    }

    /// Whether it changes nothing.
    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether it is one of the bare domain.
    fn on_bare_domain(&self) -> bool {
        let bare = ["create_organization", "get_subdomain", "find_organizations"];
        bare.contains(&self.id.as_str()) || self.path.contains("/oauth/callback/")
    }

    pub(super) async fn ask(&self, person: &Asker, things: &Things) -> Answer {
        let path = things.put_into(&self.path);
        if self.on_bare_domain() {
            let bare = Front::door().bare();
            let request = bare.request(self.method.clone(), &path);
            return bare.send(self.fill(request, things)).await;
        }
        let request = person.request(self.method.clone(), &path);
        person.site().send(self.fill(request, things)).await
    }

    fn fill(&self, request: reqwest::RequestBuilder, things: &Things) -> reqwest::RequestBuilder {
        let request = request.query(&self.query);
        let Some(body) = &self.body else {
            return request;
        };
        let mut body = body.clone();
        if let Some(fields) = body.as_object_mut() {
            things.put_ids(fields);
            for (name, value) in own_words(&self.id, things) {
                fields.insert(name.to_owned(), value);
            }
        }
        request.json(&body)
    }
}

/// Fields whose description does not say enough.
fn own_words(operation: &str, things: &Things) -> Vec<(&'static str, Value)> {
    match operation {
        "create_link" => vec![(
            "resource",
            json!({"kind": "task", "id": things.id("tasks")}),
        )],
        // Wrong ones would be counted, and some time answered 429.
        "create_totp"
        | "delete_totp"
        | "create_recovery_codes"
        | "create_passkey_options"
        | "delete_passkey"
        | "link_provider" => vec![("code", Value::Null), ("password", json!(PASSWORD))],
        "create_task_anywhere" => vec![("project_id", json!(things.id("projects")))],
        "create_comment_on" => vec![("task_id", json!(things.id("tasks")))],
        "create_organization" => vec![
            ("subdomain", json!(unique("org"))),
            ("name", json!("Somebody")),
        ],
        "create_invitation" => vec![
            ("role", json!("viewer")),
            ("email", json!(format!("{}@example.com", unique("x")))),
        ],
        "update_user" | "replace_user" => vec![("role", json!("viewer"))],
        "update_organization" => vec![
            ("name", json!("Somebody else")),
            ("allowed_email_domains", json!([])),
        ],
        _ => Vec::new(),
    }
}

/// What the schema allows, with no more than it demands; at least one field, so that a change changes something.
fn example(schema: &Value, document: &Value, name: &str, depth: usize) -> Value {
    if depth > 6 {
        return Value::Null;
    }
    if let Some(path) = schema["$ref"].as_str() {
        let pointer = path.trim_start_matches('#');
        let found = document.pointer(pointer).expect("a schema that exists");
        return example(found, document, name, depth + 1);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let choices = schema[choice].as_array().into_iter().flatten();
        let mut choices = choices.filter(|choice| choice["type"] != "null");
        if let Some(first) = choices.next() {
            return example(first, document, name, depth + 1);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match kind(schema) {
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let properties = schema["properties"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let mut wanted: Vec<String> = required
                .iter()
                .filter_map(|name| Some(name.as_str()?.to_owned()))
                .collect();
            if wanted.is_empty() {
                wanted.extend(properties.keys().find(|name| *name != "version").cloned());
            }
            let field = |name: &String| {
                let schema = properties.get(name)?;
                Some((name.clone(), example(schema, document, name, depth + 1)))
            };
            Value::Object(wanted.iter().filter_map(field).collect())
        }
        "array" => json!([example(&schema["items"], document, name, depth + 1)]),
        "integer" | "number" => schema.get("example").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(true),
        _ => text(schema, name),
    }
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("string")
        }
        _ => "string",
    }
}

fn text(schema: &Value, name: &str) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    let day = "2030-01-01";
    match (schema["format"].as_str(), name) {
        (Some("uuid"), _) => json!("0192aaaa-0000-7000-8000-000000000001"),
        (Some("date-time"), _) => tomorrow(),
        (Some("date"), _) => json!(day),
        (Some("password"), _) => json!("correct horse battery staple"),
        (_, "email") => json!(format!("{}@example.com", unique("x"))),
        (_, "color") => json!("#336699"),
        _ => json!("Something"),
    }
}

/// Paths with one of these words name a part of a project.
const WORK: [&str; 8] = [
    "projects",
    "boards",
    "columns",
    "tasks",
    "cards",
    "comments",
    "links",
    "favourites",
];
/// What is made by its name alone, or nearly.
const MADE: [&str; 7] = [
    "invitations",
    "roles",
    "teams",
    "tokens",
    "views",
    "webhooks",
    "workspaces",
];

/// Things that exist, by the word that stands before their id in a path.
pub(super) struct Things(BTreeMap<String, String>);

impl Things {
    /// One of everything.
    pub(super) async fn all(acme: &Organization) -> Self {
        let mut things = Self(BTreeMap::new());
        things.make_work(acme).await;
        things.know("users", &json!(acme.owner.id));
        for word in MADE {
            things.make(acme, word).await;
        }
        things.make_reports(acme).await;
        things
    }

    /// What the operation's path and body may name, new each time.
    pub(super) async fn new(acme: &Organization, operation: &Operation) -> Self {
        let mut things = Self(BTreeMap::new());
        let has = |word: &str| operation.path.split('/').any(|part| part == word);
        if WORK.iter().any(|word| has(word)) {
            things.make_work(acme).await;
        }
        if has("restore") {
            let path = operation.path.trim_end_matches("/restore");
            let gone = acme.owner.api.delete(&things.put_into(path)).await;
            let _ = gone.expect(204);
        }
        if has("users") {
            let person = acme.join(Role::Viewer).await;
            things.know("users", &json!(person.id));
        }
        things.know("users", &json!(acme.owner.id));
        for word in MADE {
            if has(word) {
                things.make(acme, word).await;
            }
        }
        if has("custom-reports") || has("reports") {
            things.make_reports(acme).await;
        }
        things
    }

    async fn make(&mut self, acme: &Organization, word: &str) {
        let name = unique(word);
        let body = match word {
            "invitations" => json!({"email": format!("{name}@example.com"), "role": "viewer"}),
            "roles" => json!({"name": name, "permissions": ["task:read"]}),
            "tokens" => json!({"name": name, "scopes": ["task:read"], "expires_at": tomorrow()}),
            "views" => json!({"name": name, "shared": true}),
            // Nobody listens there.
            "webhooks" => json!({"url": "http://127.0.0.1:9/", "events": ["task.*"]}),
            _ => json!({"name": name}),
        };
        let path = format!("/api/v1/{word}");
        let made = acme.owner.api.post(&path, &body).await.expect(201).json();
        self.know(word, &made["id"]);
        if word == "webhooks" {
            let path = format!("{path}/{}/test", made["id"].as_str().unwrap());
            let sent = acme.owner.api.post(&path, &Value::Null).await.expect(201);
            self.know("deliveries", &sent.json()["id"]);
        }
    }

    async fn make_reports(&mut self, acme: &Organization) {
        let period = json!({"relative": "this_month"});
        let definition = json!({"measures": ["comments"], "group_by": "day", "period": period});
        let body = json!({"name": "Comments", "definition": definition});
        let (api, path) = (&acme.owner.api, "/api/v1/analytics/custom-reports");
        let made = api.post(path, &body).await.expect(201).json();
        self.know("custom-reports", &made["id"]);
        let path = format!("{path}/{}", made["id"].as_str().unwrap());
        let daily = json!({"every": "day", "hour": 7, "recipient_ids": [acme.owner.id]});
        let schedule = api.put(&format!("{path}/schedule"), &daily).await;
        let _ = schedule.expect(200);
        let path = format!("{path}/run");
        let report = api.post(&path, &Value::Null).await.expect(202).json();
        self.know("reports", &report["id"]);
    }

    async fn make_work(&mut self, acme: &Organization) {
        let api = &acme.owner.api;
        let (project, columns) = acme.project("Apollo").await;
        let task = acme.task(&project, "Launch").await;
        let path = format!("/api/v1/tasks/{}/comments", task["id"].as_str().unwrap());
        let comment = api.post(&path, &json!({"body": "Go"})).await.expect(201);
        let body = json!({"resource": {"kind": "task", "id": task["id"]}});
        let link = api.post("/api/v1/links", &body).await.expect(201);
        let path = format!(
            "/api/v1/projects/{}/boards",
            project["id"].as_str().unwrap()
        );
        let boards = api.get(&path).await.expect(200).json();
        self.know("projects", &project["id"]);
        self.know("boards", &boards["items"][0]["id"]);
        self.know("columns", &columns["done"]);
        self.know("tasks", &task["id"]);
        self.know("by-key", &task["key"]);
        self.know("cards", &task["id"]);
        self.know("comments", &comment.json()["id"]);
        self.know("links", &link.json()["id"]);
    }

    fn know(&mut self, word: &str, id: &Value) {
        let id = id.as_str().expect("an id").to_owned();
        self.0.entry(word.to_owned()).or_insert(id);
    }

    /// The id of the thing, or one that nothing has.
    fn id(&self, word: &str) -> &str {
        let known = self.0.get(word).map(String::as_str);
        known.unwrap_or("0192aaaa-0000-7000-8000-00000000ffff")
    }

    /// The path with ids in place of its parameters.
    fn put_into(&self, path: &str) -> String {
        let mut before = "";
        let mut parts = Vec::new();
        for part in path.split('/') {
            let shown = match part {
                "{name}" => "something",
                "{provider}" => "google",
                "{kind}" if before == "reactions" => "like",
                "{kind}" => "project",
                _ if part.starts_with('{') => self.id(before),
                _ => part,
            };
            parts.push(shown);
            before = part;
        }
        parts.join("/")
    }

    /// `board_id` and the like name what exists.
    fn put_ids(&self, fields: &mut Map<String, Value>) {
        for (name, value) in fields.iter_mut() {
            let word = match name.strip_suffix("_id") {
                Some("assignee" | "user") => "users".to_owned(),
                Some(word) => format!("{word}s"),
                None => continue,
            };
            if self.0.contains_key(&word) {
                *value = json!(self.id(&word));
            }
        }
    }
}
