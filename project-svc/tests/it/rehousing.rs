//! Boards that are deleted with many tasks on them.

use kernel::Role;
use sea_orm::sqlx::{query, query_scalar};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Person, ids, text};
use crate::world::World;

/// Tasks dealt to the columns of a board in turn, some of them archived.
const FILL: &str = "
    insert into tasks (id, project_id, board_id, column_id, number, title, status, priority, order_key, created_by, archived_at)
    select gen_random_uuid(), b.project_id, b.id, c.id, 1000 + n, 'Task ' || n, c.category, 'medium',
        '80' || lpad(to_hex(n), 6, '0') || '80', (select id from people limit 1), case when n % 50 = 0 then now() end
    from boards b join (
        select id, board_id, category, row_number() over (order by order_key) - 1 as place from columns
        where board_id = $1) c on c.board_id = b.id
    join generate_series(1, $2) n on n % 4 = c.place
    where b.id = $1";

async fn fill(world: &World, board: &str, count: i32) {
    let fill = query(FILL).bind(board.parse::<Uuid>().unwrap());
    fill.bind(count).execute(&world.database).await.unwrap();
}

/// The first board of a project, and another one with its columns.
async fn two_boards(owner: &Person, project: &str) -> (String, String, Vec<String>) {
    let path = format!("/projects/{project}/boards");
    let first = ids(&owner.get(&path).await.expect(200)["items"]).remove(0);
    let second = owner.post(&path, json!({"name": "Second"})).await;
    let second = text(&second.expect(201), "id");
    let columns = owner.get(&format!("/boards/{second}/columns")).await;
    (first, second, ids(&columns.expect(200)["items"]))
}

async fn count(world: &World, sql: &'static str) -> i64 {
    query_scalar(sql).fetch_one(&world.database).await.unwrap()
}

#[tokio::test]
async fn thousands_of_tasks_go_at_once_in_their_order() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (first, second, to) = two_boards(&owner, &project).await;
    let there = json!({"title": "There before", "column_id": to[3]});
    let there = owner
        .post(&format!("/projects/{project}/tasks"), there)
        .await;
    let _ = there.expect(201);
    fill(&world, &first, 2_000).await;

    let path = format!("/boards/{first}?move_to={}", to[3]);
    owner.delete(&path).await.expect(204);
    let titles: Vec<String> =
        query_scalar("select title from tasks where column_id = $1 order by order_key, id")
            .bind(to[3].parse::<Uuid>().unwrap())
            .fetch_all(&world.database)
            .await
            .unwrap();
    // Column by column, and in each from top to bottom.
    let expected = (0..4).flat_map(|place| (1..=2_000).filter(move |n| n % 4 == place));
    let expected = expected.map(|n| format!("Task {n}"));
    let expected: Vec<String> = std::iter::once("There before".to_owned())
        .chain(expected)
        .collect();
    assert_eq!(titles, expected);
    let wrong = "select count(*) from tasks where title like 'Task %'
        and (status <> 'done' or completed_at is null or version <> 2)";
    assert_eq!(count(&world, wrong).await, 0);
    let seen = owner.get(&format!("/boards/{second}")).await.expect(200);
    assert_eq!(seen["columns"][3]["total"], 2_001 - 2_000 / 50);

    // Each of them is told of as if it had been moved alone.
    let moved = "select count(*) from outbox where type = 'task.moved'";
    assert_eq!(count(&world, moved).await, 2_000);
    let changed = "select count(*) from outbox where type = 'task.status_changed'";
    assert_eq!(count(&world, changed).await, 1_500);
    let noted = "select count(*) from activities where kind = 'task.moved'";
    assert_eq!(count(&world, noted).await, 2_000);
    let one = query_scalar::<_, Uuid>("select id from tasks where title = 'Task 1'");
    let one = one.fetch_one(&world.database).await.unwrap();
    let history = owner
        .get(&format!("/tasks/{one}/history"))
        .await
        .expect(200);
    assert_eq!(
        history["items"][0]["changes"]["status"],
        json!({"from": "in_progress", "to": "done"})
    );
    assert_eq!(
        history["items"][0]["changes"]["board_id"]["from"],
        json!(first)
    );
    world.end().await;
}

#[tokio::test]
async fn what_does_not_fit_stays_whole_where_it_is() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (first, _, to) = two_boards(&owner, &project).await;
    fill(&world, &first, 100).await;
    // 98 of them are seen on the board.
    let column = format!("/columns/{}", to[0]);
    let limit = |cards: i32| json!({"wip_limit": cards, "limit_blocks": true});
    let _ = owner.patch(&column, limit(97)).await.expect(200);
    let path = format!("/boards/{first}?move_to={}", to[0]);
    let full = owner.delete(&path).await;
    let _ = full.expect_problem(409, "wip_limit_reached");
    let elsewhere = "select count(*) from tasks where version <> 1";
    assert_eq!(count(&world, elsewhere).await, 0);
    let _ = owner.patch(&column, limit(98)).await.expect(200);
    owner.delete(&path).await.expect(204);
    world.end().await;
}

#[tokio::test]
async fn more_than_5000_are_too_many() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (first, _, to) = two_boards(&owner, &project).await;
    fill(&world, &first, 5_001).await;
    let path = format!("/boards/{first}?move_to={}", to[0]);
    let refused = owner.delete(&path).await;
    let refused = refused.expect_problem(409, "too_many_tasks");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("5001") && detail.contains("5000"),
        "{detail}"
    );
    let one = query("delete from tasks where title = 'Task 1'");
    one.execute(&world.database).await.unwrap();
    owner.delete(&path).await.expect(204);
    assert_eq!(
        owner.get(&format!("/boards/{first}")).await.body["status"],
        Value::from(404)
    );
    world.end().await;
}
