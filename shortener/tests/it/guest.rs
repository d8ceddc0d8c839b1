//! Opening links.

use axum::body::Body;
use chrono::TimeDelta;
use futures::future::join_all;
use http::Request;
use kernel::Role;
use sea_orm::sqlx;
use serde_json::{Value, json};

use crate::world::{BROWSER, World, browse, path, program, submit};

async fn opens(world: &World) -> i64 {
    let opens = sqlx::query_scalar("select sum(opens)::bigint from links");
    opens.fetch_one(&world.db).await.unwrap()
}

#[tokio::test]
async fn link_shows_its_own_task_and_counts_a_session_once() {
    let world = World::new().await;
    let link = world.link(&world.person(Role::Member), &json!({})).await;
    let page = path(&link);
    let first = world.send(world.tenant, browse(&page, None)).await;
    let task = link["resource"]["id"].as_str().unwrap();
    assert_eq!(first.status, 200);
    assert!(
        first
            .text
            .contains(&format!("Task {task} of {}", world.tenant)),
        "{}",
        first.text
    );
    assert!(
        first.text.contains("<strong>bold</strong>"),
        "{}",
        first.text
    );
    let again = browse(&page, first.cookie().as_deref());
    assert_eq!(world.send(world.tenant, again).await.text, first.text);
    world.opened(1).await;

    let shown = world
        .send(world.tenant, program("GET", &page, None))
        .await
        .json();
    assert_eq!(
        (&shown["kind"], &shown["key"]),
        (&json!("task"), &json!("APO-12"))
    );
    world.opened(2).await;
    world.stop().await;
    let events = world.events().await;
    assert_eq!(events, ["link.created", "link.accessed", "link.accessed"]);
    let told: Value = sqlx::query_scalar("select event->'data' from outbox where seq = 2")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert_eq!(
        (&told["device"], &told["bot"]),
        (&json!("desktop"), &json!(false))
    );
    assert!(!told.to_string().contains("192.0.2.1") && !told.to_string().contains("Firefox"));
    world.end().await;
}

#[tokio::test]
async fn password_stands_before_everything() {
    let world = World::new().await;
    let fields = json!({ "password": "correct horse" });
    let link = world.link(&world.person(Role::Member), &fields).await;
    let page = path(&link);
    let asked = world.send(world.tenant, browse(&page, None)).await;
    assert_eq!((asked.status.as_u16(), asked.cookie()), (200, None));
    assert!(asked.text.contains("type=\"password\"") && !asked.text.contains("Task "));
    let told = world.send(world.tenant, program("GET", &page, None)).await;
    assert_eq!(told.outcome(), (401, "password_required".to_owned()));

    let wrong = world
        .send(world.tenant, submit(&page, "correct+house"))
        .await;
    assert_eq!((wrong.status.as_u16(), wrong.cookie()), (401, None));
    assert!(wrong.text.contains("not the password"), "{}", wrong.text);
    let right = world
        .send(world.tenant, submit(&page, "correct+horse"))
        .await;
    assert_eq!(
        (right.status.as_u16(), right.header("location")),
        (303, Some(page.as_str()))
    );
    let shown = world
        .send(world.tenant, browse(&page, right.cookie().as_deref()))
        .await;
    assert!(shown.text.contains("Task "), "{}", shown.text);

    for (password, outcome) in [
        ("correct house", (401, "wrong_password".to_owned())),
        ("correct horse", (200, String::new())),
    ] {
        let attempt = program("POST", &page, Some(&json!({ "password": password })));
        assert_eq!(world.send(world.tenant, attempt).await.outcome(), outcome);
    }
    world.opened(2).await;
    let failed = sqlx::query_scalar("select failed_attempts from links");
    let failed: i64 = failed.fetch_one(&world.db).await.unwrap();
    assert_eq!(failed, 2);
    world.end().await;
}

#[tokio::test]
async fn unknown_revoked_and_foreign_links_cannot_be_told_apart() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let foreign = world
        .link(
            &world.person_of(world.other_tenant, Role::Member),
            &json!({}),
        )
        .await;
    let revoked = world.link(&ada, &json!({})).await;
    let own = format!("/api/v1/links/{}", revoked["id"].as_str().unwrap());
    world.ask(&ada, "DELETE", &own, None).await;

    let unknown = "/s/2222222222222222222222".to_owned();
    let paths = [unknown, path(&revoked), path(&foreign), "/s/x".to_owned()];
    let mut seen = Vec::new();
    for page in &paths {
        let html = world.send(world.tenant, browse(page, None)).await;
        assert_eq!(html.status, 404);
        let json = world.send(world.tenant, program("GET", page, None)).await;
        let mut problem = json.json();
        problem
            .as_object_mut()
            .unwrap()
            .retain(|name, _| name != "instance" && name != "request_id");
        let post = world
            .send(world.tenant, submit(page, "correct+horse"))
            .await;
        assert_eq!((post.status.as_u16(), &post.text), (404, &html.text));
        seen.push((html.text, format!("{:?}", html.headers), problem));
    }
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
    let at_home = world
        .send(world.other_tenant, browse(&path(&foreign), None))
        .await;
    assert_eq!(at_home.status, 200);
    world.end().await;
}

