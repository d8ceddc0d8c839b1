//! The filter language on task lists: what passes, in which order, page by page.

use kernel::Role;
use sea_orm::sqlx;
use serde_json::json;

use crate::client::{Person, ids, text};
use crate::world::World;

/// A query parameter in the form it has in an address.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn titles(person: &Person, filter: &str) -> Vec<String> {
    let path = format!("/tasks?filter={}", encoded(filter));
    let page = person.get(&path).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| text(item, "title")).collect()
}

#[tokio::test]
async fn each_field_finds_its_tasks() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (apollo, columns) = owner.project("Apollo").await;
    let (gemini, _) = owner.project("Gemini").await;
    let engine = json!({"title": "Engine", "description": "Runs on kerosene", "priority": "urgent", "due_date": "2020-01-01"});
    let engine = owner
        .post(&format!("/projects/{apollo}/tasks"), engine)
        .await
        .expect(201);
    let (engine_id, key) = (text(&engine, "id"), text(&engine, "key"));
    let panel = member.task(&apollo, "Panel").await;
    let done = json!({"title": "Done", "column_id": columns[3], "priority": "low"});
    owner
        .post(&format!("/projects/{apollo}/tasks"), done)
        .await
        .expect(201);
    let other = owner.task(&gemini, "Other").await;
    let people = json!({"assignee_ids": [member.id]});
    owner
        .put(&format!("/tasks/{panel}/assign"), people)
        .await
        .expect(200);
    for (sql, id) in [
        ("insert into labels (id, project_id, name) select gen_random_uuid(), project_id, 'Bug' from tasks where id = $1::uuid", &engine_id),
        ("insert into task_labels select id, l from tasks, (select id as l from labels) l where id = $1::uuid", &engine_id),
        ("insert into task_watchers select $1::uuid, created_by from tasks where id = $1::uuid", &panel),
        ("update tasks set parent_id = (select id from tasks where title = 'Engine') where id = $1::uuid", &panel),
        ("update tasks set archived_at = now() where id = $1::uuid", &other),
        ("insert into custom_fields (id, project_id, key, name, kind, order_key) select gen_random_uuid(), project_id, k, k, kind, 'a'
          from tasks, (values ('severity', 'select'), ('points', 'number'), ('ship', 'date'), ('cost', 'currency'), ('areas', 'multi_select'), ('note', 'text')) f (k, kind) where id = $1::uuid", &engine_id),
        ("update tasks set fields = (select jsonb_object_agg(f.id, v.value) from custom_fields f join
          (values ('severity', '\"high\"'::jsonb), ('points', '5'), ('ship', '\"2026-05-01\"'), ('cost', '\"12.50\"'), ('areas', '[\"hull\", \"tank\"]'), ('note', '\"50% done\"')) v (key, value) on v.key = f.key)
          where id = $1::uuid", &engine_id),
        ("insert into task_dependencies (id, task_id, other_id, kind, created_by) select gen_random_uuid(), id,
          (select id from tasks where title = 'Engine'), 'finish_to_start', created_by from tasks where id = $1::uuid", &panel),
    ] {
        sqlx::query(sql).bind(id).execute(&world.database).await.unwrap();
    }

    for (filter, expected) in [
        ("", &["Done", "Panel", "Engine"][..]),
        ("assignee:me", &["Panel"]),
        ("-assignee:me status:todo", &["Engine"]),
        ("assignee:none", &["Done", "Engine"]),
        ("creator:me", &["Panel"]),
        ("watcher:me", &["Panel"]),
        ("is:watched", &["Panel"]),
        ("status:done,review", &["Done"]),
        ("priority:>=high", &["Engine"]),
        ("priority:<medium OR assignee:me", &["Done", "Panel"]),
        ("due:<today", &["Engine"]),
        ("due:none", &["Done", "Panel"]),
        ("-due:<today", &["Done", "Panel"]),
        ("is:overdue", &["Engine"]),
        ("is:closed", &["Done"]),
        ("is:open is:unassigned", &["Engine"]),
        ("created:today", &["Done", "Panel", "Engine"]),
        ("created:<-1d", &[]),
        ("completed:>=today", &["Done"]),
        ("label:bug", &["Engine"]),
        ("label:none status:todo", &["Panel"]),
        (&format!("key:{key}"), &["Engine"]),
        (&format!("parent:{key}"), &["Panel"]),
        ("parent:none", &["Done", "Engine"]),
        ("column:\"To do\"", &["Panel", "Engine"]),
        ("is:archived", &["Other"]),
        ("is:blocked", &["Panel"]),
        ("field.severity:high", &["Engine"]),
        ("field.severity:low", &[]),
        ("field.severity:none", &["Done", "Panel"]),
        ("field.points:5", &["Engine"]),
        ("field.points:>4", &["Engine"]),
        ("field.points:>5", &[]),
        ("field.ship:<2026-06-01", &["Engine"]),
        ("field.cost:<=12.5", &["Engine"]),
        ("field.areas:tank", &["Engine"]),
        ("field.note:50%", &["Engine"]),
        ("field.note:5%e", &[]),
        ("kero", &["Engine"]),
        ("kerosene pan", &[]),
        ("\"on kerosene\" OR pan", &["Panel", "Engine"]),
        ("\"on kero\"", &[]),
        ("sort:title", &["Done", "Engine", "Panel"]),
        ("sort:-priority,title is:open", &["Engine", "Panel"]),
    ] {
        assert_eq!(titles(&member, filter).await, expected, "{filter}");
    }
    assert_eq!(titles(&member, "project:none").await.len(), 0);
    let of_key = format!("project:{}", key.split_once('-').unwrap().0);
    assert_eq!(titles(&member, &of_key).await.len(), 3);
    world.end().await;
}

#[tokio::test]
async fn mistakes_are_told_with_their_place() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    for (filter, offset) in [("日本 foo:x", 3), ("field.nope:1", 0), ("due:<7", 5)] {
        for path in ["/tasks".to_owned(), format!("/projects/{project}/tasks")] {
            let answer = owner
                .get(&format!("{path}?filter={}", encoded(filter)))
                .await;
            let body = answer.expect_problem(422, "invalid_filter");
            assert_eq!(body["errors"][0]["pointer"], "filter");
            assert_eq!(body["errors"][0]["offset"], offset, "{filter}");
        }
    }
    for (query, pointer) in [
        ("sort=password_hash", "sort"),
        ("sort=due&filter=sort:title", "sort"),
        ("sort=", "sort"),
    ] {
        owner
            .get(&format!("/tasks?{query}"))
            .await
            .expect_refused(&[pointer]);
    }
    world.end().await;
}

