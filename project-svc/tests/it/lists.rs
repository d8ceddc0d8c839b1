//! Pages, filters and counts.

use kernel::Role;
use serde_json::json;

use crate::client::{Person, ids, text};
use crate::world::World;

async fn all_pages(person: &Person, path: &str, mut between: impl AsyncFnMut()) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = person
            .get(&format!("{path}limit=3{cursor}"))
            .await
            .expect(200);
        found.extend(ids(&page["items"]));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
        between().await;
    }
}

#[tokio::test]
async fn pages_show_each_row_once_while_rows_are_inserted() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let mut tasks = Vec::new();
    for turn in 0..8 {
        tasks.push(owner.task(&project, &format!("Task {turn}")).await);
    }
    let top = async || {
        let new = owner.task(&project, "Late").await;
        let to = json!({"column_id": columns[0], "position": 0});
        owner
            .put(&format!("/cards/{new}/move"), to)
            .await
            .expect(200);
    };
    let cards = all_pages(&owner, &format!("/columns/{}/cards?", columns[0]), top).await;
    assert_eq!(cards, tasks);
    let newest = all_pages(&owner, &format!("/projects/{project}/tasks?"), top).await;
    let old: Vec<_> = newest
        .iter()
        .filter(|id| tasks.contains(id))
        .rev()
        .cloned()
        .collect();
    assert_eq!(old, tasks);
    assert_eq!(newest.len(), 10, "newer rows come before the first page");
    let projects = async || {
        owner.project("Late").await;
    };
    for name in ["A", "B", "C", "D"] {
        owner.project(name).await;
    }
    assert_eq!(all_pages(&owner, "/projects?", projects).await.len(), 5);

    let path = format!("/tasks/{}/comments", tasks[0]);
    let mut comments = Vec::new();
    for turn in 0..7 {
        let comment = owner
            .post(&path, json!({"body": format!("Comment {turn}")}))
            .await;
        comments.push(text(&comment.expect(201), "id"));
    }
    assert_eq!(
        all_pages(&owner, &format!("{path}?"), async || ()).await,
        comments
    );
    world.end().await;
}

#[tokio::test]
async fn board_shows_the_first_cards_of_each_column_and_counts_all() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let first = owner.task(&project, "First").await;
    for turn in 0..52 {
        owner.task(&project, &format!("Task {turn}")).await;
    }
    owner
        .put(
            &format!("/tasks/{first}/status"),
            json!({"status": "review"}),
        )
        .await
        .expect(200);
    owner
        .put(
            &format!("/tasks/{first}/assign"),
            json!({"assignee_ids": [owner.id]}),
        )
        .await
        .expect(200);
    let task = owner.get(&format!("/tasks/{first}")).await.expect(200);
    let board = owner
        .get(&format!("/boards/{}", text(&task, "board_id")))
        .await
        .expect(200);
    let shown = |index: usize| &board["columns"][index];
    assert_eq!(
        (&shown(0)["total"], &shown(2)["total"]),
        (&json!(52), &json!(1))
    );
    assert_eq!(shown(0)["cards"]["items"].as_array().unwrap().len(), 50);
    assert_eq!(
        shown(2)["cards"]["items"][0]["assignee_ids"],
        json!([owner.id])
    );
    assert_eq!(shown(2)["cards"]["next_cursor"], json!(null));
    assert_eq!(shown(3)["cards"]["items"], json!([]));
    let cursor = shown(0)["cards"]["next_cursor"].as_str().unwrap();
    let rest = owner
        .get(&format!("/columns/{}/cards?cursor={cursor}", columns[0]))
        .await
        .expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    world.end().await;
}

#[tokio::test]
async fn tasks_are_filtered_by_person_status_and_project() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (apollo, _) = owner.project("Apollo").await;
    let (gemini, _) = owner.project("Gemini").await;
    let (mine, done) = (
        member.task(&apollo, "Mine").await,
        member.task(&gemini, "Done").await,
    );
    owner.task(&apollo, "Nobody's").await;
    for task in [&mine, &done] {
        let people = json!({"assignee_ids": [member.id]});
        owner
            .put(&format!("/tasks/{task}/assign"), people)
            .await
            .expect(200);
    }
    owner
        .put(&format!("/tasks/{done}/status"), json!({"status": "done"}))
        .await
        .expect(200);
    let list =
        async |query: &str| ids(&member.get(&format!("/tasks{query}")).await.expect(200)["items"]);
    assert_eq!(list("").await.len(), 3);
    assert_eq!(list("?assignee=me").await, [&*done, &*mine]);
    assert_eq!(
        list(&format!("?assignee={}&status=done", member.id)).await,
        [&*done]
    );
    assert_eq!(
        list(&format!("?assignee=me&project_id={apollo}")).await,
        [&*mine]
    );
    assert_eq!(list(&format!("?assignee={}", owner.id)).await.len(), 0);
    world.end().await;
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    for (query, pointer) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=nope", "cursor"),
        ("status=open", "status"),
        ("assignee=you", "assignee"),
        ("sort=password_hash", "sort"),
        ("status=todo&status=done", "status"),
    ] {
        owner
            .get(&format!("/tasks?{query}"))
            .await
            .expect_refused(&[pointer]);
    }
    world.end().await;
}
