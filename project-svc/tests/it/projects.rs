//! Projects: their fields, people, trash, what was done in them, and what people keep at hand.

use kernel::{Role, UserId};
use reqwest::Method;
use reqwest::header::IF_MATCH;
use sea_orm::sqlx::{query, query_scalar};
use serde_json::{Value, json};

use crate::client::{Person, ids, read, text};
use crate::world::{World, eventually, scans};

fn known(world: &World, role: Role) -> Person {
    let person = world.person(role);
    world.neighbours.know(person.id, role);
    person
}

async fn add(by: &Person, project: &str, user: UserId, role: &str) -> u16 {
    let body = json!({"user_id": user, "role": role});
    let answer = by.post(&format!("/projects/{project}/members"), body).await;
    answer.status.as_u16()
}

async fn listed(by: &Person, path: &str) -> Vec<String> {
    ids(&by.get(path).await.expect(200)["items"])
}

fn column(page: &Value, field: &str) -> Vec<Value> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item[field].clone()).collect()
}

#[tokio::test]
async fn fields_of_a_project_are_written_read_and_changed() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let team = owner.post("/teams", json!({"name": "Crew"})).await;
    let team = text(&team.expect(201), "id");
    let body = json!({"name": "Apollo", "public": false, "budget": "12500.5", "team_id": team,
        "settings": {"week": "monday"}, "status": "planning", "priority": "critical"});
    let made = owner.post("/projects", body).await.expect(201);
    assert_eq!(made["budget"], "12500.50");
    assert_eq!(
        (&made["public"], &made["team_id"]),
        (&json!(false), &json!(team))
    );
    assert_eq!(
        (&made["owner_id"], &made["archived_at"]),
        (&json!(owner.id), &Value::Null)
    );
    let path = format!("/projects/{}", text(&made, "id"));
    assert_eq!(owner.get(&path).await.expect(200), made);
    let body = json!({"public": true, "budget": null, "team_id": null, "settings": {}});
    let changed = owner.put(&path, body).await.expect(200);
    for (field, value) in [
        ("public", json!(true)),
        ("budget", json!(null)),
        ("team_id", json!(null)),
        ("settings", json!({})),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    let again = owner.patch(&path, json!({"budget": "9999999999.99"})).await;
    assert_eq!(again.expect(200)["budget"], "9999999999.99");
    let event = world.last_event("project.updated").await;
    assert_eq!(event["changed"], json!(["budget"]));

    // A team that is gone leaves the project.
    let _ = owner
        .patch(&path, json!({"team_id": team}))
        .await
        .expect(200);
    assert_eq!(
        listed(&owner, &format!("/projects?team_id={team}")).await,
        [text(&made, "id")]
    );
    owner.delete(&format!("/teams/{team}")).await.expect(204);
    assert_eq!(owner.get(&path).await.expect(200)["team_id"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn bad_projects_are_refused_field_by_field() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    for budget in ["12,5", "-1", "1.234", "12345678901", "1e3", "", "NaN"] {
        let body = json!({"name": "Apollo", "budget": budget});
        let refused = owner.post("/projects", body).await;
        refused.expect_refused(&["/budget"]);
    }
    let other: UserId = world.app.ids.next();
    for field in ["team_id", "workspace_id"] {
        let body = json!({"name": "Apollo", field: other});
        let refused = owner.post("/projects", body).await;
        refused.expect_refused(&[&format!("/{field}")]);
    }
    let (project, _) = owner.project("Apollo").await;
    for field in ["team_id", "workspace_id", "owner_id"] {
        let body = json!({field: other});
        let refused = owner.patch(&format!("/projects/{project}"), body).await;
        refused.expect_refused(&[&format!("/{field}")]);
    }
    for field in [
        "id",
        "key",
        "created_by",
        "next_task_number",
        "deleted_at",
        "archived_at",
        "tenant_id",
    ] {
        let refused = owner
            .patch(&format!("/projects/{project}"), json!({field: 7}))
            .await;
        refused.expect_refused(&[&format!("/{field}")]);
    }
    world.end().await;
}

#[tokio::test]
async fn people_of_a_project_come_change_and_go() {
    let world = World::new().await;
    let owner = world.person(Role::Manager);
    let (manager, member) = (known(&world, Role::Viewer), known(&world, Role::Viewer));
    let (project, _) = owner.project("Apollo").await;
    let place = |person: &Person| format!("/projects/{project}/members/{}", person.id);
    let _ = owner
        .patch(&format!("/projects/{project}"), json!({"public": false}))
        .await
        .expect(200);
    member
        .get(&format!("/projects/{project}"))
        .await
        .expect(404);

    assert_eq!(add(&owner, &project, manager.id, "manager").await, 201);
    assert_eq!(
        world.last_event("project.member_added").await["role"],
        "manager"
    );
    assert_eq!(add(&manager, &project, member.id, "member").await, 201);
    assert_eq!(add(&manager, &project, member.id, "viewer").await, 409);
    assert_eq!(
        add(&member, &project, world.app.ids.next(), "viewer").await,
        403
    );
    assert_eq!(
        add(&owner, &project, world.app.ids.next(), "viewer").await,
        422
    );
    let _ = member.task(&project, "Fuel").await;
    let path = format!("/projects/{project}/members?limit=2");
    let page = member.get(&path).await.expect(200);
    assert_eq!(column(&page, "role"), ["owner", "manager"]);
    let next = format!("{path}&cursor={}", text(&page, "next_cursor"));
    assert_eq!(
        column(&member.get(&next).await.expect(200), "user_id"),
        [json!(member.id)]
    );

    // A manager makes no owners, and does nothing to them.
    manager
        .patch(&place(&manager), json!({"role": "owner"}))
        .await
        .expect(403);
    manager
        .patch(&place(&owner), json!({"role": "viewer"}))
        .await
        .expect(403);
    manager.delete(&place(&owner)).await.expect(403);
    let demoted = manager
        .put(&place(&member), json!({"role": "viewer"}))
        .await;
    assert_eq!(demoted.expect(200)["role"], "viewer");
    assert_eq!(
        world.last_event("project.member_changed").await["role"],
        "viewer"
    );
    let body = json!({"title": "More fuel"});
    member
        .post(&format!("/projects/{project}/tasks"), body)
        .await
        .expect(403);
    let refused = owner.delete(&place(&owner)).await;
    let _ = refused.expect_problem(409, "last_owner");
    let refused = owner.patch(&place(&owner), json!({"role": "member"})).await;
    let _ = refused.expect_problem(409, "last_owner");

    member.delete(&place(&member)).await.expect(204);
    assert_eq!(
        world.last_event("project.member_removed").await["user_id"],
        json!(member.id)
    );
    member
        .get(&format!("/projects/{project}"))
        .await
        .expect(404);
    // Who answers for it is an owner of it, whatever they were.
    let path = format!("/projects/{project}");
    manager
        .patch(&path, json!({"owner_id": manager.id}))
        .await
        .expect(403);
    let given = owner.patch(&path, json!({"owner_id": manager.id})).await;
    assert_eq!(given.expect(200)["owner_id"], json!(manager.id));
    owner.delete(&place(&owner)).await.expect(204);
    owner.get(&path).await.expect(404);
    manager.delete(&path).await.expect(204);
    world.end().await;
}

#[tokio::test]
async fn project_that_is_put_away_is_listed_when_asked_for() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (apollo, _) = owner.project("Apollo").await;
    let (gemini, _) = owner.project("Gemini").await;
    let path = format!("/projects/{apollo}");
    let stale = owner.request(Method::POST, &format!("{path}/archive"));
    read(stale.header(IF_MATCH, "\"7\"")).await.expect(412);
    let archived = owner.post(&format!("{path}/archive"), json!({})).await;
    let archived = archived.expect(200);
    assert!(archived["archived_at"].is_string());
    let again = owner.post(&format!("{path}/archive"), json!({})).await;
    assert_eq!(again.expect(200), archived);
    assert_eq!(
        listed(&owner, "/projects").await,
        std::slice::from_ref(&gemini)
    );
    assert_eq!(
        listed(&owner, "/projects?archived=true").await,
        std::slice::from_ref(&apollo)
    );
    let _ = owner
        .post(&format!("{path}/unarchive"), json!({}))
        .await
        .expect(200);
    assert_eq!(listed(&owner, "/projects").await, [gemini.clone(), apollo]);
    let _ = owner
        .patch(&path, json!({"status": "on_hold"}))
        .await
        .expect(200);
    assert_eq!(listed(&owner, "/projects?status=active").await, [gemini]);
    world.end().await;
}

#[tokio::test]
async fn deleted_project_comes_back_with_all_that_is_in_it_or_goes_for_good() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (apollo, columns) = owner.project("Apollo").await;
    let (gemini, _) = owner.project("Gemini").await;
    let task = owner.task(&apollo, "Fuel").await;
    let _ = owner.task(&gemini, "Fuel").await;
    for project in [&apollo, &gemini] {
        owner
            .delete(&format!("/projects/{project}"))
            .await
            .expect(204);
    }
    assert_eq!(
        listed(&owner, "/projects/trash").await,
        [gemini.clone(), apollo.clone()]
    );
    assert!(listed(&viewer, "/projects/trash").await.is_empty());
    owner.get(&format!("/tasks/{task}")).await.expect(404);
    let restore = format!("/projects/{apollo}/restore");
    viewer.post(&restore, json!({})).await.expect(403);
    let _ = owner.post(&restore, json!({})).await.expect(200);
    owner.post(&restore, json!({})).await.expect(404);
    assert_eq!(owner.cards(&columns[0]).await, [task]);
    assert_eq!(world.events().await.last().unwrap(), "project.restored");

    let age = query(
        "update projects set deleted_at = now() - interval '31 days' where deleted_at is not null",
    );
    age.execute(&world.database).await.unwrap();
    let restore = format!("/projects/{gemini}/restore");
    owner.post(&restore, json!({})).await.expect(404);
    project_svc::jobs::housekeeping::sweep(&world.state).await;
    let left = query_scalar::<_, i64>(
        "select count(*) from projects union all select count(*) from tasks",
    );
    assert_eq!(left.fetch_all(&world.database).await.unwrap(), [1, 1]);
    world.end().await;
}

