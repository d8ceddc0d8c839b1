//! Roles in projects and workspaces beside the role in the organization.

use kernel::{Ids, Role, UserId};
use reqwest::Method;
use reqwest::header::IF_MATCH;
use sea_orm::sqlx::query;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Person, ids, read};
use crate::world::World;

async fn close(world: &World, project: &str) {
    let sql = "update projects set is_public = false where id = $1";
    let update = query(sql).bind(project.parse::<Uuid>().unwrap());
    update.execute(&world.database).await.unwrap();
}

async fn give_role(world: &World, project: &str, user: UserId, role: &str) {
    let person =
        "insert into people (id, name, role) values ($1, 'Ada', 'viewer') on conflict do nothing";
    let known = query(person).bind(user.uuid());
    known.execute(&world.database).await.unwrap();
    let sql = "insert into project_members (project_id, user_id, role) values ($1, $2, $3)";
    let insert = query(sql).bind(project.parse::<Uuid>().unwrap());
    let insert = insert.bind(user.uuid()).bind(role);
    insert.execute(&world.database).await.unwrap();
}

async fn projects(person: &Person) -> Vec<String> {
    ids(&person.get("/projects").await.expect(200)["items"])
}

#[tokio::test]
async fn closed_project_is_not_there_for_who_is_not_in_it() {
    let world = World::new().await;
    let manager = world.person(Role::Manager);
    let (project, columns) = manager.project("Apollo").await;
    let task = manager.task(&project, "Fuel").await;
    let path = format!("/tasks/{task}/comments");
    let comment = manager.post(&path, json!({"body": "Hello"})).await;
    let comment = crate::client::text(&comment.expect(201), "id");
    close(&world, &project).await;

    let (admin, owner) = (world.person(Role::Admin), world.person(Role::Owner));
    for path in [
        format!("/projects/{project}"),
        format!("/projects/{project}/boards"),
        format!("/projects/{project}/tasks"),
        format!("/columns/{}/cards", columns[0]),
        format!("/tasks/{task}"),
        format!("/tasks/{task}/comments"),
    ] {
        let _ = admin.get(&path).await.expect_problem(404, "not_found");
        let _ = manager.get(&path).await.expect(200);
        let _ = owner.get(&path).await.expect(200);
    }
    let body = json!({"title": "Mine"});
    admin
        .patch(&format!("/tasks/{task}"), body)
        .await
        .expect(404);
    admin
        .delete(&format!("/comments/{comment}"))
        .await
        .expect(404);
    let body = json!({"resource": format!("task:{task}")});
    admin.post("/internal/v1/shareable", body).await.expect(404);
    assert!(projects(&admin).await.is_empty());
    assert!(ids(&admin.get("/tasks").await.expect(200)["items"]).is_empty());
    for person in [&manager, &owner] {
        assert_eq!(projects(person).await, std::slice::from_ref(&project));
        assert_eq!(
            ids(&person.get("/tasks").await.expect(200)["items"]),
            std::slice::from_ref(&task)
        );
    }
    world.end().await;
}

#[tokio::test]
async fn role_in_a_project_holds_there_and_nowhere_else() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let viewer = world.person(Role::Viewer);
    let (closed, columns) = owner.project("Apollo").await;
    let (open, _) = owner.project("Gemini").await;
    close(&world, &closed).await;
    give_role(&world, &closed, viewer.id, "manager").await;

    assert_eq!(projects(&viewer).await, [open.clone(), closed.clone()]);
    let task = viewer.task(&closed, "Fuel").await;
    let column = format!("/columns/{}", columns[0]);
    let _ = viewer
        .patch(&column, json!({"name": "Later"}))
        .await
        .expect(200);
    let share = json!({"resource": format!("task:{task}")});
    let _ = viewer
        .post("/internal/v1/shareable", share)
        .await
        .expect(200);
    viewer
        .delete(&format!("/projects/{closed}"))
        .await
        .expect(403);
    let path = format!("/projects/{open}/tasks");
    let refused = viewer.post(&path, json!({"title": "Fuel"})).await;
    let _ = refused.expect_problem(403, "permission_denied");
    world.end().await;
}

/// An operation on a project, the lowest role in the organization that may do it in a public one, the lowest role in
/// the project, and a body that is refused once the door is open, so that nothing changes.
struct Operation(&'static str, &'static str, Role, usize, fn() -> Value);

/// Roles in a project, the weakest first; none at all before them.
const PROJECT_ROLES: [&str; 4] = ["viewer", "member", "manager", "owner"];

const VIEWER: usize = 1;
const MEMBER: usize = 2;
const MANAGER: usize = 3;
const OWNER: usize = 4;

fn nothing() -> Value {
    json!({})
}

fn stranger() -> Value {
    json!({"user_id": Ids::system().next::<UserId>()})
}

fn owner_to_be() -> Value {
    json!({"user_id": Ids::system().next::<UserId>(), "role": "owner"})
}

