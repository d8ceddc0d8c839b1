//! Every operation of the API document against every role. An operation without a row fails the test.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Person, read, text};
use crate::world::World;

/// One operation, the lowest role that may do it, and a body it takes.
pub(crate) struct Row(
    pub(crate) &'static str,
    pub(crate) &'static str,
    Role,
    fn(&Things) -> Value,
);

fn none(_: &Things) -> Value {
    Value::Null
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    Row("GET", "/workspaces", Role::Viewer, none),
    Row("POST", "/workspaces", Role::Admin, |_| json!({"name": "New"})),
    Row("GET", "/workspaces/{workspace}", Role::Viewer, none),
    Row("PATCH", "/workspaces/{workspace}", Role::Admin, |_| json!({"name": "Other"})),
    Row("PUT", "/workspaces/{workspace}", Role::Admin, |_| json!({"name": "Other"})),
    Row("DELETE", "/workspaces/{workspace}", Role::Admin, none),
    Row("GET", "/workspaces/{workspace}/members", Role::Viewer, none),
    Row("POST", "/workspaces/{workspace}/members", Role::Admin, |things| json!({"user_id": things.person})),
    Row("PATCH", "/workspaces/{workspace}/members/{owner}", Role::Admin, |_| json!({"role": "owner"})),
    Row("PUT", "/workspaces/{workspace}/members/{owner}", Role::Admin, |_| json!({"role": "owner"})),
    Row("DELETE", "/workspaces/{workspace}/members/{second}", Role::Admin, none),
    Row("POST", "/workspaces/{workspace}/invite", Role::Admin, |_| json!({"email": "grace@example.com"})),
    Row("GET", "/projects", Role::Viewer, none),
    Row("POST", "/projects", Role::Manager, |_| json!({"name": "New"})),
    Row("GET", "/projects/{project}", Role::Viewer, none),
    Row("PATCH", "/projects/{project}", Role::Manager, |_| json!({"name": "Other"})),
    Row("DELETE", "/projects/{project}", Role::Admin, none),
    Row("PUT", "/projects/{project}", Role::Manager, |_| json!({"name": "Other"})),
    Row("POST", "/projects/{project}/archive", Role::Manager, none),
    Row("POST", "/projects/{project}/unarchive", Role::Manager, none),
    Row("GET", "/projects/trash", Role::Viewer, none),
    Row("POST", "/projects/{trashed_project}/restore", Role::Admin, none),
    Row("GET", "/projects/{project}/activity", Role::Viewer, none),
    Row("GET", "/projects/{project}/analytics", Role::Viewer, none),
    Row("GET", "/projects/{project}/members", Role::Viewer, none),
    Row("POST", "/projects/{project}/members", Role::Manager, |things| json!({"user_id": things.person})),
    Row("PATCH", "/projects/{project}/members/{second}", Role::Manager, |_| json!({"role": "viewer"})),
    Row("PUT", "/projects/{project}/members/{second}", Role::Manager, |_| json!({"role": "viewer"})),
    Row("DELETE", "/projects/{project}/members/{second}", Role::Manager, none),
    Row("GET", "/favourites", Role::Viewer, none),
    Row("PUT", "/favourites/task/{task}", Role::Viewer, none),
    Row("DELETE", "/favourites/task/{task}", Role::Viewer, none),
    Row("GET", "/projects/{project}/boards", Role::Viewer, none),
    Row("GET", "/projects/{project}/tasks", Role::Viewer, none),
    Row("POST", "/projects/{project}/tasks", Role::Member, |_| json!({"title": "New"})),
    Row("POST", "/projects/{project}/boards", Role::Manager, |_| json!({"name": "New"})),
    Row("GET", "/boards/{board}", Role::Viewer, none),
    Row("PATCH", "/boards/{board}", Role::Manager, |_| json!({"name": "Other"})),
    Row("PUT", "/boards/{board}", Role::Manager, |_| json!({"name": "Other"})),
    Row("DELETE", "/boards/{spare_board}", Role::Manager, none),
    Row("GET", "/boards/{board}/columns", Role::Viewer, none),
    Row("POST", "/boards/{board}/columns", Role::Manager, |_| json!({"name": "New", "category": "todo"})),
    Row("PATCH", "/columns/{column}", Role::Manager, |_| json!({"name": "Other"})),
    Row("PUT", "/columns/{column}", Role::Manager, |_| json!({"name": "Other"})),
    Row("PUT", "/columns/{column}/position", Role::Manager, |_| json!({"position": 0})),
    Row("DELETE", "/columns/{column}", Role::Manager, none),
    Row("GET", "/columns/{column}/cards", Role::Viewer, none),
    Row("GET", "/tasks", Role::Viewer, none),
    Row("GET", "/search?q=fuel", Role::Viewer, none),
    Row("GET", "/views", Role::Viewer, none),
    Row("POST", "/views", Role::Viewer, |_| json!({"name": "New"})),
    Row("GET", "/views/{view}", Role::Viewer, none),
    Row("PATCH", "/views/{view}", Role::Manager, |_| json!({"name": "Other"})),
    Row("PUT", "/views/{view}", Role::Manager, |_| json!({"name": "Other"})),
    Row("DELETE", "/views/{view}", Role::Manager, none),
    Row("GET", "/views/{view}/tasks", Role::Viewer, none),
    Row("GET", "/tasks/{task}", Role::Viewer, none),
    Row("PATCH", "/tasks/{task}", Role::Member, |_| json!({"title": "Other"})),
    Row("DELETE", "/tasks/{task}", Role::Manager, none),
    Row("PUT", "/tasks/{task}/status", Role::Member, |_| json!({"status": "done"})),
    Row("PUT", "/tasks/{task}/assign", Role::Member, |_| json!({"assignee_ids": []})),
    Row("PUT", "/cards/{task}/move", Role::Member, |things| json!({"column_id": things.column})),
    Row("POST", "/tasks", Role::Member, |things| json!({"title": "New", "project_id": things.project})),
    Row("GET", "/tasks/by-key/{key}", Role::Viewer, none),
    Row("PUT", "/tasks/{task}", Role::Member, |_| json!({"title": "Other"})),
    Row("GET", "/tasks/{task}/subtasks", Role::Viewer, none),
    Row("POST", "/tasks/{task}/subtasks", Role::Member, |_| json!({"title": "New"})),
    // Each task has an answer of its own: see `bulk`.
    Row("POST", "/tasks/bulk", Role::Viewer, |things| json!({"items": [{"id": things.task}], "change": {"priority": "low"}})),
    Row("POST", "/tasks/{task}/transfer", Role::Member, |things| json!({"project_id": things.more["{project_2}"]})),
    Row("POST", "/tasks/{task}/copy", Role::Member, |_| json!({})),
    Row("POST", "/tasks/{task}/archive", Role::Member, none),
    Row("POST", "/tasks/{task}/unarchive", Role::Member, none),
    Row("POST", "/tasks/{trashed}/restore", Role::Manager, none),
    Row("GET", "/projects/{project}/trash", Role::Manager, none),
    Row("GET", "/tasks/{task}/history", Role::Viewer, none),
    Row("GET", "/tasks/{task}/history/{entry}", Role::Viewer, none),
    Row("GET", "/tasks/{task}/watchers", Role::Viewer, none),
    Row("PUT", "/tasks/{task}/watch", Role::Viewer, none),
    Row("DELETE", "/tasks/{task}/watch", Role::Viewer, none),
    Row("PUT", "/tasks/{task}/watchers/{owner}", Role::Member, none),
    Row("DELETE", "/tasks/{task}/watchers/{owner}", Role::Member, none),
    Row("GET", "/cards/{task}", Role::Viewer, none),
    Row("PUT", "/cards/{task}", Role::Member, |_| json!({"title": "Other"})),
    Row("DELETE", "/cards/{task}", Role::Manager, none),
    Row("POST", "/columns/{column}/cards", Role::Member, |_| json!({"title": "New"})),
    Row("GET", "/cards/{task}/activities", Role::Viewer, none),
    Row("GET", "/projects/{project}/labels", Role::Viewer, none),
    Row("POST", "/projects/{project}/labels", Role::Manager, |_| json!({"name": "new"})),
    Row("PATCH", "/projects/{project}/labels/{label}", Role::Manager, |_| json!({"name": "other"})),
    Row("DELETE", "/projects/{project}/labels/{label}", Role::Manager, none),
    Row("GET", "/projects/{project}/fields", Role::Viewer, none),
    Row("POST", "/projects/{project}/fields", Role::Manager, |_| json!({"key": "new", "name": "New", "kind": "text"})),
    Row("PATCH", "/projects/{project}/fields/{field}", Role::Manager, |_| json!({"name": "Other"})),
    Row("DELETE", "/projects/{project}/fields/{field}", Role::Manager, none),
    Row("GET", "/tasks/{task}/checklists", Role::Viewer, none),
    Row("POST", "/tasks/{task}/checklists", Role::Member, |_| json!({"name": "New"})),
    Row("PATCH", "/tasks/{task}/checklists/{checklist}", Role::Member, |_| json!({"name": "Other"})),
    Row("DELETE", "/tasks/{task}/checklists/{checklist}", Role::Member, none),
    Row("POST", "/tasks/{task}/checklists/{checklist}/items", Role::Member, |_| json!({"text": "New"})),
    Row("PATCH", "/tasks/{task}/checklists/{checklist}/items/{item}", Role::Member, |_| json!({"done": true})),
    Row("DELETE", "/tasks/{task}/checklists/{checklist}/items/{item}", Role::Member, none),
    Row("GET", "/tasks/{task}/dependencies", Role::Viewer, none),
    Row("POST", "/tasks/{task}/dependencies", Role::Member, |things| json!({"other_id": things.more["{other}"]})),
    Row("DELETE", "/tasks/{task}/dependencies/{dependency}", Role::Member, none),
    Row("GET", "/tasks/{task}/comments", Role::Viewer, none),
    Row("POST", "/tasks/{task}/comments", Role::Member, |_| json!({"body": "New"})),
    Row("GET", "/cards/{task}/comments", Role::Viewer, none),
    Row("POST", "/cards/{task}/comments", Role::Member, |_| json!({"body": "New"})),
    Row("GET", "/projects/{project}/comments", Role::Viewer, none),
    Row("POST", "/projects/{project}/comments", Role::Member, |_| json!({"body": "New"})),
    Row("GET", "/comments?task_id={task}", Role::Viewer, none),
    Row("POST", "/comments", Role::Member, |things| json!({"task_id": things.task, "body": "New"})),
    Row("GET", "/comments/{comment}", Role::Viewer, none),
    Row("DELETE", "/comments/{comment}", Role::Manager, none),
    Row("GET", "/comments/{comment}/replies", Role::Viewer, none),
    Row("POST", "/comments/{comment}/replies", Role::Member, |_| json!({"body": "New"})),
    Row("GET", "/comments/{comment}/history", Role::Viewer, none),
    Row("GET", "/comments/{comment}/reactions", Role::Viewer, none),
    Row("PUT", "/comments/{comment}/reactions/{kind}", Role::Member, |_| json!({})),
    Row("DELETE", "/comments/{comment}/reactions/{kind}", Role::Member, none),
    Row("GET", "/teams", Role::Viewer, none),
    Row("POST", "/teams", Role::Admin, |things| json!({"name": "New", "slug": things.team})),
    Row("GET", "/teams/{team}", Role::Viewer, none),
    Row("PATCH", "/teams/{team}", Role::Admin, |_| json!({"name": "Other"})),
    Row("PUT", "/teams/{team}", Role::Admin, |_| json!({"name": "Other"})),
    Row("DELETE", "/teams/{team}", Role::Admin, none),
    Row("GET", "/teams/{team}/members", Role::Viewer, none),
    Row("POST", "/teams/{team}/members", Role::Admin, |things| json!({"user_id": things.person})),
    Row("PATCH", "/teams/{team}/members/{owner}", Role::Admin, |_| json!({"role": "lead"})),
    Row("DELETE", "/teams/{team}/members/{owner}", Role::Admin, none),
    Row("GET", "/users/{owner}/teams", Role::Viewer, none),
    Row("GET", "/webhooks", Role::Admin, none),
    Row("POST", "/webhooks", Role::Admin, |_| json!({"url": "https://example.com/hooks", "events": ["task.*"]})),
    Row("GET", "/webhooks/{webhook}", Role::Admin, none),
    Row("PATCH", "/webhooks/{webhook}", Role::Admin, |_| json!({"description": "Other"})),
    Row("DELETE", "/webhooks/{webhook}", Role::Admin, none),
    Row("POST", "/webhooks/{webhook}/rotate-secret", Role::Admin, none),
    Row("POST", "/webhooks/{webhook}/test", Role::Admin, none),
    Row("GET", "/webhooks/{webhook}/deliveries", Role::Admin, none),
    Row("GET", "/webhooks/{webhook}/deliveries/{delivery}", Role::Admin, none),
    Row("POST", "/webhooks/{webhook}/deliveries/{delivery}/resend", Role::Admin, none),
];

