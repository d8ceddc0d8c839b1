//! Search: what is found, how it is ranked and marked, and for whom.

use kernel::Role;
use sea_orm::sqlx;
use serde_json::{Value, json};

use crate::client::{Person, text};
use crate::filter::encoded;
use crate::world::World;

async fn hits(person: &Person, query: &str, more: &str) -> Vec<Value> {
    let path = format!("/search?q={}{more}", encoded(query));
    let page = person.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Texts with what was found in brackets.
fn marked(parts: &Value) -> String {
    let parts = parts.as_array().unwrap().iter();
    let mark = |part: &Value| match part["hit"].as_bool().unwrap() {
        true => format!("[{}]", text(part, "text")),
        false => text(part, "text"),
    };
    parts.map(mark).collect()
}

async fn titles(person: &Person, query: &str) -> Vec<String> {
    let hits = hits(person, query, "").await;
    hits.iter().map(|hit| marked(&hit["title"])).collect()
}

#[tokio::test]
async fn words_are_found_in_any_script() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Rocket works").await;
    for title in [
        "Check the café-machine",
        "紧急修理发动机",
        "إصلاح المحرك",
        "Починить двигатель",
        "ロケットを打ち上げる",
        "แก้ไขเครื่องยนต์",
        "Launch 🚀 party",
        "see example.com/path?x=1",
    ] {
        owner.task(&project, title).await;
    }
    for (query, expected) in [
        ("mach", "Check the café-[mach]ine"),
        ("cafe", "Check the café-machine"),
        ("CAFÉ-MACHINE", "Check the [café]-[machine]"),
        ("修理", "紧急[修理]发动机"),
        ("المحرك", "إصلاح [المحرك]"),
        ("ДВИГ", "Починить [двиг]атель"),
        ("打ち上げ", "ロケットを[打ち上げ]る"),
        ("เครื่อง", "แก้ไข[เครื่อง]ยนต์"),
        ("🚀", "Launch [🚀] party"),
        ("path", "see example.com/[path]?x=1"),
        ("\"launch 🚀\"", "[Launch] [🚀] party"),
        ("rocket", "[Rocket] works"),
    ] {
        assert_eq!(titles(&owner, query).await, [expected], "{query}");
    }
    for query in [
        "理修",
        "\"party launch\"",
        "zzzzzz",
        "!!",
        "%",
        "'); drop table tasks; --",
    ] {
        assert_eq!(titles(&owner, query).await.len(), 0, "{query}");
    }
    world.end().await;
}

#[tokio::test]
async fn typing_mistakes_find_what_comes_near() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    owner.task(&project, "Rocket engine").await;
    owner.task(&project, "Solar panel").await;
    for query in ["rokcet", "enigne", "rocet engin", "Rockett"] {
        let found = hits(&owner, query, "").await;
        assert_eq!(found.len(), 1, "{query}");
        let title = marked(&found[0]["title"]).replace(['[', ']'], "");
        assert_eq!(
            (title.as_str(), &found[0]["similar"]),
            ("Rocket engine", &json!(true))
        );
    }
    assert_eq!(hits(&owner, "\"rokcet\"", "").await.len(), 0);
    assert_eq!(hits(&owner, "rocket", "").await[0]["similar"], false);
    world.end().await;
}

