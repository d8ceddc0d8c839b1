//! What is on the guest's pages, and what is not.

use axum::body::Body;
use http::Request;
use kernel::Role;
use serde_json::json;

use crate::world::{World, browse, path, task};

#[tokio::test]
async fn comments_and_people_are_shown_where_the_link_says_so() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let shown = async |shows: serde_json::Value| {
        let link = world.link(&ada, &json!({ "shows": shows })).await;
        let page = world.send(world.tenant, browse(&path(&link), None)).await;
        (page.text, link["created_by"].as_str().unwrap().to_owned())
    };
    let (plain, maker) = shown(json!({})).await;
    assert!(
        !plain.contains("Comments") && !plain.contains(&maker),
        "{plain}"
    );
    let (comments, _) = shown(json!({ "comments": true })).await;
    assert!(
        comments.contains("Person 1") && comments.contains("<em>Who</em> pays?"),
        "{comments}"
    );
    let (people, maker) = shown(json!({ "people": true })).await;
    assert!(
        people.contains(&maker) && !people.contains("Comments"),
        "{people}"
    );
    world.end().await;
}

#[tokio::test]
async fn board_keeps_itself_up_to_date_by_a_script_of_its_own() {
    let world = World::new().await;
    let fields = json!({ "resource": { "kind": "board", "id": task() } });
    let link = world.link(&world.person(Role::Member), &fields).await;
    let page = world.send(world.tenant, browse(&path(&link), None)).await;
    assert!(
        page.text.contains("Launch") && page.text.contains("Fuel"),
        "{}",
        page.text
    );
    let policy = page.header("content-security-policy").unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let script = page.text.split("<script src=\"").nth(1).unwrap();
    let script = script.split('"').next().unwrap();
    let script = world.send(world.tenant, browse(script, None)).await;
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    // Looking again is no other open.
    let again = browse(&path(&link), page.cookie().as_deref());
    assert_eq!(world.send(world.tenant, again).await.text, page.text);
    world.opened(1).await;
    world.end().await;
}

#[tokio::test]
async fn previews_name_only_what_everybody_with_the_link_may_see() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let table = [
        (json!({}), true),
        (json!({ "password": "correct horse" }), false),
        (json!({ "max_opens": 1 }), false),
    ];
    for (fields, named) in table {
        let link = world.link(&ada, &fields).await;
        let bot = Request::get(path(&link)).header("user-agent", "WhatsApp/2.24");
        let page = world
            .send(world.tenant, bot.body(Body::empty()).unwrap())
            .await;
        assert_eq!(page.status, 200);
        assert_eq!(
            page.text.contains("APO-12"),
            named,
            "{fields} {}",
            page.text
        );
        assert!(page.text.contains("property=\"og:title\""), "{}", page.text);
        assert!(!page.text.contains("bold"), "{}", page.text);
        let person = world.send(world.tenant, browse(&path(&link), None)).await;
        let own_preview = person
            .text
            .contains("og:title\" content=\"Shared with you\"");
        assert!(own_preview, "{}", person.text);
    }
    world.end().await;
}

#[tokio::test]
async fn password_in_the_address_opens_nothing() {
    let world = World::new().await;
    let fields = json!({ "password": "correct horse" });
    let link = world.link(&world.person(Role::Member), &fields).await;
    for name in ["password", "pw"] {
        let page = format!("{}?{name}=correct%20horse", path(&link));
        let answer = world.send(world.tenant, browse(&page, None)).await;
        assert!(answer.text.contains("type=\"password\""), "{}", answer.text);
        assert_eq!(answer.cookie(), None);
    }
    world.end().await;
}
