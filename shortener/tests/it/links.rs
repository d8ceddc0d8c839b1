//! Links as their owners see them.

use axum::body::Body;
use chrono::TimeDelta;
use http::Request;
use kernel::Role;
use sea_orm::sqlx;
use serde_json::json;

use crate::neighbours::{FORBIDDEN, UNKNOWN};
use crate::world::{World, browse, path, task};

#[tokio::test]
async fn link_is_made_shown_to_its_owner_and_told() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let link = world
        .link(
            &ada,
            &json!({ "password": "correct horse", "max_opens": 3 }),
        )
        .await;
    let (code, url) = (
        link["code"].as_str().unwrap(),
        link["url"].as_str().unwrap(),
    );
    assert_eq!(url, format!("http://acme.localhost:8080/s/{code}"));
    assert_eq!((code.len(), &link["status"]), (22, &json!("live")));
    assert_eq!(link["has_password"], true);

    let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let read = world.ask(&ada, "GET", &own, None).await;
    assert_eq!(
        (read.json(), read.header("etag")),
        (link.clone(), Some("\"1\""))
    );
    assert_eq!(world.events().await, ["link.created"]);

    let row =
        "select row_to_json(links)::text || (select json_agg(outbox)::text from outbox) from links";
    let stored: String = sqlx::query_scalar(row).fetch_one(&world.db).await.unwrap();
    assert!(
        !stored.contains(code) && !stored.contains("correct horse"),
        "{stored}"
    );
    world.end().await;
}

#[tokio::test]
async fn members_manage_their_own_links_and_managers_all_of_their_organization() {
    let world = World::new().await;
    let (ada, bob) = (world.person(Role::Member), world.person(Role::Member));
    let manager = world.person(Role::Manager);
    let stranger = world.person_of(world.other_tenant, Role::Owner);
    let first = world.link(&ada, &json!({})).await;
    let second = world.link(&bob, &json!({})).await;

    for (person, sees) in [(&ada, 1), (&bob, 1), (&manager, 2), (&stranger, 0)] {
        let list = world.ask(person, "GET", "/api/v1/links", None).await;
        assert_eq!(list.json()["items"].as_array().unwrap().len(), sees);
    }
    let own = format!("/api/v1/links/{}", first["id"].as_str().unwrap());
    for (person, status) in [(&ada, 200), (&bob, 404), (&manager, 200), (&stranger, 404)] {
        assert_eq!(world.ask(person, "GET", &own, None).await.status, status);
    }
    assert_eq!(world.ask(&bob, "DELETE", &own, None).await.status, 404);
    assert_eq!(world.ask(&manager, "DELETE", &own, None).await.status, 204);

    let page = world
        .ask(&manager, "GET", "/api/v1/links?limit=1", None)
        .await
        .json();
    assert_eq!(page["items"][0]["id"], second["id"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = format!("/api/v1/links?limit=1&cursor={cursor}");
    let page = world.ask(&manager, "GET", &next, None).await.json();
    assert_eq!(page["items"][0]["id"], first["id"]);
    assert_eq!(
        (&page["items"][0]["status"], &page["next_cursor"]),
        (&json!("revoked"), &json!(null))
    );

    let resource = format!("task:{}", second["resource"]["id"].as_str().unwrap());
    let of_task = format!("/api/v1/links?resource={resource}");
    let list = world.ask(&manager, "GET", &of_task, None).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn only_what_the_caller_may_share_gets_a_link() {
    let world = World::new().await;
    let (ada, viewer) = (world.person(Role::Member), world.person(Role::Viewer));
    let past = world.later(TimeDelta::seconds(-1));
    let table = [
        (
            &ada,
            json!({ "id": FORBIDDEN, "kind": "task" }),
            json!({}),
            403,
        ),
        (
            &ada,
            json!({ "id": UNKNOWN, "kind": "task" }),
            json!({}),
            404,
        ),
        (
            &ada,
            json!({ "id": task(), "kind": "user" }),
            json!({}),
            422,
        ),
        (
            &ada,
            json!({ "id": task(), "kind": "task" }),
            json!({ "password": "short" }),
            422,
        ),
        (
            &ada,
            json!({ "id": task(), "kind": "task" }),
            json!({ "max_opens": 0 }),
            422,
        ),
        (
            &ada,
            json!({ "id": task(), "kind": "task" }),
            json!({ "expires_at": past }),
            422,
        ),
        (
            &viewer,
            json!({ "id": task(), "kind": "task" }),
            json!({}),
            403,
        ),
    ];
    for (person, resource, more, status) in table {
        let mut body = json!({ "resource": resource });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = world
            .ask(person, "POST", "/api/v1/links", Some(&body))
            .await;
        assert_eq!(answer.status, status, "{body} {}", answer.text);
    }
    assert!(world.events().await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn repeated_request_makes_one_link_and_keeps_no_secret() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let body = json!({ "resource": { "kind": "task", "id": task() }, "password": "correct horse" });
    let mut made = Vec::new();
    for _ in 0..2 {
        let answer = world.ask_once(&ada, "key-1", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        made.push(answer.json());
    }
    assert_eq!(made[0], made[1]);
    let kept: String = sqlx::query_scalar("select body::text from idempotency_keys")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert!(!kept.contains(made[0]["code"].as_str().unwrap()), "{kept}");
    assert_eq!(world.events().await, ["link.created"]);
    world.end().await;
}

#[tokio::test]
async fn link_taken_back_stops_at_once_also_for_guests_who_are_in() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let link = world.link(&ada, &json!({})).await;
    let page = path(&link);
    let cookie = world
        .send(world.tenant, browse(&page, None))
        .await
        .cookie()
        .unwrap();
    assert_eq!(
        world
            .send(world.tenant, browse(&page, Some(&cookie)))
            .await
            .status,
        200
    );

    let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    assert_eq!(world.ask(&ada, "DELETE", &own, None).await.status, 204);
    assert_eq!(world.ask(&ada, "DELETE", &own, None).await.status, 204);
    assert_eq!(
        world
            .send(world.tenant, browse(&page, Some(&cookie)))
            .await
            .status,
        404
    );
    world.stop().await;
    let mut events = world.events().await;
    events.sort();
    assert_eq!(events, ["link.accessed", "link.created", "link.revoked"]);
    world.end().await;
}

#[tokio::test]
async fn document_describes_every_route() {
    let world = World::new().await;
    let request = Request::get("/internal/openapi.json").body(Body::empty());
    let document = world.send(world.tenant, request.unwrap()).await.json();
    let paths = document["paths"].as_object().unwrap();
    let all: Vec<&str> = paths.keys().map(String::as_str).collect();
    let expected = [
        "/api/v1/links",
        "/api/v1/links/policy",
        "/api/v1/links/revoke",
        "/api/v1/links/{id}",
        "/api/v1/links/{id}/qr",
        "/api/v1/links/{id}/rotate",
        "/s/{code}",
    ];
    assert_eq!(all, expected);
    assert_eq!(
        document["paths"]["/api/v1/links"]["post"]["operationId"],
        "create_link"
    );
    assert!(document["components"]["schemas"]["ProblemBody"].is_object());
    world.end().await;
}