#[tokio::test]
async fn titles_count_more_and_keys_come_first() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let named = owner
        .post(
            &format!("/projects/{project}/tasks"),
            json!({"title": "First"}),
        )
        .await
        .expect(201);
    let (named, key) = (text(&named, "id"), text(&named, "key"));
    let deep = json!({"title": "Deep", "description": format!("{}turbine{}", "a ".repeat(500), " b".repeat(500))});
    owner
        .post(&format!("/projects/{project}/tasks"), deep)
        .await
        .expect(201);
    owner.task(&project, "Turbine").await;
    owner.task(&project, &format!("After {key} is done")).await;
    let comment = json!({"body": "The turbine is loud"});
    owner
        .post(&format!("/tasks/{named}/comments"), comment)
        .await
        .expect(201);

    let found = hits(&owner, "turbine", "").await;
    let order: Vec<String> = found.iter().map(|hit| marked(&hit["title"])).collect();
    assert_eq!(order[0], "[Turbine]");
    assert_eq!(order.len(), 3);
    let comment = found.iter().find(|hit| hit["kind"] == "comment").unwrap();
    assert_eq!(
        (&comment["task_id"], &comment["key"]),
        (&json!(named), &json!(key))
    );
    assert_eq!(marked(&comment["excerpt"]), "The [turbine] is loud");
    let deep = found
        .iter()
        .find(|hit| hit["title"][0]["text"] == "Deep")
        .unwrap();
    assert!(
        marked(&deep["excerpt"]).contains(" a [turbine] b "),
        "{deep}"
    );
    assert!(deep["excerpt"].to_string().len() < 600);
    assert_eq!(hits(&owner, "turbine", "&kind=comment").await.len(), 1);
    assert_eq!(
        hits(&owner, "turbine", "&kind=project,comment").await.len(),
        1
    );
    let with_filter = format!("&filter={}", encoded(&format!("key:{key}")));
    assert_eq!(hits(&owner, "turbine", &with_filter).await.len(), 1);

    let by_key = titles(&owner, &key.to_lowercase()).await;
    assert_eq!(by_key[0], "First");
    assert_eq!(by_key.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn what_changes_is_found_as_it_is_now() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Before").await;
    let path = format!("/tasks/{task}");
    let comment = owner
        .post(&format!("{path}/comments"), json!({"body": "Remark"}))
        .await
        .expect(201);
    owner
        .patch(&path, json!({"title": "Afterwards"}))
        .await
        .expect(200);
    owner
        .patch(
            &format!("/projects/{project}"),
            json!({"description": "Moonshot"}),
        )
        .await
        .expect(200);
    for (query, count) in [
        ("before", 0),
        ("afterwards", 1),
        ("moonshot", 1),
        ("remark", 1),
    ] {
        assert_eq!(hits(&owner, query, "").await.len(), count, "{query}");
    }
    owner
        .delete(&format!("/comments/{}", text(&comment, "id")))
        .await
        .expect(204);
    assert_eq!(hits(&owner, "remark", "").await.len(), 0);
    owner
        .post(&format!("{path}/comments"), json!({"body": "Second"}))
        .await
        .expect(201);
    owner.delete(&path).await.expect(204);
    for query in ["afterwards", "second"] {
        assert_eq!(hits(&owner, query, "").await.len(), 0, "{query}");
    }
    // Back from the trash it is found again; gone for good, nothing is left of it.
    sqlx::query("update tasks set deleted_at = null")
        .execute(&world.database)
        .await
        .unwrap();
    assert_eq!(hits(&owner, "second", "").await.len(), 1);
    sqlx::query("delete from tasks")
        .execute(&world.database)
        .await
        .unwrap();
    let left: i64 =
        sqlx::query_scalar("select count(*) from search_documents where kind <> 'project'")
            .fetch_one(&world.database)
            .await
            .unwrap();
    assert_eq!(left, 0);
    world.end().await;
}

#[tokio::test]
async fn hidden_projects_are_not_searched() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Secret").await;
    let task = owner.task(&project, "Secret plan").await;
    let key = text(
        &owner.get(&format!("/tasks/{task}")).await.expect(200),
        "key",
    );
    owner
        .post(
            &format!("/tasks/{task}/comments"),
            json!({"body": "secret word"}),
        )
        .await
        .expect(201);
    sqlx::query("update projects set is_public = false")
        .execute(&world.database)
        .await
        .unwrap();
    assert_eq!(hits(&owner, "secret", "").await.len(), 3);
    for query in ["secret", "secrte", &key] {
        assert_eq!(hits(&member, query, "").await.len(), 0, "{query}");
    }
    let guest = hits(&member, "secret", &format!("&project_id={project}")).await;
    assert_eq!(guest.len(), 0);
    world.end().await;
}

#[tokio::test]
async fn pages_show_each_hit_once_and_bad_questions_are_refused() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    for turn in 0..7 {
        let title = if turn % 2 == 0 {
            "Engine"
        } else {
            "Engine engine check"
        };
        owner.task(&project, title).await;
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner
            .get(&format!("/search?q=engine&limit=3{cursor}"))
            .await
            .expect(200);
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hit| text(hit, "id")),
        );
        owner.task(&project, "Engine").await;
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let mut each = found.clone();
    each.sort();
    each.dedup();
    assert_eq!((found.len(), each.len()), (found.len(), found.len()));
    assert!(found.len() >= 7, "{found:?}");
    for (query, pointer) in [
        ("q=", "q"),
        ("q=%20", "q"),
        (&format!("q={}", "a".repeat(201)), "q"),
        ("q=a&kind=people", "kind"),
        ("q=a&cursor=nope", "cursor"),
        ("q=a&limit=0", "limit"),
    ] {
        owner
            .get(&format!("/search?{query}"))
            .await
            .expect_refused(&[pointer]);
    }
    owner
        .get("/search?q=a&filter=foo:x")
        .await
        .expect_problem(422, "invalid_filter");
    world.end().await;
}
