//! Boards: several of a project, their lanes, and what becomes of tasks when one goes.

use kernel::Role;
use reqwest::Method;
use reqwest::header::IF_MATCH;
use sea_orm::sqlx::{query, query_scalar};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Person, ids, read, text};
use crate::world::{World, eventually, scans};

async fn board(by: &Person, project: &str, body: Value) -> String {
    let made = by.post(&format!("/projects/{project}/boards"), body).await;
    text(&made.expect(201), "id")
}

async fn boards(by: &Person, project: &str) -> Vec<String> {
    ids(&by
        .get(&format!("/projects/{project}/boards"))
        .await
        .expect(200)["items"])
}

async fn columns(by: &Person, board: &str) -> Vec<String> {
    ids(&by
        .get(&format!("/boards/{board}/columns"))
        .await
        .expect(200)["items"])
}

fn names(items: &Value) -> Vec<&str> {
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap_or("-"))
        .collect()
}

#[tokio::test]
async fn project_has_several_boards_in_an_order() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let first = boards(&owner, &project).await.remove(0);
    let last = board(
        &owner,
        &project,
        json!({"name": "Last", "description": "The end"}),
    )
    .await;
    let middle = board(
        &owner,
        &project,
        json!({"name": "Middle", "before_id": last}),
    )
    .await;
    assert_eq!(
        boards(&owner, &project).await,
        [first.clone(), middle.clone(), last.clone()]
    );
    assert_eq!(columns(&owner, &middle).await.len(), 4);
    assert_eq!(
        world.last_event("project.updated").await["changed"],
        json!(["boards"])
    );
    assert_eq!(
        world.last_event("board.created").await,
        json!({"board_id": middle, "project_id": project})
    );

    let path = format!("/boards/{last}");
    let seen = owner.get(&path).await;
    assert_eq!(seen.header("etag"), "\"1\"");
    assert_eq!(seen.expect(200)["description"], "The end");
    let body = json!({"name": "First", "before_id": first, "version": 1});
    let changed = owner.patch(&path, body.clone()).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["version"]),
        (&json!("First"), &json!(2))
    );
    assert_eq!(
        boards(&owner, &project).await,
        [last.clone(), first.clone(), middle.clone()]
    );
    let _ = owner
        .put(&path, body)
        .await
        .expect_problem(409, "stale_version");

    let (other, _) = owner.project("Gemini").await;
    let foreign = boards(&owner, &other).await.remove(0);
    let refused = owner.patch(&path, json!({"after_id": foreign})).await;
    refused.expect_refused(&["/after_id"]);
    let body = json!({"name": "", "before_id": first, "project_id": other});
    let refused = owner
        .post(&format!("/projects/{project}/boards"), body)
        .await;
    refused.expect_refused(&["/project_id", "/name", "/name"]);
    // Two at once behind the last one find places of their own.
    let add = |name: &str| board(&owner, &project, json!({"name": name}));
    let (one, two) = tokio::join!(add("One"), add("Two"));
    let found = boards(&owner, &project).await;
    assert_eq!(found.len(), 5);
    assert!(found[3..].contains(&one) && found[3..].contains(&two));
    let keys = query_scalar::<_, i64>("select count(distinct (project_id, order_key)) from boards");
    assert_eq!(keys.fetch_one(&world.database).await.unwrap(), 6);
    world.end().await;
}

#[tokio::test]
async fn board_with_tasks_goes_when_it_is_said_where_they_go() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns_left) = owner.project("Apollo").await;
    let first = boards(&owner, &project).await.remove(0);
    let refused = owner.delete(&format!("/boards/{first}")).await;
    let _ = refused.expect_problem(409, "last_board");
    let second = board(&owner, &project, json!({"name": "Second"})).await;
    let to = columns(&owner, &second).await;
    let tasks = [
        owner.task(&project, "Fuel").await,
        owner.task(&project, "Crew").await,
    ];
    let trashed = owner.task(&project, "Gone").await;
    owner.delete(&format!("/tasks/{trashed}")).await.expect(204);
    let archived = owner.task(&project, "Old").await;
    let _ = owner
        .post(&format!("/tasks/{archived}/archive"), json!({}))
        .await
        .expect(200);

    let path = format!("/boards/{first}");
    let refused = owner.delete(&path).await;
    let _ = refused.expect_problem(409, "board_not_empty");
    let (other, foreign) = owner.project("Gemini").await;
    assert_ne!(other, project);
    for column in [&columns_left[1], &foreign[0]] {
        let refused = owner.delete(&format!("{path}?move_to={column}")).await;
        refused.expect_refused(&["move_to"]);
    }
    let stale = owner.request(Method::DELETE, &format!("{path}?move_to={}", to[3]));
    read(stale.header(IF_MATCH, "\"9\"")).await.expect(412);
    owner
        .delete(&format!("{path}?move_to={}", to[3]))
        .await
        .expect(204);
    owner.get(&path).await.expect(404);
    assert_eq!(owner.cards(&to[3]).await, tasks);
    let moved = owner.get(&format!("/tasks/{}", tasks[0])).await.expect(200);
    assert_eq!(
        (&moved["status"], &moved["board_id"]),
        (&json!("done"), &json!(second))
    );
    assert!(moved["completed_at"].is_string());
    let events = world.events().await;
    assert_eq!(
        events.iter().filter(|kind| *kind == "task.moved").count(),
        3
    );
    let back = owner
        .post(&format!("/tasks/{trashed}/restore"), json!({}))
        .await;
    assert_eq!(back.expect(200)["board_id"], json!(second));
    world.end().await;
}

