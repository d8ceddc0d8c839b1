//! Ids in paths and bodies that name nothing, something of another kind, or something of another project.

use kernel::{Ids, Role, TaskId};
use sea_orm::sqlx;
use serde_json::{Value, json};

use super::request::{Described, Operation};
use super::things::{OF_ORGANIZATION, Things, word_of};

/// Answers to an id that names nothing of what it should.
const NOT_THERE: [u16; 3] = [404, 409, 422];

/// The parameters of a path, each with the word before it and its place.
fn parameters(path: &str) -> Vec<(usize, &str)> {
    let parts: Vec<&str> = path.split('/').collect();
    let named = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.starts_with('{'));
    named.map(|(place, _)| (place, parts[place - 1])).collect()
}

/// The path with this in one place.
fn with(path: &str, place: usize, id: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts[place] = id;
    parts.join("/")
}

/// Whether it says of what is not there what it says of what is: that it is gone, or that nothing belongs to it.
fn forgets(operation: &Operation) -> bool {
    ["remove_favourite", "remove_watcher", "list_teams_of_user"].contains(&operation.id.as_str())
}

async fn ask(api: &Described, operation: &Operation, things: &Things, path: &str) -> u16 {
    let body = api.body(operation, things, "", &Value::Null);
    let query = Described::query(operation, things);
    let answer = api.send(&api.owner(), operation, path, &query, &body).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn paths_that_name_nothing_are_not_there() {
    let api = Described::new().await;
    let things = api.things().await;
    let unknown = Ids::system().next::<TaskId>().to_string();
    let mut wrong = Vec::new();
    for operation in &api.operations {
        let good = things.put_into_path(&operation.path);
        for (place, _) in parameters(&operation.path) {
            let long = "a".repeat(2_000);
            for id in [
                "1",
                "-",
                "null",
                "x'--",
                "%00",
                "%F0%9F%9A%80",
                "..%2F..",
                &long,
                &unknown,
            ] {
                let status = ask(&api, operation, &things, &with(&good, place, id)).await;
                let forgotten = forgets(operation) && id == unknown;
                if !NOT_THERE.contains(&status) && !forgotten {
                    wrong.push(format!("{} {id:.40}: {status}", operation.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

#[tokio::test]
async fn ids_of_other_kinds_name_nothing() {
    let api = Described::new().await;
    let things = api.things().await;
    let mut wrong = Vec::new();
    for operation in &api.operations {
        let good = things.put_into_path(&operation.path);
        let parts: Vec<&str> = good.split('/').collect();
        for (place, word) in parameters(&operation.path) {
            let right = parts[place];
            let person = ["users", "members", "watchers", "strangers"];
            for (other, id) in things.all() {
                let is_task = |word: &str| ["tasks", "cards", "others"].contains(&word);
                let same = id == right
                    || other == word
                    || is_task(word) && is_task(other)
                    || word == "projects" && other == "elsewhere"
                    || person.contains(&word) && person.contains(&other);
                if same || word.starts_with('{') || forgets(operation) {
                    continue;
                }
                let status = ask(&api, operation, &things, &with(&good, place, id)).await;
                if !NOT_THERE.contains(&status) {
                    wrong.push(format!("{} with one of {other}: {status}", operation.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

#[tokio::test]
async fn parts_of_another_project_are_no_parts_of_this_one() {
    let api = Described::new().await;
    let (things, foreign) = (api.things().await, api.things().await);
    let mut wrong = Vec::new();
    for operation in &api.operations {
        let good = things.put_into_path(&operation.path);
        for (place, word) in parameters(&operation.path).into_iter().skip(1) {
            if word.starts_with('{') || ["reactions", "members", "watchers"].contains(&word) {
                continue;
            }
            let status = ask(
                &api,
                operation,
                &things,
                &with(&good, place, foreign.id(word)),
            )
            .await;
            if status != 404 {
                wrong.push(format!("{} {word}: {status}", operation.id));
            }
        }
        for (pointer, id) in references(&api, operation, &foreign) {
            let body = api.body(operation, &things, &pointer, &json!(id));
            let answer = api.ask(operation, &things, &body).await;
            let named = answer.body["errors"][0]["pointer"]
                .as_str()
                .unwrap_or_default();
            if answer.status != 422 || !(named == pointer || pointer == format!("{named}/0")) {
                wrong.push(format!(
                    "{} {pointer}: {} {named}",
                    operation.id, answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

/// Places of a body for ids of the project that the path names, and what another project has of that kind.
fn references(api: &Described, operation: &Operation, foreign: &Things) -> Vec<(String, String)> {
    let leaves = operation
        .body
        .iter()
        .flat_map(|body| api.document.leaves(body));
    let of_kind = |name: &str| match (name, operation.path.split('/').nth(1)) {
        // It says where to go to.
        _ if ["transfer_task", "copy_task", "add_dependency"].contains(&operation.id.as_str()) => {
            None
        }
        ("before_id" | "after_id", Some("boards")) if operation.path.ends_with("columns") => {
            Some("columns")
        }
        ("before_id" | "after_id", Some("projects" | "boards")) => Some("boards"),
        ("before_id" | "after_id", Some("columns")) => Some("columns"),
        ("before_id" | "after_id", Some("cards")) => Some("tasks"),
        ("before_id" | "after_id", Some("tasks")) if operation.path.contains("items") => {
            Some("items")
        }
        ("before_id" | "after_id", Some("tasks")) => Some("checklists"),
        ("parent_id", Some("comments")) => Some("comments"),
        ("parent_id", _) if operation.path.ends_with("comments") => Some("comments"),
        ("parent_id", _) => Some("tasks"),
        ("add_label_ids" | "remove_label_ids", _) => None,
        ("column_id" | "label_ids" | "project_id", _) if operation.path != "/views" => {
            word_of(name)
        }
        _ => None,
    };
    let found = leaves.filter_map(|leaf| {
        let list = leaf.pointer.strip_suffix("/0");
        let name = list.unwrap_or(&leaf.pointer).rsplit('/').next()?;
        let of_any = ["/tasks", "/comments", "/webhooks", "/webhooks/{id}"];
        let anywhere = name == "project_id" && of_any.contains(&operation.path.as_str());
        let word = of_kind(name).filter(|_| !anywhere)?;
        Some((leaf.pointer.clone(), foreign.id(word).to_owned()))
    });
    found.collect()
}

#[tokio::test]
async fn what_lies_in_a_closed_project_is_not_there_for_others() {
    let api = Described::new().await;
    let (open, closed) = (api.things().await, api.things().await);
    let close = "update projects set is_public = false where id = $1";
    let id: uuid::Uuid = closed.id("projects").parse().unwrap();
    let close = sqlx::query(close).bind(id).execute(&api.world.database);
    close.await.unwrap();
    let admin = api.world.person(Role::Admin);
    let mut wrong = Vec::new();
    for operation in &api.operations {
        let ids = parameters(&operation.path);
        let Some((_, first)) = ids.first() else {
            continue;
        };
        if OF_ORGANIZATION.contains(first) || forgets(operation) {
            continue;
        }
        let path = closed.put_into_path(&operation.path);
        let body = api.body(operation, &closed, "", &Value::Null);
        let query = Described::query(operation, &closed);
        let answer = api.send(&admin, operation, &path, &query, &body).await;
        if answer.status != 404 {
            wrong.push(format!("{} {path}: {}", operation.id, answer.status));
        }
    }
    // Where a body names it, beside a path that is open.
    for (operation, schema) in api.with_bodies() {
        for leaf in api.document.leaves(schema) {
            let name = leaf
                .pointer
                .trim_end_matches("/0")
                .rsplit('/')
                .next()
                .unwrap();
            let word = match (operation.id.as_str(), name) {
                ("edit_tasks", "id") | ("add_dependency", "other_id") => Some("tasks"),
                _ => word_of(name).filter(|word| !OF_ORGANIZATION.contains(word)),
            };
            let Some(word) = word else { continue };
            let body = api.body(operation, &open, &leaf.pointer, &json!(closed.id(word)));
            let path = open.put_into_path(&operation.path);
            let answer = api.send(&admin, operation, &path, &[], &body).await;
            let of_one = answer.body["items"][0]["status"].as_u64();
            let alone = of_one.is_some_and(|status| [404, 422].contains(&status));
            let refused = alone || NOT_THERE.contains(&answer.status.as_u16());
            // To take away what is not there is no mistake.
            if !refused && name != "remove_label_ids" {
                wrong.push(format!(
                    "{} {}: {}",
                    operation.id, leaf.pointer, answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}