#[tokio::test]
async fn feed_tells_what_was_done_by_whom() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let second = known(&world, Role::Member);
    let (project, _) = owner.project("Apollo").await;
    let path = format!("/projects/{project}");
    let body = json!({"name": "Artemis", "description": "x".repeat(300)});
    let _ = owner.patch(&path, body).await.expect(200);
    assert_eq!(add(&owner, &project, second.id, "viewer").await, 201);
    let path = format!("{path}/activity?limit=2");
    let page = second.get(&path).await.expect(200);
    assert_eq!(
        column(&page, "kind"),
        ["project.member_added", "project.updated"]
    );
    let entry = &page["items"][1];
    assert_eq!(
        entry["changes"]["name"],
        json!({"from": "Apollo", "to": "Artemis"})
    );
    assert_eq!(
        entry["changes"]["description"]["to"]
            .as_str()
            .unwrap()
            .chars()
            .count(),
        201
    );
    assert_eq!(
        (&entry["actor_id"], &entry["actor_name"]),
        (&json!(owner.id), &json!("Ada"))
    );
    let next = format!("{path}&cursor={}", text(&page, "next_cursor"));
    assert_eq!(
        column(&second.get(&next).await.expect(200), "kind"),
        ["project.created"]
    );
    // The service itself cannot change what was.
    let may: bool =
        query_scalar("select has_table_privilege('tenant_app', 'activities', 'update')")
            .fetch_one(&world.database)
            .await
            .unwrap();
    assert!(!may);
    world.end().await;
}