/// For who wrote the comment, whatever their role; see `comments.rs`.
const OF_AUTHORS: [&str; 2] = ["PATCH /api/v1/comments/{id}", "PUT /api/v1/comments/{id}"];

/// Things of somebody else's.
pub(crate) struct Things {
    pub(crate) project: String,
    board: String,
    pub(crate) column: String,
    pub(crate) task: String,
    pub(crate) comment: String,
    /// Shared with all.
    view: String,
    /// With its owner in it.
    team: String,
    owner: String,
    /// Somebody who is known here, and in no team.
    person: String,
    /// What few operations need, by its name in paths.
    more: BTreeMap<&'static str, String>,
}

impl Things {
    pub(crate) async fn new(world: &World, owner: &Person) -> Self {
        let (project, columns) = owner.project("Apollo").await;
        let task = owner.task(&project, "Fuel").await;
        let saved = json!({"name": "Shared", "shared": true, "project_id": project});
        let saved = owner.post("/views", saved).await;
        let comment = json!({"body": "Hello"});
        let comment = owner
            .post(&format!("/tasks/{task}/comments"), comment)
            .await;
        let view = owner.get(&format!("/tasks/{task}")).await.expect(200);
        let id = world.app.ids.next::<kernel::TeamId>();
        let team = owner.post(
            "/teams",
            json!({"name": "Crew", "slug": format!("crew-{id}")}),
        );
        let team = text(&team.await.expect(201), "id");
        let member = json!({"user_id": owner.id});
        let _ = owner
            .post(&format!("/teams/{team}/members"), member)
            .await
            .expect(201);
        let person = world.person(Role::Member).id;
        world.neighbours.know(person, Role::Member);
        Self {
            board: text(&view, "board_id"),
            column: columns[2].clone(),
            comment: text(&comment.expect(201), "id"),
            view: text(&saved.expect(201), "id"),
            owner: owner.id.to_string(),
            person: person.to_string(),
            team,
            project,
            task,
            more: BTreeMap::new(),
        }
    }

