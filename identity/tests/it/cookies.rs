//! Sessions of browsers: in cookies, and proved by a token.

use httpkit::browser::Csrf;
use kernel::TenantId;
use serde_json::json;

use crate::call::Answer;
use crate::world::{PASSWORD, World};

/// Value of a cookie that the answer sets, with its attributes.
fn cookie(answer: &Answer, name: &str) -> (String, String) {
    let lines = answer.headers.get_all("set-cookie").iter();
    let mut lines = lines.map(|line| line.to_str().unwrap());
    let found = lines.find_map(|line| line.strip_prefix(&format!("__Host-tenantry_{name}=")));
    let found = found.unwrap_or_else(|| panic!("no cookie {name} in {answer:?}"));
    let (value, attributes) = found.split_once("; ").unwrap();
    (value.to_owned(), attributes.to_owned())
}

async fn log_in(world: &World, tenant: TenantId) -> Answer {
    let body = json!({"email": "acme@example.com", "password": PASSWORD});
    let call = world.post("/api/v1/auth/login", &body).at(tenant);
    call.header("x-tenantry-browser", "1")
        .send()
        .await
        .expect(200)
}

async fn refresh(world: &World, tenant: TenantId, token: &str, csrf: Option<&str>) -> Answer {
    let call = world
        .post("/api/v1/auth/refresh", &json!({}))
        .at(tenant)
        .header("cookie", &format!("__Host-tenantry_refresh={token}"));
    match csrf {
        Some(csrf) => call.header("x-csrf-token", csrf).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn browser_gets_its_session_in_cookies_and_no_token_in_the_body() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let answer = log_in(&world, acme.id).await;
    let shown = answer.body.as_object().unwrap();
    let names: Vec<_> = shown.keys().map(String::as_str).collect();
    assert_eq!(names, ["expires_in", "refresh_expires_in", "token_type"]);
    assert_eq!(answer.text("token_type"), "Cookie");

    let (access, attributes) = cookie(&answer, "access");
    let strict = "SameSite=Strict; Secure; Path=/; Max-Age=";
    assert_eq!(attributes, format!("HttpOnly; {strict}900"));
    let me = world.get("/api/v1/auth/me").at(acme.id).bearer(&access);
    assert_eq!(
        me.send().await.expect(200).body["user"]["id"],
        acme.owner_id
    );
    let (_, attributes) = cookie(&answer, "refresh");
    assert_eq!(attributes, format!("HttpOnly; {strict}604800"));
    let (csrf, attributes) = cookie(&answer, "csrf");
    assert_eq!(attributes, format!("{strict}604800"));
    let claims = world.identity.keys.verifier().verify(&access).await;
    let session = claims.unwrap().sid;
    assert!(Csrf::new(&testkit::SECRET.into()).admits(session, &csrf));
    world.close().await;
}

#[tokio::test]
async fn refresh_by_cookie_needs_the_token_of_the_session() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let first = log_in(&world, acme.id).await;
    let other = log_in(&world, acme.id).await;
    let (token, _) = cookie(&first, "refresh");
    let (csrf, _) = cookie(&first, "csrf");
    let (foreign, _) = cookie(&other, "csrf");
    for forged in [None, Some(""), Some("AAAA"), Some(foreign.as_str())] {
        let answer = refresh(&world, acme.id, &token, forged).await;
        assert_eq!(answer.problem(), (403, "csrf_refused"), "{forged:?}");
    }
    // What was forged used nothing up.
    let next = refresh(&world, acme.id, &token, Some(&csrf))
        .await
        .expect(200);
    assert!(next.body.get("refresh_token").is_none() && next.body.get("access_token").is_none());
    assert_eq!(cookie(&next, "csrf").0, csrf);
    let (next, _) = cookie(&next, "refresh");
    let _ = refresh(&world, acme.id, &next, Some(&csrf))
        .await
        .expect(200);

    // A copy that comes later ends the session, and the cookies with it.
    let answer = refresh(&world, acme.id, &token, Some(&csrf)).await;
    assert_eq!(answer.problem(), (401, "invalid_refresh_token"));
    for name in ["access", "refresh", "csrf"] {
        let (value, attributes) = cookie(&answer, name);
        assert!(
            value.is_empty() && attributes.ends_with("Max-Age=0"),
            "{attributes}"
        );
    }
    world.close().await;
}

#[tokio::test]
async fn refresh_without_any_token_says_so() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let call = || world.post("/api/v1/auth/refresh", &json!({})).at(acme.id);
    assert_eq!(call().send().await.status, 422);
    let browser = call().header("x-tenantry-browser", "1").send().await;
    assert_eq!(browser.problem(), (401, "invalid_refresh_token"));
    world.close().await;
}

#[tokio::test]
async fn logout_of_a_browser_ends_its_cookies() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let answer = log_in(&world, acme.id).await;
    let (access, _) = cookie(&answer, "access");
    let call = world.post("/api/v1/auth/logout", &json!({})).at(acme.id);
    let call = call.bearer(&access).header("x-tenantry-browser", "1");
    let answer = call.send().await.expect(204);
    for name in ["access", "refresh", "csrf"] {
        assert_eq!(cookie(&answer, name).0, "");
    }
    world.close().await;
}
