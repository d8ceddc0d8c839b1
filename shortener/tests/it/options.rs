//! What a link can be told to do: slug, times, pause, another password, another code, many at once.

use std::collections::HashSet;

use axum::body::Body;
use chrono::TimeDelta;
use futures::future::join_all;
use http::Request;
use kernel::Role;
use sea_orm::sqlx;
use serde_json::{Value, json};

use crate::neighbours::UNSHAREABLE;
use crate::world::{Person, World, browse, path, program, submit, task};

const PASSWORD: &str = "correct horse";

fn own(link: &Value) -> String {
    format!("/api/v1/links/{}", link["id"].as_str().unwrap())
}

async fn status(world: &World, page: &str) -> u16 {
    world
        .send(world.tenant, browse(page, None))
        .await
        .status
        .as_u16()
}

async fn make(world: &World, owner: &Person, fields: &Value) -> (u16, String) {
    let mut body = json!({ "resource": { "kind": "task", "id": task() } });
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    world
        .ask(owner, "POST", "/api/v1/links", Some(&body))
        .await
        .outcome()
}

#[tokio::test]
async fn link_to_an_address_leads_to_pages_of_the_own_host_alone() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    for url in [
        "/projects/1?tab=board",
        "http://acme.localhost:8080/projects/1?tab=board",
    ] {
        let fields = json!({ "resource": { "kind": "url", "url": url } });
        let link = world.link(&ada, &fields).await;
        assert_eq!(
            link["resource"]["url"],
            "http://acme.localhost:8080/projects/1?tab=board"
        );
        assert_eq!(link["resource"].get("id"), None);
        let answer = world.send(world.tenant, browse(&path(&link), None)).await;
        assert_eq!(answer.status, 302);
        assert_eq!(answer.header("location"), Some("/projects/1?tab=board"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(
            answer.header("x-robots-tag"),
            Some("noindex, nofollow, noarchive")
        );
        assert_eq!(answer.cookie(), None);
        let told = world
            .send(world.tenant, program("GET", &path(&link), None))
            .await;
        assert_eq!(
            told.json(),
            json!({"kind": "url", "url": "/projects/1?tab=board"})
        );
    }
    for url in [
        "https://evil.test/",
        "//evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://globex.localhost:8080/",
        "/s/2222222222222222222222",
        "/api/v1/tasks",
    ] {
        let fields = json!({ "resource": { "kind": "url", "url": url } });
        assert_eq!(make(&world, &ada, &fields).await.0, 422, "{url}");
    }
    for resource in [
        json!({"kind": "url"}),
        json!({"kind": "url", "id": task(), "url": "/x"}),
        json!({"kind": "task", "id": task(), "url": "/x"}),
        json!({"kind": "task"}),
        json!({"kind": "view", "id": UNSHAREABLE}),
    ] {
        let (status, _) = make(&world, &ada, &json!({ "resource": resource })).await;
        assert_eq!(status, 422, "{resource}");
    }
    world.end().await;
}

#[tokio::test]
async fn redirects_are_counted_whether_the_link_is_remembered_or_not() {
    let world = World::new().await;
    world.remembers().await;
    let fields = json!({ "resource": { "kind": "url", "url": "/projects/1" } });
    let link = world.link(&world.person(Role::Member), &fields).await;
    for _ in 0..20 {
        assert_eq!(status(&world, &path(&link)).await, 302);
    }
    let bot = Request::get(path(&link)).header("user-agent", "Slackbot-LinkExpanding 1.0");
    let bot = world
        .send(world.tenant, bot.body(Body::empty()).unwrap())
        .await;
    assert_eq!((bot.status.as_u16(), bot.header("location")), (200, None));
    world.opened(20).await;
    world.stop().await;
    let told = "select count(*), count(distinct event->>'id'), count(*) filter (where (event->'data'->>'bot')::bool)
        from outbox where type = 'link.accessed'";
    let told: (i64, i64, i64) = sqlx::query_as(told).fetch_one(&world.db).await.unwrap();
    assert_eq!(told, (21, 21, 1));
    world.end().await;
}

#[tokio::test]
async fn slug_is_a_second_address_that_tells_nothing_once_it_is_over() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let fields = json!({
        "slug": "q3-report", "password": PASSWORD, "expires_at": world.later(TimeDelta::minutes(5)),
    });
    let link = world.link(&ada, &fields).await;
    assert_eq!(link["slug_url"], "http://acme.localhost:8080/s/q3-report");
    let opened = world
        .send(world.tenant, submit("/s/q3-report", "correct+horse"))
        .await;
    assert_eq!(opened.header("location"), Some("/s/q3-report"));
    assert!(
        opened
            .header("set-cookie")
            .unwrap()
            .contains("; Path=/s/q3-report;")
    );
    let inside = browse("/s/q3-report", opened.cookie().as_deref());
    assert!(
        world
            .send(world.tenant, inside)
            .await
            .text
            .contains("Task ")
    );

    world.clock.advance(TimeDelta::minutes(6));
    let unknown = world
        .send(world.tenant, browse("/s/no-such-slug", None))
        .await;
    let ended = world.send(world.tenant, browse("/s/q3-report", None)).await;
    assert_eq!((ended.status.as_u16(), &ended.text), (404, &unknown.text));
    assert_eq!(status(&world, &path(&link)).await, 410);
    let elsewhere = browse("/s/q3-report", None);
    assert_eq!(world.send(world.other_tenant, elsewhere).await.status, 404);
    world.end().await;
}

