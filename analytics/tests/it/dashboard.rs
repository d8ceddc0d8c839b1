//! What the dashboard answers.

use axum::body::Body;
use events::topic::link::{Device, LinkAccessed, LinkCreated};
use events::topic::task::TaskStatus::{Cancelled, Done, InProgress, Todo};
use http::{Request, StatusCode};
use kernel::{Ids, LinkId, Role, TaskId, TenantId, UserId};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use crate::world::{Organization, World};

fn some_ids<T: kernel::Id, const N: usize>() -> [T; N] {
    std::array::from_fn(|_| Ids::system().next())
}

fn opened(link_id: LinkId, bot: bool) -> LinkAccessed {
    LinkAccessed {
        link_id,
        resource: format!("task:{link_id}"),
        device: Device::Desktop,
        bot,
        visitor: "v".to_owned(),
        referrer: None,
    }
}

fn busy_days(dashboard: &Value) -> Vec<(&str, i64, i64)> {
    let days = dashboard["series"].as_array().unwrap().iter();
    days.map(|day| {
        let number = |name: &str| day[name].as_i64().unwrap();
        (
            day["date"].as_str().unwrap(),
            number("created"),
            number("done"),
        )
    })
    .filter(|(_, created, done)| (*created, *done) != (0, 0))
    .collect()
}

#[tokio::test]
async fn numbers_are_those_of_the_story() {
    let world = World::new().await;
    let mut org = Organization::new();
    let [done, reopened, open, cancelled, deleted]: [TaskId; 5] = some_ids();
    let [ada, bob]: [UserId; 2] = some_ids();
    let link: LinkId = Ids::system().next();
    let made = LinkCreated {
        link_id: link,
        resource: format!("task:{done}"),
        created_by: ada,
        expires_at: None,
    };
    let story = [
        org.create("2026-02-27", done, &[ada]),
        org.create("2026-03-02", reopened, &[ada]),
        org.create("2026-03-02", open, &[bob]),
        org.create("2026-03-03", cancelled, &[bob]),
        org.create("2026-03-03", deleted, &[ada, bob]),
        org.set_status("2026-03-04", done, Todo, Done),
        org.set_status("2026-03-04", reopened, Todo, Done),
        org.set_status("2026-03-04", deleted, Todo, Done),
        org.set_status("2026-03-05", reopened, Done, InProgress),
        org.set_status("2026-03-05", cancelled, Todo, Cancelled),
        org.delete("2026-03-06", deleted, Done),
        org.assign("2026-03-06", open, &[ada, bob]),
        org.event("2026-03-07", &made),
        org.event("2026-03-08", &opened(link, false)),
        org.event("2026-03-08", &opened(link, true)),
        org.event("2026-04-01", &opened(link, false)),
    ];
    world.take_in(&story[..5]).await;
    for event in &story[5..] {
        world.take_in(std::slice::from_ref(event)).await;
    }

    let dashboard = world.march(org.tenant).await;
    assert_eq!(
        dashboard["period"],
        json!({"from": "2026-03-01", "to": "2026-03-31"})
    );
    assert_eq!(
        dashboard["tasks"],
        json!({"created": 3, "done": 1, "open": 2})
    );
    assert_eq!(
        dashboard["by_status"],
        json!({"todo": 1, "in_progress": 1, "review": 0, "done": 1, "cancelled": 1})
    );
    assert_eq!(dashboard["series"].as_array().unwrap().len(), 31);
    assert_eq!(
        busy_days(&dashboard),
        [
            ("2026-03-02", 2, 0),
            ("2026-03-03", 1, 0),
            ("2026-03-04", 0, 1)
        ]
    );
    assert_eq!(
        dashboard["by_person"],
        json!([
            {"user_id": ada, "assigned": 2, "assigned_estimate": 0, "done": 1},
            {"user_id": bob, "assigned": 1, "assigned_estimate": 0, "done": 0},
        ])
    );
    assert_eq!(dashboard["links"], json!({"created": 1, "opens": 1}));
    world.drop().await;
}

#[tokio::test]
async fn organizations_do_not_see_each_other() {
    let world = World::new().await;
    let (mut acme, mut globex) = (Organization::new(), Organization::new());
    // The same task id in both: only the tenant tells them apart.
    let task: TaskId = Ids::system().next();
    let ada: UserId = Ids::system().next();
    world
        .take_in(&[
            acme.create("2026-03-02", task, &[ada]),
            globex.create("2026-03-03", task, &[]),
            acme.set_status("2026-03-04", task, Todo, Done),
        ])
        .await;

    let (of_acme, of_globex) = (
        world.march(acme.tenant).await,
        world.march(globex.tenant).await,
    );
    assert_eq!(
        of_acme["tasks"],
        json!({"created": 1, "done": 1, "open": 0})
    );
    assert_eq!(
        of_globex["tasks"],
        json!({"created": 1, "done": 0, "open": 1})
    );
    assert_eq!(of_globex["by_person"], json!([]));
    let stranger: TenantId = Ids::system().next();
    assert_eq!(world.march(stranger).await["tasks"]["created"], 0);
    world.drop().await;
}