#[tokio::test]
async fn fields_of_hidden_projects_are_not_known() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Secret").await;
    owner.task(&project, "Hidden").await;
    for sql in [
        "insert into custom_fields (id, project_id, key, name, kind, order_key) select gen_random_uuid(), id, 'severity', 'S', 'text', 'a' from projects where id = $1::uuid",
        "update projects set is_public = false where id = $1::uuid",
    ] {
        sqlx::query(sql)
            .bind(&project)
            .execute(&world.database)
            .await
            .unwrap();
    }
    assert_eq!(titles(&owner, "field.severity:none").await, ["Hidden"]);
    member
        .get("/tasks?filter=field.severity:none")
        .await
        .expect_problem(422, "invalid_filter");
    assert_eq!(
        titles(&member, "hidden OR project:sec OR is:open")
            .await
            .len(),
        0
    );
    world.end().await;
}

#[tokio::test]
async fn every_order_pages_through_all_tasks_once() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    for turn in 0..9 {
        let body = json!({
            "title": format!("Task {}", turn % 2),
            "priority": (["low", "urgent", "medium"][turn % 3]),
            "due_date": (turn % 3 > 0).then(|| format!("2026-03-0{}", turn % 4 + 1)),
            "column_id": (columns[turn % 4]),
        });
        owner
            .post(&format!("/projects/{project}/tasks"), body)
            .await
            .expect(201);
    }
    for order in [
        "created",
        "-created",
        "updated",
        "-updated",
        "completed",
        "-completed",
        "due",
        "-due",
        "start",
        "-start",
        "priority",
        "-priority",
        "status",
        "-status",
        "title",
        "-title",
        "key",
        "-key",
        "-due,priority",
        "title,-due,status",
    ] {
        let all = owner.get(&format!("/tasks?sort={order}")).await.expect(200);
        let all = ids(&all["items"]);
        assert_eq!(all.len(), 9, "{order}");
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner
                .get(&format!("/tasks?limit=2&sort={order}{cursor}"))
                .await
                .expect(200);
            found.extend(ids(&page["items"]));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
            let other = owner.get(&format!("/tasks?sort=key,start{cursor}")).await;
            other.expect_refused(&["cursor"]);
        }
        assert_eq!(found, all, "{order}");
    }
    let due = owner.get("/tasks?sort=-due").await.expect(200);
    assert_eq!(
        (&due["items"][0]["due_date"], &due["items"][8]["due_date"]),
        (&json!("2026-03-04"), &json!(null))
    );
    let pressing = owner.get("/tasks?sort=-priority").await.expect(200);
    assert_eq!(pressing["items"][0]["priority"], "urgent");
    world.end().await;
}