#[tokio::test]
async fn favourites_are_ones_own_and_only_of_what_one_sees() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let view = owner.get(&format!("/tasks/{task}")).await.expect(200);
    let board = text(&view, "board_id");
    let things = [("project", &project), ("board", &board), ("task", &task)];
    for (kind, id) in things {
        let path = format!("/favourites/{kind}/{id}");
        viewer.put(&path, json!({})).await.expect(204);
        viewer.put(&path, json!({})).await.expect(204);
    }
    viewer
        .put(&format!("/favourites/task/{project}"), json!({}))
        .await
        .expect(404);
    viewer
        .put(&format!("/favourites/planet/{project}"), json!({}))
        .await
        .expect(404);
    let page = viewer.get("/favourites?limit=2").await.expect(200);
    assert_eq!(column(&page, "key"), ["APO-1", "APO"]);
    assert_eq!(column(&page, "name"), ["Fuel", "Board"]);
    let next = format!("/favourites?limit=2&cursor={}", text(&page, "next_cursor"));
    assert_eq!(
        column(&viewer.get(&next).await.expect(200), "kind"),
        ["project"]
    );
    assert_eq!(
        listed(&viewer, "/favourites?kind=board").await,
        std::slice::from_ref(&board)
    );
    assert!(listed(&owner, "/favourites").await.is_empty());

    viewer
        .delete(&format!("/favourites/board/{board}"))
        .await
        .expect(204);
    owner.delete(&format!("/tasks/{task}")).await.expect(204);
    assert_eq!(
        listed(&viewer, "/favourites").await,
        std::slice::from_ref(&project)
    );
    let _ = owner
        .patch(&format!("/projects/{project}"), json!({"public": false}))
        .await
        .expect(200);
    assert!(listed(&viewer, "/favourites").await.is_empty());
    viewer
        .delete(&format!("/favourites/project/{project}"))
        .await
        .expect(204);
    world.end().await;
}

