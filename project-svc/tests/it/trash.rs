//! What is put away, deleted, brought back, and gone for good.

use kernel::Role;
use sea_orm::sqlx::{query, query_scalar};
use serde_json::{Value, json};

use crate::client::{ids, text};
use crate::world::World;

#[tokio::test]
async fn archived_task_is_off_its_board_and_still_there() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (first, second) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let path = format!("/tasks/{first}");
    let away = owner
        .post(&format!("{path}/archive"), Value::Null)
        .await
        .expect(200);
    assert_eq!(away["version"], 2);
    let again = owner
        .post(&format!("{path}/archive"), Value::Null)
        .await
        .expect(200);
    assert_eq!(again["version"], 2, "nothing is different");
    assert_eq!(
        owner.cards(&columns[0]).await,
        std::slice::from_ref(&second)
    );
    for list in [format!("/projects/{project}/tasks"), "/tasks".to_owned()] {
        assert_eq!(
            ids(&owner.get(&list).await.expect(200)["items"]),
            std::slice::from_ref(&second)
        );
    }
    let board = format!("/boards/{}", text(&away, "board_id"));
    let board = owner.get(&board).await.expect(200);
    assert_eq!(board["columns"][0]["total"], 1);
    assert_eq!(
        ids(&board["columns"][0]["cards"]["items"]),
        std::slice::from_ref(&second)
    );
    assert_ne!(
        owner.get(&path).await.expect(200)["archived_at"],
        Value::Null
    );
    let back = owner
        .post(&format!("{path}/unarchive"), Value::Null)
        .await
        .expect(200);
    assert_eq!(back["archived_at"], Value::Null);
    assert_eq!(owner.cards(&columns[0]).await, [first, second]);
    let events = world.events().await;
    let told: Vec<_> = events
        .iter()
        .filter(|kind| kind.contains("archived"))
        .collect();
    assert_eq!(told, ["task.archived", "task.unarchived"]);
    world.end().await;
}

#[tokio::test]
async fn deleted_task_comes_back_with_what_was_below_it() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, columns) = owner.project("Apollo").await;
    let root = owner.task(&project, "Launch").await;
    let path = format!("/tasks/{root}/subtasks");
    let child = text(
        &owner
            .post(&path, json!({"title": "Fuel"}))
            .await
            .expect(201),
        "id",
    );
    let gone = text(
        &owner.post(&path, json!({"title": "Old"})).await.expect(201),
        "id",
    );
    let _ = owner.delete(&format!("/tasks/{gone}")).await.expect(204);
    let _ = owner.delete(&format!("/tasks/{root}")).await.expect(204);
    let _ = owner.get(&format!("/tasks/{child}")).await.expect(404);
    assert_eq!(owner.cards(&columns[0]).await, Vec::<String>::new());

    let trash = format!("/projects/{project}/trash");
    let list = owner.get(&trash).await.expect(200);
    assert_eq!(
        ids(&list["items"]),
        [root.clone(), gone.clone()],
        "not what went with its parent"
    );
    assert_eq!(list["items"][0]["deleted_by"], json!(owner.id));
    let page = owner.get(&format!("{trash}?limit=1")).await.expect(200);
    let next = format!("{trash}?limit=1&cursor={}", text(&page, "next_cursor"));
    assert_eq!(
        ids(&owner.get(&next).await.expect(200)["items"]),
        std::slice::from_ref(&gone)
    );
    let _ = member.get(&trash).await.expect(403);
    let restore = format!("/tasks/{root}/restore");
    let _ = member.post(&restore, Value::Null).await.expect(403);

    // The column goes meanwhile: the task lies in another one, and stands where that one says.
    let _ = owner
        .delete(&format!("/columns/{}", columns[0]))
        .await
        .expect(204);
    let back = owner.post(&restore, Value::Null).await.expect(200);
    assert_eq!(
        (&back["status"], &back["column_id"]),
        (&json!("in_progress"), &json!(columns[1]))
    );
    assert_eq!(back["subtasks"], json!({"total": 1, "done": 0}));
    assert_eq!(
        owner.get(&format!("/tasks/{child}")).await.expect(200)["parent_id"],
        json!(root)
    );
    let _ = owner.post(&restore, Value::Null).await.expect(404);
    let _ = owner.get(&format!("/tasks/{gone}")).await.expect(404);
    let told = world.events().await;
    assert_eq!(
        told.iter().filter(|kind| *kind == "task.deleted").count(),
        3
    );
    assert_eq!(
        told.iter().filter(|kind| *kind == "task.restored").count(),
        2
    );

    // What comes back alone stands alone.
    let _ = owner.delete(&format!("/tasks/{root}")).await.expect(204);
    let alone = owner
        .post(&format!("/tasks/{child}/restore"), Value::Null)
        .await
        .expect(200);
    assert_eq!(alone["parent_id"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn trash_is_emptied_after_thirty_days() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (old, young) = (
        owner.task(&project, "Old").await,
        owner.task(&project, "Young").await,
    );
    let path = format!("/tasks/{old}/subtasks");
    let child = text(
        &owner
            .post(&path, json!({"title": "Part"}))
            .await
            .expect(201),
        "id",
    );
    let (lists, comments) = (
        format!("/tasks/{child}/checklists"),
        format!("/tasks/{child}/comments"),
    );
    let _ = owner
        .post(&lists, json!({"name": "List"}))
        .await
        .expect(201);
    let _ = owner
        .post(&comments, json!({"body": "Hello"}))
        .await
        .expect(201);
    let other = owner
        .post(
            &format!("/tasks/{young}/dependencies"),
            json!({"other_id": child}),
        )
        .await;
    let _ = other.expect(201);
    for task in [&old, &young] {
        let _ = owner.delete(&format!("/tasks/{task}")).await.expect(204);
    }
    let age =
        "update tasks set deleted_at = deleted_at - interval '31 days' where title <> 'Young'";
    let _ = query(age).execute(&world.database).await.unwrap();
    project_svc::jobs::housekeeping::sweep(&world.state).await;
    let left: Vec<String> = query_scalar("select title from tasks")
        .fetch_all(&world.database)
        .await
        .unwrap();
    assert_eq!(left, ["Young"]);
    let _ = owner
        .post(&format!("/tasks/{old}/restore"), Value::Null)
        .await
        .expect(404);
    let _ = owner
        .post(&format!("/tasks/{young}/restore"), Value::Null)
        .await
        .expect(200);
    world.end().await;
}