#[tokio::test]
async fn slugs_are_plain_need_a_password_and_are_never_used_again() {
    let world = World::new().await;
    let (ada, bob) = (
        world.person(Role::Member),
        world.person_of(world.other_tenant, Role::Member),
    );
    for slug in [
        "ab",
        "Q3",
        "a--b",
        "assets",
        "login",
        "x/y",
        "2222222222222222222222",
    ] {
        let fields = json!({ "slug": slug, "password": PASSWORD });
        assert_eq!(make(&world, &ada, &fields).await.0, 422, "{slug}");
    }
    assert_eq!(
        make(&world, &ada, &json!({ "slug": "q3-report" })).await.0,
        422
    );

    let fields = json!({ "slug": "q3-report", "password": PASSWORD });
    let link = world.link(&ada, &fields).await;
    world.link(&bob, &fields).await;
    let taken = (409, "slug_taken".to_owned());
    assert_eq!(make(&world, &ada, &fields).await, taken);
    world
        .change(&ada, &link, &json!({ "slug": "q4-report" }))
        .await;
    assert_eq!(status(&world, "/s/q3-report").await, 404);
    assert_eq!(make(&world, &ada, &fields).await, taken);
    // Its own it may have back.
    world
        .change(&ada, &link, &json!({ "slug": "q3-report" }))
        .await;
    world.ask(&ada, "DELETE", &own(&link), None).await;
    assert_eq!(make(&world, &ada, &fields).await, taken);
    let no_password = json!({ "password": null });
    let other = world
        .link(&ada, &json!({ "slug": "other", "password": PASSWORD }))
        .await;
    let refused = world
        .ask(&ada, "PATCH", &own(&other), Some(&no_password))
        .await;
    assert_eq!(refused.status, 422);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_one_slug_one_gets_it() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let fields = json!({ "slug": "launch", "resource": { "kind": "url", "url": "/launch" } });
    let made = join_all((0..64).map(|_| make(&world, &ada, &fields))).await;
    let count = |status| made.iter().filter(|(found, _)| *found == status).count();
    // A crowd may find no connection in time; two must never get it.
    assert_eq!((count(201), count(409) + count(503)), (1, 63), "{made:?}");
    world.end().await;
}