#[tokio::test]
async fn only_those_with_the_permission_are_answered() {
    let world = World::new().await;
    let tenant: TenantId = Ids::system().next();
    let expected = [
        (Role::Viewer, StatusCode::FORBIDDEN),
        (Role::Member, StatusCode::FORBIDDEN),
        (Role::Manager, StatusCode::OK),
        (Role::Admin, StatusCode::OK),
        (Role::Owner, StatusCode::OK),
    ];
    for (role, status) in expected {
        assert_eq!(world.dashboard(tenant, role, "").await.0, status, "{role}");
    }
    let direct = Request::get("/api/v1/analytics/dashboard")
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.send(direct).await.0, StatusCode::UNAUTHORIZED);
    world.drop().await;
}

#[tokio::test]
async fn period_is_checked() {
    let world = World::new().await;
    let tenant: TenantId = Ids::system().next();
    for query in [
        "?from=2026-03-02&to=2026-03-01",
        "?from=2025-01-01&to=2026-03-01",
        "?from=yesterday",
        "?form=2026-03-01",
    ] {
        let (status, body) = world.dashboard(tenant, Role::Owner, query).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(body["code"], "validation_failed", "{query}");
    }
    let (_, body) = world.dashboard(tenant, Role::Owner, "").await;
    assert_eq!(
        body["period"],
        json!({"from": "2026-03-04", "to": "2026-03-31"})
    );
    world.drop().await;
}

#[tokio::test]
async fn document_describes_the_dashboard() {
    let world = World::new().await;
    let request = Request::get("/internal/openapi.json")
        .body(Body::empty())
        .unwrap();
    let (status, document) = world.send(request).await;
    assert_eq!(status, StatusCode::OK);
    let operation = &document["paths"]["/api/v1/analytics/dashboard"]["get"];
    assert_eq!(operation["operationId"], "get_dashboard");
    assert_eq!(operation["parameters"].as_array().unwrap().len(), 5);
    assert!(document["components"]["schemas"]["Dashboard"].is_object());
    world.drop().await;
}

#[tokio::test]
async fn no_query_reads_a_collection_from_end_to_end() {
    let world = World::new().await;
    world.profile(true).await;
    let mut org = Organization::new();
    let task: TaskId = Ids::system().next();
    let gone = events::topic::project::ProjectDeleted {
        project_id: org.project,
    };
    world.take_in(&[org.create("2026-03-02", task, &[])]).await;
    world
        .take_in(&[org.set_status("2026-03-03", task, Todo, Done)])
        .await;
    world.take_in(&[org.event("2026-03-04", &gone)]).await;
    world.march(org.tenant).await;
    let (project, person) = (org.project, Ids::system().next::<UserId>());
    for what in [
        "settings".to_owned(),
        "links?timezone=Asia/Kathmandu".to_owned(),
        format!("projects/{project}?timezone=Asia/Kathmandu"),
        format!("users/{person}"),
    ] {
        let (status, body) = world.get(org.tenant, Role::Manager, &what).await;
        assert_eq!(status, StatusCode::OK, "{what}: {body}");
    }
    for chart in [
        "cumulative-flow",
        "burndown",
        "burnup",
        "throughput",
        "lead-time",
        "cycle-time",
        "workload",
        "status-age",
    ] {
        for part in [
            String::new(),
            format!("?project_id={project}"),
            format!("?user_id={person}"),
        ] {
            let (status, body) = world
                .get(org.tenant, Role::Manager, &format!("{chart}{part}"))
                .await;
            assert_eq!(status, StatusCode::OK, "{chart}{part}: {body}");
        }
    }
    crate::report::ask_everything(&world, org.tenant).await;
    crate::schedule::ask_everything(&world, org.tenant).await;
    world.rebuild(org.tenant, true).await;
    world.rebuild(org.tenant, false).await;
    world.profile(false).await;

    let profile = world.database.collection::<Document>("system.profile");
    let by_index = doc! { "planSummary": { "$regex": "^(IXSCAN|IDHACK)" } };
    assert!(profile.count_documents(by_index).await.unwrap() >= 60);
    let name = world.database.name();
    let whole =
        doc! { "planSummary": "COLLSCAN", "ns": { "$ne": format!("{name}.system.profile") } };
    assert_eq!(
        world.documents("system.profile", whole).await,
        Vec::<String>::new()
    );
    world.drop().await;
}