#[rustfmt::skip]
const OPERATIONS: [Operation; 18] = [
    Operation("GET", "/projects/{project}", Role::Viewer, VIEWER, nothing),
    Operation("PATCH", "/projects/{project}", Role::Manager, MANAGER, nothing),
    Operation("PUT", "/projects/{project}", Role::Manager, MANAGER, nothing),
    Operation("DELETE", "/projects/{project}", Role::Admin, OWNER, nothing),
    Operation("POST", "/projects/{project}/archive", Role::Manager, MANAGER, nothing),
    Operation("GET", "/projects/{project}/activity", Role::Viewer, VIEWER, nothing),
    Operation("GET", "/projects/{project}/members", Role::Viewer, VIEWER, nothing),
    Operation("POST", "/projects/{project}/members", Role::Manager, MANAGER, stranger),
    Operation("POST", "/projects/{project}/members", Role::Admin, OWNER, owner_to_be),
    Operation("GET", "/projects/{project}/boards", Role::Viewer, VIEWER, nothing),
    Operation("GET", "/boards/{board}", Role::Viewer, VIEWER, nothing),
    Operation("POST", "/boards/{board}/columns", Role::Manager, MANAGER, nothing),
    Operation("GET", "/projects/{project}/tasks", Role::Viewer, VIEWER, nothing),
    Operation("POST", "/projects/{project}/tasks", Role::Member, MEMBER, nothing),
    Operation("GET", "/tasks/{task}", Role::Viewer, VIEWER, nothing),
    Operation("PATCH", "/tasks/{task}", Role::Member, MEMBER, nothing),
    Operation("DELETE", "/tasks/{task}", Role::Manager, MANAGER, nothing),
    Operation("POST", "/tasks/{task}/comments", Role::Member, MEMBER, nothing),
];

struct Place {
    project: String,
    board: String,
    task: String,
    public: bool,
}

impl Place {
    async fn new(world: &World, owner: &Person, public: bool) -> Self {
        let (project, _) = owner.project("Apollo").await;
        let task = owner.task(&project, "Fuel").await;
        let view = owner.get(&format!("/tasks/{task}")).await.expect(200);
        if !public {
            close(world, &project).await;
        }
        Self {
            board: crate::client::text(&view, "board_id"),
            project,
            task,
            public,
        }
    }

    async fn ask(&self, person: &Person, operation: &Operation) -> u16 {
        let path = operation.1.replace("{project}", &self.project);
        let path = path.replace("{board}", &self.board);
        let path = path.replace("{task}", &self.task);
        let method = Method::from_bytes(operation.0.as_bytes()).unwrap();
        let is_read = method == Method::GET;
        let request = person.request(method, &path).header(IF_MATCH, "\"99\"");
        let request = match is_read {
            true => request,
            false => request.json(&(operation.4)()),
        };
        read(request).await.status.as_u16()
    }
}

#[tokio::test]
async fn every_role_in_the_organization_with_every_role_in_a_project() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let places = [
        Place::new(&world, &owner, true).await,
        Place::new(&world, &owner, false).await,
    ];
    let mut wrong = Vec::new();
    for role in Role::ALL {
        for in_project in 0..=PROJECT_ROLES.len() {
            let person = world.person(role);
            for place in &places {
                if let Some(name) = in_project.checked_sub(1).map(|index| PROJECT_ROLES[index]) {
                    give_role(&world, &place.project, person.id, name).await;
                }
                for operation in &OPERATIONS {
                    let counts = place.public || role == Role::Owner;
                    let may = in_project >= operation.3
                        || counts && role.permissions().covers(operation.2.permissions());
                    let expected = match (may, counts || in_project > 0) {
                        (true, _) if operation.0 == "GET" => vec![200],
                        (true, _) => vec![412, 422],
                        (false, true) => vec![403],
                        (false, false) => vec![404],
                    };
                    let status = place.ask(&person, operation).await;
                    if !expected.contains(&status) {
                        let public = place.public;
                        wrong.push(format!(
                            "{role}, {in_project} in a project (public: {public}), {} {}: {status}",
                            operation.0, operation.1
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}

#[tokio::test]
async fn trash_lists_what_one_may_bring_back_and_nothing_else() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let mut wrong = Vec::new();
    for public in [true, false] {
        let (project, _) = owner.project("Apollo").await;
        let path = format!("/projects/{project}");
        let _ = owner
            .patch(&path, json!({"public": public}))
            .await
            .expect(200);
        let mut people = Vec::new();
        for role in Role::ALL {
            for inside in [&[None][..], &PROJECT_ROLES.map(Some)].concat() {
                let person = world.person(role);
                if let Some(inside) = inside {
                    give_role(&world, &project, person.id, inside).await;
                }
                people.push((role, inside, person));
            }
        }
        owner.delete(&path).await.expect(204);
        for (role, inside, person) in people {
            let trash = person.get("/projects/trash").await.expect(200);
            let listed = ids(&trash["items"]).contains(&project);
            // A version that is not there: whoever may, gets that far.
            let restore = person.request(Method::POST, &format!("{path}/restore"));
            let restore = read(restore.header(IF_MATCH, "\"99\"")).await.status;
            if listed != (restore == 412) {
                wrong.push(format!(
                    "{role}, {inside:?}, public {public}: {listed}, {restore}"
                ));
            }
        }
        let _ = owner
            .post(&format!("{path}/restore"), json!({}))
            .await
            .expect(200);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}