    /// Makes what the operation's path or body needs beside.
    pub(crate) async fn with(mut self, world: &World, owner: &Person, template: &str) -> Self {
        let (project, task) = (self.project.clone(), self.task.clone());
        let make = async |path: String, body: Value| {
            text(&owner.post(&path, body).await.expect(201), "id")
        };
        let more = &mut self.more;
        if template.contains("{workspace}") {
            let workspace = make("/workspaces".to_owned(), json!({"name": "Customers"})).await;
            more.insert("{workspace}", workspace);
        }
        if template.contains("{spare_board}") {
            let board = make(
                format!("/projects/{project}/boards"),
                json!({"name": "Spare"}),
            )
            .await;
            more.insert("{spare_board}", board);
        }
        if template.contains("{trashed_project}") {
            let (trashed, _) = owner.project("Gone").await;
            let deleted = owner.delete(&format!("/projects/{trashed}")).await;
            deleted.expect(204);
            more.insert("{trashed_project}", trashed);
        }
        if template.contains("{second}") {
            let second = world.person(Role::Member).id;
            world.neighbours.know(second, Role::Member);
            let path = template
                .replace("/{second}", "")
                .replace("{project}", &project);
            let path = more
                .iter()
                .fold(path, |path, (name, id)| path.replace(name, id));
            let added = owner.post(&path, json!({"user_id": second})).await;
            let _ = added.expect(201);
            more.insert("{second}", second.to_string());
        }
        if template.contains("{key}") {
            let view = owner.get(&format!("/tasks/{task}")).await.expect(200);
            more.insert("{key}", text(&view, "key"));
        }
        if template.contains("{trashed}") {
            owner.delete(&format!("/tasks/{task}")).await.expect(204);
            more.insert("{trashed}", task.clone());
        }
        if template.contains("{entry}") {
            let history = owner.get(&format!("/tasks/{task}/history")).await;
            more.insert("{entry}", text(&history.expect(200)["items"][0], "id"));
        }
        if template.contains("/labels") {
            let label = make(
                format!("/projects/{project}/labels"),
                json!({"name": "bug"}),
            );
            more.insert("{label}", label.await);
        }
        if template.contains("/fields") {
            let field = json!({"key": "size", "name": "Size", "kind": "number"});
            more.insert(
                "{field}",
                make(format!("/projects/{project}/fields"), field).await,
            );
        }
        if template.contains("/checklists/") {
            let path = format!("/tasks/{task}/checklists");
            let list = make(path.clone(), json!({"name": "Before"})).await;
            let item = make(format!("{path}/{list}/items"), json!({"text": "Fuel"})).await;
            more.extend([("{checklist}", list), ("{item}", item)]);
        }
        if template.contains("{webhook}") {
            let (webhook, delivery) = world.webhook(owner).await;
            more.extend([("{webhook}", webhook), ("{delivery}", delivery)]);
        }
        if template.contains("/transfer") {
            more.insert("{project_2}", owner.project("Gemini").await.0);
        }
        if template.contains("/dependencies") {
            let path = format!("/tasks/{task}/dependencies");
            let other = owner.task(&project, "Other").await;
            if template.contains("{dependency}") {
                let dependency = make(path, json!({"other_id": other})).await;
                more.insert("{dependency}", dependency);
            }
            more.insert("{other}", other);
        }
        self
    }