#[tokio::test]
async fn feeds_and_favourites_of_many_are_read_by_index() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (other, _) = owner.project("Gemini").await;
    let task = owner.task(&project, "Fuel").await;
    for sql in [
        "insert into activities (id, project_id, actor_id, kind, created_at)
         select gen_random_uuid(), p.id, p.created_by, 'project.updated', now() - n * interval '1 minute'
         from projects p cross join generate_series(1, 10000) n",
        "insert into people (id, name, role) select gen_random_uuid(), 'P' || n, 'member' from generate_series(1, 500) n",
        "insert into favourites (user_id, kind, thing_id) select p.id, 'task', t.id from people p cross join tasks t
         on conflict do nothing",
        "insert into favourites (user_id, kind, thing_id)
         select p.id, 'project', gen_random_uuid() from people p cross join generate_series(1, 20)",
        "analyze",
    ] {
        query(sql).execute(&world.database).await.unwrap();
    }
    let mut cursor = String::new();
    let mut seen = 0;
    for _ in 0..3 {
        let path = format!("/projects/{project}/activity?limit=200{cursor}");
        let page = owner.get(&path).await.expect(200);
        seen += page["items"].as_array().unwrap().len();
        assert!(
            column(&page, "project_id")
                .iter()
                .all(|id| *id == json!(project))
        );
        cursor = format!("&cursor={}", text(&page, "next_cursor"));
    }
    assert_eq!(seen, 600);
    assert_ne!(project, other);
    assert_eq!(listed(&owner, "/favourites").await, [task]);
    for table in ["activities", "favourites"] {
        let read = async || scans(&world, table).await.1 > 0;
        eventually("scans are counted", read).await;
    }
    let before = [
        scans(&world, "activities").await.0,
        scans(&world, "favourites").await.0,
    ];
    let _ = owner
        .get(&format!("/projects/{project}/activity"))
        .await
        .expect(200);
    let _ = owner.get("/favourites?limit=1").await.expect(200);
    let indexed = scans(&world, "activities").await.1;
    let again = async || {
        let _ = owner
            .get(&format!("/projects/{project}/activity"))
            .await
            .expect(200);
        scans(&world, "activities").await.1 > indexed
    };
    eventually("scans are counted", again).await;
    let after = [
        scans(&world, "activities").await.0,
        scans(&world, "favourites").await.0,
    ];
    assert_eq!(after, before, "read as a whole");
    world.end().await;
}

#[tokio::test]
async fn new_status_of_a_project_is_told_beside_the_change() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let body = json!({"name": "Apollo", "status": "planning"});
    let made = owner.post("/projects", body).await.expect(201);
    let path = format!("/projects/{}", text(&made, "id"));
    let told = async || {
        let told = world.events().await.into_iter();
        told.filter(|kind| kind == "project.status_changed").count()
    };

    let changed = owner.patch(&path, json!({"status": "active"})).await;
    assert_eq!(changed.expect(200)["status"], "active");
    let event = world.last_event("project.status_changed").await;
    let expected = json!({"project_id": made["id"], "from": "planning", "to": "active"});
    assert_eq!(event, expected);
    let event = world.last_event("project.updated").await;
    assert_eq!(event["changed"], json!(["status"]));

    // The same again, and anything else, is no change of status.
    for body in [json!({"status": "active"}), json!({"name": "Gemini"})] {
        let _ = owner.patch(&path, body).await.expect(200);
    }
    assert_eq!(told().await, 1);
    world.end().await;
}
