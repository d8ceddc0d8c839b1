//! One of everything that paths and bodies can name.

use std::collections::BTreeMap;

use kernel::Role;
use serde_json::{Value, json};

use crate::client::{Person, ids, text};
use crate::world::World;

/// Ids by the word that stands before them in a path.
pub(super) struct Things(BTreeMap<&'static str, String>);

/// What things belong to the organization as a whole, not to one project.
pub(super) const OF_ORGANIZATION: [&str; 5] = ["teams", "users", "views", "webhooks", "workspaces"];

impl Things {
    /// A project with one of everything, and what else there is in an organization; all of it new.
    pub(super) async fn new(world: &World, owner: &Person) -> Self {
        let mut things = Self(BTreeMap::new());
        things.make_project(owner).await;
        things.make_parts(owner).await;
        things.make_others(world, owner).await;
        things
    }

    async fn make_project(&mut self, owner: &Person) {
        let (project, _) = owner.project("Apollo").await;
        let task = owner.task(&project, "Fuel the engine").await;
        let found = owner.get(&format!("/tasks/{task}")).await.expect(200);
        self.know("by-key", text(&found, "key"));
        // Beside the board where the tasks are: what is empty can be deleted.
        let path = format!("/projects/{project}/boards");
        let board = owner.post(&path, json!({"name": "Second"})).await;
        let board = text(&board.expect(201), "id");
        let columns = owner.get(&format!("/boards/{board}/columns")).await;
        self.know("columns", ids(&columns.expect(200)["items"])[0].clone());
        self.know("boards", board);
        self.know("others", owner.task(&project, "Other").await);
        self.know("cards", task.clone());
        self.know("tasks", task);
        self.know("projects", project);
        self.know("elsewhere", owner.project("Gemini").await.0);
    }

    async fn make_parts(&mut self, owner: &Person) {
        let project = format!("/projects/{}", self.id("projects"));
        let task = format!("/tasks/{}", self.id("tasks"));
        let named = json!({"name": "Something"});
        let choices = json!([{"value": "low", "name": "Low"}, {"value": "high", "name": "High"}]);
        let field = json!({"key": "risk", "name": "Risk", "kind": "select", "options": choices});
        for (word, path, body) in [
            ("labels", format!("{project}/labels"), named.clone()),
            ("fields", format!("{project}/fields"), field),
            (
                "comments",
                format!("{task}/comments"),
                json!({"body": "Go"}),
            ),
            ("checklists", format!("{task}/checklists"), named.clone()),
            (
                "dependencies",
                format!("{task}/dependencies"),
                json!({"other_id": self.make_task(owner).await}),
            ),
            ("views", "/views".to_owned(), named.clone()),
        ] {
            let made = owner.post(&path, body).await.expect(201);
            self.know(word, text(&made, "id"));
        }
        let items = format!("{task}/checklists/{}/items", self.id("checklists"));
        let item = owner
            .post(&items, json!({"text": "Check"}))
            .await
            .expect(201);
        self.know("items", text(&item, "id"));
        let history = owner.get(&format!("{task}/history")).await.expect(200);
        self.know("history", text(&history["items"][0], "id"));
    }

    async fn make_task(&self, owner: &Person) -> String {
        owner.task(self.id("projects"), "One more").await
    }

    async fn make_others(&mut self, world: &World, owner: &Person) {
        let (member, stranger) = (world.person(Role::Member), world.person(Role::Member));
        for person in [&member, &stranger] {
            world.neighbours.know(person.id, Role::Member);
        }
        self.know("strangers", stranger.id.to_string());
        let name = format!("Team {}", self.id("projects"));
        for (word, path, name) in [
            ("teams", "/teams", name.as_str()),
            ("workspaces", "/workspaces", "Customers"),
        ] {
            let made = owner.post(path, json!({"name": name})).await.expect(201);
            self.know(word, text(&made, "id"));
        }
        let (webhook, delivery) = world.webhook(owner).await;
        self.know("webhooks", webhook);
        self.know("deliveries", delivery);
        let body = json!({"user_id": member.id});
        for word in ["projects", "teams", "workspaces"] {
            let path = format!("/{word}/{}/members", self.id(word));
            let _ = owner.post(&path, body.clone()).await.expect(201);
        }
        let watch = format!("/tasks/{}/watchers/{}", self.id("tasks"), member.id);
        let _ = owner.put(&watch, json!({})).await;
        let member = member.id.to_string();
        self.know("members", member.clone());
        self.know("watchers", member.clone());
        self.know("users", member);
    }

    fn know(&mut self, word: &'static str, id: String) {
        self.0.insert(word, id);
    }

    pub(super) fn id(&self, word: &str) -> &str {
        let found = self.0.get(word);
        found.unwrap_or_else(|| panic!("nothing is known of {word}"))
    }

    /// All there is, with its word.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(word, id)| (*word, id.as_str()))
    }

    /// The path with ids in place of its parameters.
    pub(super) fn put_into_path(&self, path: &str) -> String {
        let parts = path.split('/');
        let mut before = "";
        let parts = parts.map(|part| {
            let shown = match part {
                "{kind}" if before == "favourites" => "project",
                "{kind}" => "like",
                // Behind the kind of a favourite.
                _ if part.starts_with('{') && before == "{kind}" => self.id("projects"),
                _ if part.starts_with('{') => self.id(before),
                _ => part,
            };
            before = part;
            shown
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Ids where an example left a place for them.
    pub(super) fn put_into_body(&self, body: &mut Value) {
        match body {
            Value::String(text) => {
                let name = text
                    .strip_prefix('<')
                    .and_then(|text| text.strip_suffix('>'));
                if let Some(name) = name {
                    *text = self.id(word_of(name).unwrap_or("tasks")).to_owned();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_into_body(item)),
            Value::Object(fields) => fields
                .values_mut()
                .for_each(|field| self.put_into_body(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// What the ids of a field are of; none where its operation alone tells.
pub(super) fn word_of(field: &str) -> Option<&'static str> {
    match field {
        "project_id" => Some("projects"),
        "column_id" | "move_to" => Some("columns"),
        "board_id" => Some("boards"),
        "task_id" => Some("tasks"),
        "label_ids" | "add_label_ids" | "remove_label_ids" => Some("labels"),
        "assignee_ids" | "user_id" | "owner_id" => Some("users"),
        "workspace_id" => Some("workspaces"),
        "team_id" => Some("teams"),
        _ => None,
    }
}