    fn path(&self, template: &str) -> String {
        let template = template.to_owned();
        let more = self.more.iter();
        more.fold(template, |path, (name, id)| path.replace(name, id))
            .replace("{project}", &self.project)
            .replace("{board}", &self.board)
            .replace("{column}", &self.column)
            .replace("{task}", &self.task)
            .replace("{comment}", &self.comment)
            .replace("{team}", &self.team)
            .replace("{owner}", &self.owner)
            .replace("{kind}", "like")
            .replace("{view}", &self.view)
    }
}

pub(crate) async fn call(person: &Person, row: &Row, things: &Things) -> Answer {
    let method = Method::from_bytes(row.0.as_bytes()).unwrap();
    let request = person.request(method, &things.path(row.1));
    let body = (row.3)(things);
    let request = if body.is_null() {
        request
    } else {
        request.json(&body)
    };
    read(request).await
}

#[tokio::test]
async fn each_operation_is_open_to_its_roles_and_no_others() {
    let world = World::new().await;
    let mut mistakes = Vec::new();
    for row in TABLE {
        // Anew for each row: tokens of the gateway last a minute.
        let owner = world.person(Role::Owner);
        let anew = async || {
            Things::new(&world, &owner)
                .await
                .with(&world, &owner, row.1)
                .await
        };
        let mut things = anew().await;
        if call(&world.nobody(), row, &things).await.status != 401 {
            mistakes.push(format!("{} {} without a token", row.0, row.1));
        }
        let mut may = false;
        for role in Role::ALL.into_iter().rev() {
            may |= role == row.2;
            let answer = call(&world.person(role), row, &things).await;
            let status = answer.status.as_u16();
            let agrees = if may {
                (200..300).contains(&status)
            } else {
                status == 403
            };
            if !agrees {
                mistakes.push(format!("{} {} as {role}: {status}", row.0, row.1));
            }
            if row.0 != "GET" && status != 403 {
                things = anew().await;
            }
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    world.end().await;
}

#[tokio::test]
async fn each_operation_of_the_document_has_a_row() {
    let world = World::new().await;
    let document = world
        .nobody()
        .get("/internal/openapi.json")
        .await
        .expect(200);
    let plain = |path: &str| {
        let parts = path.split('/').map(|part| {
            if part.starts_with('{') || part == "task" {
                "{id}"
            } else {
                part
            }
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut documented = BTreeSet::new();
    let mut operation_ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            documented.insert(format!("{} {}", method.to_uppercase(), plain(path)));
            assert!(operation_ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
        }
    }
    let rows = TABLE.iter().map(|row| {
        format!(
            "{} /api/v1{}",
            row.0,
            plain(row.1.split('?').next().unwrap())
        )
    });
    let rows = rows.chain(OF_AUTHORS.map(str::to_owned));
    assert_eq!(rows.collect::<BTreeSet<_>>(), documented);
    world.end().await;
}

#[tokio::test]
async fn author_may_delete_the_own_comment_only() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let things = Things::new(&world, &owner).await;
    let path = format!("/tasks/{}/comments", things.task);
    let own = member
        .post(&path, json!({"body": "Mine"}))
        .await
        .expect(201);
    member
        .delete(&format!("/comments/{}", things.comment))
        .await
        .expect(403);
    let own = format!("/comments/{}", text(&own, "id"));
    member.delete(&own).await.expect(204);
    member.delete(&own).await.expect(404);
    world.end().await;
}