#[tokio::test]
async fn link_begins_at_its_time() {
    let world = World::new().await;
    let fields = json!({ "starts_at": world.later(TimeDelta::minutes(5)), "slug": "soon", "password": PASSWORD });
    let link = world.link(&world.person(Role::Member), &fields).await;
    assert_eq!(link["status"], "scheduled");
    let early = world.send(world.tenant, browse(&path(&link), None)).await;
    assert_eq!(early.status, 403);
    assert!(early.text.contains("does not work yet"), "{}", early.text);
    let told = world
        .send(world.tenant, program("GET", &path(&link), None))
        .await;
    assert_eq!(told.outcome(), (403, "link_not_started".to_owned()));
    let post = world
        .send(world.tenant, submit(&path(&link), "correct+horse"))
        .await;
    assert_eq!((post.status.as_u16(), post.cookie()), (403, None));
    assert_eq!(status(&world, "/s/soon").await, 404);
    world.clock.advance(TimeDelta::minutes(5));
    assert_eq!(status(&world, &path(&link)).await, 200);
    assert_eq!(status(&world, "/s/soon").await, 200);
    world.end().await;
}

#[tokio::test]
async fn paused_link_is_not_there_also_for_guests_who_are_in() {
    let world = World::new().await;
    world.remembers().await;
    let ada = world.person(Role::Member);
    let link = world.link(&ada, &json!({ "max_opens": 5 })).await;
    let page = path(&link);
    let cookie = world.send(world.tenant, browse(&page, None)).await.cookie();
    let paused = world.change(&ada, &link, &json!({ "paused": true })).await;
    assert_eq!(
        (&paused["status"], &paused["version"]),
        (&json!("paused"), &json!(2))
    );
    for cookie in [None, cookie.as_deref()] {
        assert_eq!(
            world.send(world.tenant, browse(&page, cookie)).await.status,
            404
        );
    }
    world.change(&ada, &link, &json!({ "paused": false })).await;
    let inside = browse(&page, cookie.as_deref());
    assert_eq!(world.send(world.tenant, inside).await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn another_password_or_code_puts_guests_out() {
    let world = World::new().await;
    world.remembers().await;
    let ada = world.person(Role::Member);
    let link = world.link(&ada, &json!({ "password": PASSWORD })).await;
    let page = path(&link);
    let enter = async |page: &str, password: &str| {
        let opened = world.send(world.tenant, submit(page, password)).await;
        (opened.status.as_u16(), opened.cookie())
    };
    let (_, first) = enter(&page, "correct+horse").await;
    world
        .change(&ada, &link, &json!({ "password": "another horse" }))
        .await;
    let shown = world
        .send(world.tenant, browse(&page, first.as_deref()))
        .await;
    assert!(shown.text.contains("type=\"password\""), "{}", shown.text);
    assert_eq!(enter(&page, "correct+horse").await.0, 401);
    let (status, second) = enter(&page, "another+horse").await;
    assert_eq!(status, 303);

    let turned = world
        .ask(&ada, "POST", &format!("{}/rotate", own(&link)), None)
        .await;
    let turned = turned.json();
    assert_ne!(turned["code"], link["code"]);
    let gone = browse(&page, second.as_deref());
    assert_eq!(world.send(world.tenant, gone).await.status, 404);
    let anew = world
        .send(world.tenant, browse(&path(&turned), second.as_deref()))
        .await;
    assert!(anew.text.contains("type=\"password\""), "{}", anew.text);

    world
        .change(&ada, &link, &json!({ "password": null }))
        .await;
    let open = world.send(world.tenant, browse(&path(&turned), None)).await;
    assert!(open.text.contains("Task "), "{}", open.text);
    let stored: Option<String> = sqlx::query_scalar("select password_hash from links")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert_eq!(stored, None);
    world.end().await;
}

#[tokio::test]
async fn passwords_are_kept_as_argon2id_of_owasps_strength() {
    let world = World::new().await;
    world
        .link(
            &world.person(Role::Member),
            &json!({ "password": PASSWORD }),
        )
        .await;
    let stored: String = sqlx::query_scalar("select password_hash from links")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    world.end().await;
}

#[tokio::test]
async fn changes_keep_to_their_version_and_are_told() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let link = world
        .link(&ada, &json!({ "label": "For the supplier" }))
        .await;
    assert_eq!(link["label"], "For the supplier");
    let edit = |version: &str, body: Value| {
        let request = Request::patch(own(&link))
            .header("if-match", version)
            .header("content-type", "application/json")
            .header("authorization", ada.bearer());
        world.send(
            world.tenant,
            request.body(Body::from(body.to_string())).unwrap(),
        )
    };
    let stale = edit("\"7\"", json!({ "label": null })).await;
    assert_eq!(stale.status, 412);
    let same = edit("\"1\"", json!({ "label": "For the supplier" })).await;
    assert_eq!(
        (same.status.as_u16(), same.header("etag")),
        (200, Some("\"1\""))
    );
    let changed = edit(
        "\"1\"",
        json!({ "label": null, "max_opens": 7, "shows": { "comments": true } }),
    )
    .await;
    assert_eq!(
        (changed.status.as_u16(), changed.header("etag")),
        (200, Some("\"2\""))
    );
    let changed = changed.json();
    assert_eq!(
        (&changed["label"], &changed["max_opens"]),
        (&json!(null), &json!(7))
    );
    assert_eq!(
        changed["shows"],
        json!({ "comments": true, "people": false })
    );
    for (fields, status) in [
        (
            json!({ "expires_at": world.later(TimeDelta::seconds(-1)) }),
            422,
        ),
        (json!({ "max_opens": 0 }), 422),
        (json!({ "url": "/x" }), 422),
        (json!({ "password": "short" }), 422),
        (json!({ "label": " x" }), 422),
        (json!({ "code": "x" }), 422),
        (json!({}), 200),
    ] {
        let answer = world.ask(&ada, "PATCH", &own(&link), Some(&fields)).await;
        assert_eq!(answer.status, status, "{fields} {}", answer.text);
    }
    let told: Value =
        sqlx::query_scalar("select event->'data' from outbox where type = 'link.updated'")
            .fetch_one(&world.db)
            .await
            .unwrap();
    assert_eq!(told["changed"], json!(["label", "max_opens", "shows"]));
    let stranger = world.person(Role::Member);
    let hidden = world
        .ask(
            &stranger,
            "PATCH",
            &own(&link),
            Some(&json!({ "label": "x" })),
        )
        .await;
    assert_eq!(hidden.status, 404);
    world.ask(&ada, "DELETE", &own(&link), None).await;
    let late = world
        .ask(&ada, "PATCH", &own(&link), Some(&json!({ "label": "x" })))
        .await;
    assert_eq!(late.outcome(), (409, "link_revoked".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn lists_are_filtered_by_what_links_are_and_where_they_stand() {
    let world = World::new().await;
    let (ada, boss) = (world.person(Role::Member), world.person(Role::Manager));
    let hour = world.later(TimeDelta::hours(1));
    let soon = world.later(TimeDelta::minutes(1));
    let address = json!({ "kind": "url", "url": "/x" });
    let fields = [
        json!({ "label": "Plain" }),
        json!({ "starts_at": hour, "slug": "later", "password": PASSWORD }),
        json!({ "expires_at": soon }),
        json!({ "resource": address, "max_opens": 1 }),
        json!({}),
        json!({}),
    ];
    let mut links = Vec::new();
    for fields in &fields {
        links.push(world.link(&ada, fields).await);
    }
    world.link(&boss, &json!({})).await;
    assert_eq!(status(&world, &path(&links[3])).await, 302);
    world
        .change(&ada, &links[4], &json!({ "paused": true }))
        .await;
    world.ask(&ada, "DELETE", &own(&links[5]), None).await;
    world.clock.advance(TimeDelta::minutes(1));
    let me = links[0]["created_by"].as_str().unwrap();
    let ids = async |query: String| {
        let list = world
            .ask(&boss, "GET", &format!("/api/v1/links?{query}"), None)
            .await;
        assert_eq!(list.status, 200, "{query} {}", list.text);
        let items = list.json()["items"].as_array().unwrap().clone();
        let of = |item: &Value| item["id"].as_str().unwrap().to_owned();
        items.iter().map(of).collect::<HashSet<_>>()
    };
    for (index, standing) in [
        "live",
        "scheduled",
        "expired",
        "used_up",
        "paused",
        "revoked",
    ]
    .into_iter()
    .enumerate()
    {
        let expected = HashSet::from([links[index]["id"].as_str().unwrap().to_owned()]);
        let found = ids(format!("status={standing}&created_by={me}")).await;
        assert_eq!(found, expected, "{standing}");
    }
    assert_eq!(ids("kind=url".to_owned()).await.len(), 1);
    assert_eq!(ids("q=plAIN".to_owned()).await.len(), 1);
    assert_eq!(ids("q=late".to_owned()).await.len(), 1);
    assert_eq!(ids("q=%25".to_owned()).await.len(), 2);
    assert_eq!(ids(format!("created_by={me}")).await.len(), 6);
    assert_eq!(ids(String::new()).await.len(), 7);
    for wrong in ["status=x", "kind=room", "resource=task", "whatever=1"] {
        let refused = world
            .ask(&boss, "GET", &format!("/api/v1/links?{wrong}"), None)
            .await;
        assert_eq!(refused.status, 422, "{wrong}");
    }
    world.end().await;
}

#[tokio::test]
async fn many_links_are_taken_back_at_once_by_who_may() {
    let world = World::new().await;
    world.remembers().await;
    let (ada, bob) = (world.person(Role::Member), world.person(Role::Member));
    let boss = world.person(Role::Manager);
    let mut pages = Vec::new();
    for owner in [&ada, &ada, &ada, &bob] {
        let link = world.link(owner, &json!({})).await;
        assert_eq!(status(&world, &path(&link)).await, 200);
        pages.push((path(&link), link));
    }
    let revoke = async |who: &Person, body: Value| {
        let answer = world
            .ask(who, "POST", "/api/v1/links/revoke", Some(&body))
            .await;
        (answer.status.as_u16(), answer.json()["revoked"].as_u64())
    };
    assert_eq!(revoke(&ada, json!({})).await.0, 422);
    let id = |index: usize| pages[index].1["id"].clone();
    let both = json!({ "ids": [id(0), id(3)] });
    assert_eq!(revoke(&ada, both.clone()).await, (200, Some(1)));
    assert_eq!(revoke(&ada, both).await, (200, Some(0)));
    let of_ada = json!({ "created_by": pages[0].1["created_by"] });
    assert_eq!(revoke(&bob, of_ada.clone()).await, (200, Some(0)));
    assert_eq!(revoke(&boss, of_ada).await, (200, Some(2)));
    let task = format!("task:{}", pages[3].1["resource"]["id"].as_str().unwrap());
    assert_eq!(status(&world, &pages[3].0).await, 200);
    assert_eq!(
        revoke(&boss, json!({ "resource": task })).await,
        (200, Some(1))
    );
    for (page, _) in &pages {
        assert_eq!(status(&world, page).await, 404);
    }
    world.stop().await;
    let revoked = world.events().await;
    assert_eq!(
        revoked
            .iter()
            .filter(|kind| *kind == "link.revoked")
            .count(),
        4
    );
    world.end().await;
}

#[tokio::test]
async fn owner_gets_the_address_as_a_code_to_scan() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let link = world.link(&ada, &json!({})).await;
    let qr = async |who: &Person, query: &str| {
        world
            .ask(who, "GET", &format!("{}/qr{query}", own(&link)), None)
            .await
    };
    let svg = qr(&ada, "").await;
    assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
    assert!(
        svg.text.starts_with("<svg") && !svg.text.contains("<script"),
        "{}",
        svg.text
    );
    let png = qr(&ada, "?format=png").await;
    assert_eq!(png.header("content-type"), Some("image/png"));
    assert_eq!(png.header("cache-control"), Some("no-store"));
    let picture = image::load_from_memory(&png.bytes).unwrap().into_luma8();
    // The finder pattern's corner, behind four light modules of eight dots.
    assert_eq!(
        (picture.get_pixel(31, 31)[0], picture.get_pixel(32, 32)[0]),
        (255, 0)
    );
    assert_eq!(picture.width(), picture.height());
    assert_eq!(qr(&ada, "?format=gif").await.status, 422);
    assert_eq!(qr(&world.person(Role::Member), "").await.status, 404);
    world.end().await;
}
