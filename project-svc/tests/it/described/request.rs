//! Operations of the API's description, and requests that are made after it.

use kernel::{EventId, Ids, Role};
use reqwest::Method;
use serde_json::{Value, json};

use super::schema::Document;
use super::things::Things;
use crate::client::{Answer, Person, read};
use crate::world::World;

/// An operation that clients may ask for.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: Method,
    /// Below `/api/v1`.
    pub(super) path: String,
    /// The schema of its body.
    pub(super) body: Option<Value>,
    pub(super) query: Vec<Parameter>,
}

/// What may stand behind the `?`.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) schema: Value,
    required: bool,
}

/// A test's world, and the description of the service in it.
pub(super) struct Described {
    pub(super) world: World,
    pub(super) document: Document,
    pub(super) operations: Vec<Operation>,
    owner: Person,
}

impl Described {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let owner = world.person(Role::Owner);
        let document = owner.get("/internal/openapi.json").await.expect(200);
        let document = Document(document);
        Self {
            operations: operations(&document),
            world,
            document,
            owner,
        }
    }

    /// Somebody who may do everything.
    pub(super) fn owner(&self) -> Person {
        self.world.renewed(&self.owner)
    }

    /// One of everything, new.
    pub(super) async fn things(&self) -> Things {
        Things::new(&self.world, &self.owner()).await
    }

    /// Operations that take a body, with its schema.
    pub(super) fn with_bodies(&self) -> impl Iterator<Item = (&Operation, &Value)> {
        let operations = self.operations.iter();
        operations.filter_map(|operation| Some((operation, operation.body.as_ref()?)))
    }

    /// The operation's body with no more than it needs, and `value` where the pointer leads.
    pub(super) fn body(
        &self,
        operation: &Operation,
        things: &Things,
        at: &str,
        value: &Value,
    ) -> Value {
        let Some(schema) = &operation.body else {
            return Value::Null;
        };
        let mut body = self.document.example(schema, at, value);
        things.put_into_body(&mut body);
        for (name, value) in needs(operation, things, at) {
            if at != format!("/{name}") && !at.starts_with(&format!("/{name}/")) {
                body[name] = value;
            }
        }
        body
    }

    /// Asks with this body; what the operation needs behind its path is there.
    pub(super) async fn ask(&self, operation: &Operation, things: &Things, body: &Value) -> Answer {
        let path = things.put_into_path(&operation.path);
        let query = Self::query(operation, things);
        self.send(&self.owner(), operation, &path, &query, body)
            .await
    }

    /// What has to stand behind the path.
    pub(super) fn query(operation: &Operation, things: &Things) -> Vec<(String, String)> {
        let required = operation
            .query
            .iter()
            .filter(|parameter| parameter.required);
        let mut query: Vec<_> = required
            .map(|parameter| (parameter.name.clone(), "engine".to_owned()))
            .collect();
        if operation.id == "list_comments_of" {
            query.push(("task_id".to_owned(), things.id("tasks").to_owned()));
        }
        query
    }

    /// Asks; whatever it is, no answer is a fault of the service.
    pub(super) async fn send(
        &self,
        person: &Person,
        operation: &Operation,
        path: &str,
        query: &[(String, String)],
        body: &Value,
    ) -> Answer {
        let mut request = person.request(operation.method.clone(), path).query(query);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = read(request).await;
        let (id, status) = (&operation.id, answer.status);
        assert!(
            !status.is_server_error(),
            "{id} {path} {query:?} {body:#}: {status} {:#}",
            answer.body
        );
        answer
    }
}

fn operations(document: &Document) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document.0["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let query = parameters.filter(|parameter| parameter["in"] == "query");
            let query = query.map(|parameter| Parameter {
                name: parameter["name"].as_str().unwrap().to_owned(),
                schema: document.resolve(&parameter["schema"]).clone(),
                required: parameter["required"] == true,
            });
            all.push(Operation {
                id: id.to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path
                    .strip_prefix("/api/v1")
                    .expect("a public path")
                    .to_owned(),
                body: operation["requestBody"]["content"]
                    .get("application/json")
                    .map(|json| json["schema"].clone()),
                query: query.collect(),
            });
        }
    }
    assert!(all.len() > 100, "{} operations", all.len());
    all
}

/// What a body needs beyond what its schema says.
fn needs(operation: &Operation, things: &Things, at: &str) -> Vec<(&'static str, Value)> {
    let id = |word: &str| json!(things.id(word));
    match operation.id.as_str() {
        "create_field" if at.starts_with("/options") => {
            vec![("key", json!(unique())), ("kind", json!("select"))]
        }
        "create_field" => vec![("key", json!(unique()))],
        // Not of every name one can be made.
        "create_team" => vec![("slug", json!(unique()))],
        // The one made of the name may be taken.
        "create_project" => vec![("key", json!(unique().to_uppercase().get(..10)))],
        // Names that are taken once.
        "create_label" => vec![("name", json!(unique()))],
        "create_task_anywhere" => vec![("project_id", id("projects"))],
        "create_comment_on" => vec![("task_id", id("tasks"))],
        "add_dependency" => vec![("other_id", id("others"))],
        "transfer_task" => vec![("project_id", id("elsewhere"))],
        "edit_tasks" => vec![("change", json!({"priority": "high"}))],
        "add_project_member" | "add_team_member" | "add_workspace_member" => {
            vec![("user_id", id("strangers"))]
        }
        _ => Vec::new(),
    }
}

/// A word that nothing has for its name yet.
fn unique() -> String {
    let id: EventId = Ids::system().next();
    let (_, tail) = id.uuid().as_u64_pair();
    format!("w{tail:x}")
}