#[tokio::test]
async fn of_the_last_two_boards_deleted_at_once_one_stays() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let first = format!("/boards/{}", boards(&owner, &project).await[0]);
    let second = board(&owner, &project, json!({"name": "Second"})).await;
    let second = format!("/boards/{second}");
    let (first, second) = tokio::join!(owner.delete(&first), owner.delete(&second));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(boards(&owner, &project).await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn lanes_show_each_card_where_it_belongs() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let second = world.person(Role::Member);
    for person in [&owner, &second] {
        world.neighbours.know(person.id, Role::Member);
    }
    let (project, columns) = owner.project("Apollo").await;
    let path = format!("/projects/{project}/labels");
    let label = text(
        &owner.post(&path, json!({"name": "bug"})).await.expect(201),
        "id",
    );
    let path = format!("/projects/{project}/tasks");
    for body in [
        json!({"title": "A", "priority": "low", "assignee_ids": [owner.id, second.id]}),
        json!({"title": "B", "priority": "urgent", "label_ids": [label]}),
        json!({"title": "C", "priority": "urgent", "column_id": columns[1]}),
        json!({"title": "D", "priority": "urgent", "assignee_ids": [second.id]}),
    ] {
        let _ = owner.post(&path, body).await.expect(201);
    }
    let board = boards(&owner, &project).await.remove(0);
    let plain = owner
        .get(&format!("/boards/{board}?cards=2"))
        .await
        .expect(200);
    assert!(plain.get("lanes").is_none());
    assert_eq!(
        plain["columns"][0]["cards"]["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(plain["columns"][0]["cards"]["next_cursor"].is_string());
    let seen = owner
        .get(&format!("/boards/{board}?lanes=priority&cards=1"))
        .await;
    let seen = seen.expect(200);
    assert_eq!(seen["columns"][0]["total"], 3);
    assert!(seen["columns"][0].get("cards").is_none());
    let lanes = &seen["lanes"];
    assert_eq!(
        (&lanes[0]["id"], &lanes[0]["total"]),
        (&json!("urgent"), &json!(3))
    );
    assert_eq!(
        (&lanes[1]["id"], &lanes[1]["total"]),
        (&json!("low"), &json!(1))
    );
    let urgent = lanes[0]["columns"].as_array().unwrap();
    let cell = urgent
        .iter()
        .find(|cell| cell["column_id"] == json!(columns[0]))
        .unwrap();
    assert_eq!(
        (&cell["total"], &cell["cards"]["items"][0]["title"]),
        (&json!(2), &json!("B"))
    );
    // The column goes on with what is left of the lane.
    let cursor = text(&cell["cards"], "next_cursor");
    let next = format!(
        "/columns/{}/cards?priority=urgent&cursor={cursor}",
        columns[0]
    );
    let next = owner.get(&next).await.expect(200);
    assert_eq!(next["items"][0]["title"], "D");
    assert_eq!(next["items"].as_array().unwrap().len(), 1);

    let lanes = owner
        .get(&format!("/boards/{board}?lanes=assignee"))
        .await
        .expect(200)["lanes"]
        .clone();
    assert_eq!(lanes.as_array().unwrap().len(), 3);
    let of_second = lanes
        .as_array()
        .unwrap()
        .iter()
        .find(|lane| lane["id"] == json!(second.id))
        .unwrap();
    assert_eq!(
        (&of_second["total"], &of_second["name"]),
        (&json!(2), &json!("Grace"))
    );
    assert_eq!(
        (&lanes[2]["id"], &lanes[2]["total"]),
        (&Value::Null, &json!(2))
    );
    let lanes = owner
        .get(&format!("/boards/{board}?lanes=label"))
        .await
        .expect(200)["lanes"]
        .clone();
    assert_eq!(names(&lanes), ["bug", "-"]);
    for (filter, count) in [
        (format!("label={label}"), 1),
        ("label=none".to_owned(), 2),
        (format!("assignee={}", second.id), 2),
        ("assignee=none&priority=urgent".to_owned(), 1),
    ] {
        let page = owner
            .get(&format!("/columns/{}/cards?{filter}", columns[0]))
            .await
            .expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{filter}");
    }
    for bad in ["lanes=mood", "cards=51", "cards=-1", "lane=label"] {
        owner
            .get(&format!("/boards/{board}?{bad}"))
            .await
            .expect(422);
    }
    world.end().await;
}

#[tokio::test]
async fn columns_are_moved_by_position_and_block_at_their_limit() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let board = boards(&owner, &project).await.remove(0);
    let path = format!("/columns/{}/position", columns[3]);
    let _ = owner.put(&path, json!({"position": 1})).await.expect(200);
    let order = |places: [usize; 4]| places.map(|place| columns[place].clone());
    assert_eq!(self::columns(&owner, &board).await, order([0, 3, 1, 2]));
    let _ = owner
        .put(&path, json!({"before_id": columns[0]}))
        .await
        .expect(200);
    assert_eq!(self::columns(&owner, &board).await, order([3, 0, 1, 2]));
    let _ = owner.put(&path, json!({})).await.expect(200);
    assert_eq!(self::columns(&owner, &board).await, order([0, 1, 2, 3]));
    owner
        .put(&path, json!({"before_id": columns[3]}))
        .await
        .expect_refused(&["/before_id"]);
    let twice = json!({"before_id": columns[0], "position": 0});
    owner.put(&path, twice).await.expect_refused(&[""]);

    let body = json!({"wip_limit": 1, "limit_blocks": true, "version": 1});
    let changed = owner
        .put(&format!("/columns/{}", columns[1]), body)
        .await
        .expect(200);
    assert_eq!(
        (&changed["limit_blocks"], &changed["done"]),
        (&json!(true), &json!(false))
    );
    let (first, second) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let to = json!({"column_id": columns[1]});
    let _ = owner
        .put(&format!("/cards/{first}/move"), to.clone())
        .await
        .expect(200);
    let refused = owner.put(&format!("/cards/{second}/move"), to).await;
    let _ = refused.expect_problem(409, "wip_limit_reached");
    let seen = owner.get(&format!("/boards/{board}")).await.expect(200);
    assert_eq!(seen["columns"][3]["done"], true);
    world.end().await;
}

/// 250 columns, and 4,000 tasks dealt to them, each with a person.
const LARGE: &str = "
    with made as (
        insert into columns (id, board_id, name, category, order_key)
        select gen_random_uuid(), $1, 'Column ' || n, 'todo', '80' || lpad(to_hex(n), 4, '0') || '80'
        from generate_series(1, 246) n returning id
    ), places as (
        select id, row_number() over () - 1 as place from (
            select id from made union all select id from columns where board_id = $1) all_of_them
    ), tasks_made as (
        insert into tasks (id, project_id, board_id, column_id, number, title, status, priority, order_key, created_by)
        select gen_random_uuid(), b.project_id, b.id, places.id, n, 'Look at what the sensors of stage ' || n || ' say', 'todo',
            'medium', '80' || lpad(to_hex(n), 6, '0') || '80', (select id from people limit 1)
        from generate_series(1, 4000) n join boards b on b.id = $1 join places on places.place = n % 250
        returning id
    )
    insert into task_assignees (task_id, user_id) select id, (select id from people limit 1) from tasks_made";

#[tokio::test]
async fn board_of_4000_tasks_in_250_columns_is_read_whole_and_by_index() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let mut made = Vec::new();
    for name in ["Apollo", "Gemini", "Mercury"] {
        let (project, _) = owner.project(name).await;
        made.push(boards(&owner, &project).await.remove(0));
    }
    let mut connection = world.database.acquire().await.unwrap();
    // The tasks refer to columns of the same statement, which their keys cannot see before its end.
    for sql in ["set session_replication_role = replica", "analyze"] {
        query(sql).execute(&mut *connection).await.unwrap();
    }
    for board in &made {
        let fill = query(LARGE).bind(board.parse::<Uuid>().unwrap());
        fill.execute(&mut *connection).await.unwrap();
    }
    query("analyze").execute(&mut *connection).await.unwrap();
    drop(connection);
    let board = &made[0];
    let before = scans(&world, "tasks").await;
    let seen = owner.get(&format!("/boards/{board}")).await.expect(200);
    assert_eq!(counted(&seen), (250, 4_000));
    eventually("scans are counted", async || {
        scans(&world, "tasks").await.1 > before.1
    })
    .await;
    assert_eq!(scans(&world, "tasks").await.0, before.0, "read as a whole");
    let lanes = format!("/boards/{board}?lanes=assignee&cards=5");
    let seen = owner.get(&lanes).await.expect(200);
    assert_eq!(counted(&seen), (250, 4_000));
    assert_eq!(seen["lanes"][0]["total"], 4_000);
    world.end().await;
}

/// How many columns a board shows, and how many cards they have in all.
fn counted(board: &Value) -> (usize, i64) {
    let columns = board["columns"].as_array().unwrap();
    let totals = columns.iter().map(|one| one["total"].as_i64().unwrap());
    (columns.len(), totals.sum())
}