#[tokio::test]
async fn link_ends_at_its_time_also_for_guests_who_are_in() {
    let world = World::new().await;
    let fields = json!({ "expires_at": world.later(TimeDelta::minutes(5)) });
    let link = world.link(&world.person(Role::Member), &fields).await;
    let page = path(&link);
    let cookie = world.send(world.tenant, browse(&page, None)).await.cookie();
    world.clock.advance(TimeDelta::minutes(5));
    for cookie in [None, cookie.as_deref()] {
        assert_eq!(
            world.send(world.tenant, browse(&page, cookie)).await.status,
            410
        );
    }
    let told = world.send(world.tenant, program("GET", &page, None)).await;
    assert_eq!(told.outcome(), (410, "link_expired".to_owned()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guests_at_once_no_more_pass_than_may() {
    let world = World::new().await;
    let link = world
        .link(&world.person(Role::Member), &json!({ "max_opens": 5 }))
        .await;
    let page = path(&link);
    let guests = (0..64).map(|_| world.send(world.tenant, browse(&page, None)));
    let answers = join_all(guests).await;
    let passed: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    // A crowd may find no connection in time; it must never find a sixth open.
    let refused = answers
        .iter()
        .filter(|answer| [410, 503].contains(&answer.status.as_u16()));
    assert_eq!((passed.len(), refused.count()), (5, 59));
    assert_eq!(opens(&world).await, 5);
    let stays = browse(&page, passed[0].cookie().as_deref());
    assert_eq!(world.send(world.tenant, stays).await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn previews_and_head_consume_and_show_nothing() {
    let world = World::new().await;
    let link = world
        .link(&world.person(Role::Member), &json!({ "max_opens": 1 }))
        .await;
    let page = path(&link);
    let ask = |method: &str, agent: &str, purpose: &str| {
        let request = Request::builder().method(method).uri(&page);
        let request = request
            .header("user-agent", agent)
            .header("sec-purpose", purpose);
        request.body(Body::empty()).unwrap()
    };
    let machines = [
        ask("GET", "Slackbot-LinkExpanding 1.0", ""),
        ask("GET", "WhatsApp/2.24", ""),
        ask("GET", BROWSER, "prefetch"),
        ask("HEAD", BROWSER, ""),
    ];
    for request in machines {
        let answer = world.send(world.tenant, request).await;
        assert_eq!((answer.status.as_u16(), answer.cookie()), (200, None));
        assert!(!answer.text.contains("APO-12"), "{}", answer.text);
    }
    assert_eq!(opens(&world).await, 0);
    assert_eq!(
        world.send(world.tenant, browse(&page, None)).await.status,
        200
    );
    world.end().await;
}

#[tokio::test]
async fn cookie_of_one_link_opens_no_other() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let open = world.link(&ada, &json!({})).await;
    let closed = world
        .link(&ada, &json!({ "password": "correct horse" }))
        .await;
    let cookie = world
        .send(world.tenant, browse(&path(&open), None))
        .await
        .cookie()
        .unwrap();
    let (_, value) = cookie.split_once('=').unwrap();
    let id = closed["id"].as_str().unwrap().replace('-', "");
    let forged = format!("sl_{}={value}", id.split_at(16).1);
    let answer = world
        .send(world.tenant, browse(&path(&closed), Some(&forged)))
        .await;
    assert!(answer.text.contains("type=\"password\""), "{}", answer.text);
    world.end().await;
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let world = World::new().await;
    let fields = json!({ "password": "correct horse" });
    let page = path(&world.link(&world.person(Role::Member), &fields).await);
    let table = [
        (Some("cross-site"), None, 403),
        (Some("same-site"), Some("http://globex.localhost:8080"), 403),
        (None, Some("http://globex.localhost:8080"), 403),
        (None, Some("http://acme.localhost:8080"), 303),
        (Some("same-origin"), Some("null"), 303),
        (None, None, 303),
    ];
    for (site, origin, status) in table {
        let mut request = submit(&page, "correct+horse");
        let headers = request.headers_mut();
        headers.remove("sec-fetch-site");
        headers.remove("origin");
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let answer = world.send(world.tenant, request).await;
        assert_eq!(answer.status, status, "{site:?} {origin:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn every_answer_keeps_to_itself() {
    let world = World::new().await;
    let fields = json!({ "password": "correct horse", "max_opens": 1 });
    let page = path(&world.link(&world.person(Role::Member), &fields).await);
    let answers = [
        (200, world.send(world.tenant, browse(&page, None)).await),
        (
            401,
            world
                .send(world.tenant, submit(&page, "correct+house"))
                .await,
        ),
        (
            413,
            world
                .send(world.tenant, submit(&page, &"x".repeat(5000)))
                .await,
        ),
        (
            303,
            world
                .send(world.tenant, submit(&page, "correct+horse"))
                .await,
        ),
        (410, world.send(world.tenant, browse(&page, None)).await),
        (404, world.send(world.tenant, browse("/s/x", None)).await),
    ];
    let expected = [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{}", answer.text);
        for (name, value) in expected {
            assert_eq!(answer.header(name), Some(value), "{status} {name}");
        }
        assert_eq!(answer.header("www-authenticate"), None);
        let cookie = answer.header("set-cookie");
        assert_eq!(cookie.is_some(), status == 303);
        assert!(cookie.is_none_or(|cookie| cookie.contains(&format!(
            "; Path={page}; Max-Age=43200; HttpOnly; SameSite=Lax"
        ))));
    }
    let html = world.send(world.tenant, browse("/s/x", None)).await.text;
    let style = html
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let style = world.send(world.tenant, browse(style, None)).await;
    assert_eq!(
        (style.status.as_u16(), style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
    world.end().await;
}
