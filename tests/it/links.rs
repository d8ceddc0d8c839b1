//! Step 5: sharing a task with a guest.

use chrono::TimeDelta;
use e2e::Organization;
use kernel::{Clock, Role};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Site, eventually};

const LINK_PASSWORD: &str = "opensesame-42";

struct Shared {
    acme: Organization,
    task: Value,
}

impl Shared {
    async fn new() -> Self {
        let acme = Organization::sign_up().await;
        let (project, _) = acme.project("Apollo").await;
        let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
        let body = json!({"title": "Launch window", "description": "Opens at **noon**. <script>alert(1)</script>"});
        let task = acme.owner.api.post(&path, &body).await.expect(201).json();
        Self { acme, task }
    }

    async fn link(&self, options: Value) -> Value {
        let mut body = json!({"resource": {"kind": "task", "id": self.task["id"]}});
        body.as_object_mut()
            .unwrap()
            .extend(options.as_object().unwrap().clone());
        self.acme
            .owner
            .api
            .post("/api/v1/links", &body)
            .await
            .expect(201)
            .json()
    }

    fn guest(&self) -> &Site {
        &self.acme.site
    }
}

fn page(link: &Value) -> String {
    format!("/s/{}", link["code"].as_str().unwrap())
}

async fn unlock(site: &Site, path: &str, password: &str) -> Answer {
    let request = site
        .request(Method::POST, path)
        .header("accept", "text/html");
    site.send(request.form(&[("password", password)])).await
}

fn cookie(answer: &Answer) -> String {
    let cookie = answer
        .header("set-cookie")
        .unwrap_or_else(|| panic!("no cookie: {}", answer.text));
    assert!(
        cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Lax")
            && cookie.contains("Path=/s/"),
        "{cookie}"
    );
    cookie.split(';').next().unwrap().to_owned()
}

async fn open(site: &Site, path: &str, cookie: Option<&str>) -> Answer {
    let mut request = site
        .request(Method::GET, path)
        .header("accept", "text/html");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let answer = site.send(request).await;
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(
        answer
            .header("x-robots-tag")
            .is_some_and(|value| value.contains("noindex"))
    );
    answer
}

/// Follows the redirect that a right password may answer with.
async fn enter(shared: &Shared, path: &str) -> (String, Answer) {
    let answer = unlock(shared.guest(), path, LINK_PASSWORD).await;
    assert!(
        [200, 303].contains(&answer.status.as_u16()),
        "{}",
        answer.text
    );
    let session = cookie(&answer);
    let seen = open(shared.guest(), path, Some(&session)).await;
    (session, seen)
}

#[tokio::test]
async fn guest_needs_the_password_and_sees_the_task_read_only_and_without_names() {
    let shared = Shared::new().await;
    let expires = (Clock::system().now() + TimeDelta::hours(1)).to_rfc3339();
    let link = shared
        .link(json!({"password": LINK_PASSWORD, "expires_at": expires}))
        .await;
    assert!(link["url"].as_str().unwrap().ends_with(&page(&link)));
    assert!(!link.to_string().contains(LINK_PASSWORD));

    let form = open(shared.guest(), &page(&link), None).await.expect(200);
    assert!(
        form.text.contains("password") && !form.text.contains("Launch window"),
        "{}",
        form.text
    );
    let wrong = unlock(shared.guest(), &page(&link), "wrong").await;
    assert!(
        [401, 403].contains(&wrong.status.as_u16()),
        "{}",
        wrong.text
    );
    assert!(!wrong.text.contains("Launch window"));

    let (_, seen) = enter(&shared, &page(&link)).await;
    let seen = seen.expect(200).text;
    assert!(
        seen.contains("Launch window") && seen.contains("<strong>noon</strong>"),
        "{seen}"
    );
    assert!(!seen.contains("<script"), "{seen}");
    assert!(
        !seen.contains("Olivia") && !seen.contains(&shared.acme.owner.email),
        "{seen}"
    );
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_throttled() {
    let shared = Shared::new().await;
    let link = shared.link(json!({"password": LINK_PASSWORD})).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(
            unlock(shared.guest(), &page(&link), "wrong")
                .await
                .status
                .as_u16(),
        );
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    // A used-up throttle refuses the right password as well, so that it tells nothing.
    let _ = unlock(shared.guest(), &page(&link), LINK_PASSWORD)
        .await
        .expect(429);
    let path = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let counted = shared.acme.owner.api.get(&path).await.expect(200).json();
    assert!(
        counted["failed_attempts"].as_i64().unwrap() >= 1,
        "{counted}"
    );
}

#[tokio::test]
async fn programs_get_the_same_as_json() {
    let shared = Shared::new().await;
    let link = shared.link(json!({"password": LINK_PASSWORD})).await;
    let site = shared.guest();
    let locked = site
        .request(Method::GET, &page(&link))
        .header("accept", "application/json");
    site.send(locked)
        .await
        .expect_problem(401, "password_required");
    let request = site
        .request(Method::POST, &page(&link))
        .header("accept", "application/json");
    let answer = site
        .send(request.json(&json!({"password": LINK_PASSWORD})))
        .await
        .expect(200);
    assert!(answer.text.contains("Launch window"), "{}", answer.text);
}

#[tokio::test]
async fn revoked_link_is_as_if_it_never_was_even_for_a_guest_inside() {
    let shared = Shared::new().await;
    let link = shared.link(json!({"password": LINK_PASSWORD})).await;
    let (session, seen) = enter(&shared, &page(&link)).await;
    let _ = seen.expect(200);
    let _ = shared
        .acme
        .owner
        .api
        .delete(&format!("/api/v1/links/{}", link["id"].as_str().unwrap()))
        .await
        .expect(204);
    let unknown = open(shared.guest(), "/s/abcdefghijkmnpqrstuvw", None)
        .await
        .expect(404);
    let inside = open(shared.guest(), &page(&link), Some(&session))
        .await
        .expect(404);
    let outside = open(shared.guest(), &page(&link), None).await.expect(404);
    assert_eq!(inside.text, unknown.text);
    assert_eq!(outside.text, unknown.text);
}

#[tokio::test]
async fn expired_link_is_gone() {
    let shared = Shared::new().await;
    let expires = (Clock::system().now() + TimeDelta::milliseconds(1_500)).to_rfc3339();
    let link = shared.link(json!({"expires_at": expires})).await;
    let _ = open(shared.guest(), &page(&link), None).await.expect(200);
    eventually("the link expires", 10, async || {
        (open(shared.guest(), &page(&link), None).await.status == 410).then_some(())
    })
    .await;
}

#[tokio::test]
async fn link_opens_only_on_its_own_organization_and_only_its_own_task() {
    let (shared, globex) = tokio::join!(Shared::new(), Organization::sign_up());
    let link = shared.link(json!({})).await;
    let _ = open(&globex.site, &page(&link), None).await.expect(404);
    // A guest's session is no access token.
    let opened = open(shared.guest(), &page(&link), None).await.expect(200);
    let session = opened
        .header("set-cookie")
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let request = shared
        .guest()
        .request(Method::GET, "/api/v1/projects")
        .header("cookie", session);
    let _ = shared.guest().send(request).await.expect(401);
}

#[tokio::test]
async fn number_of_opens_is_kept_exactly() {
    let shared = Shared::new().await;
    let link = shared.link(json!({"max_opens": 3})).await;
    let (site, path) = (shared.guest(), page(&link));
    let opens = futures::future::join_all((0..12).map(|_| open(site, &path, None))).await;
    assert_eq!(
        opens.iter().filter(|answer| answer.status == 200).count(),
        3
    );
    let head = site.send(site.request(Method::HEAD, &path)).await;
    assert_eq!(head.status, 410);
}

#[tokio::test]
async fn only_who_may_share_shares_and_only_what_is_theirs() {
    let (shared, globex) = tokio::join!(Shared::new(), Organization::sign_up());
    let viewer = shared.acme.join(Role::Viewer).await;
    let body = json!({"resource": {"kind": "task", "id": shared.task["id"]}});
    let _ = viewer.api.post("/api/v1/links", &body).await.expect(403);
    let foreign = globex.owner.api.post("/api/v1/links", &body).await;
    assert!(
        [404, 422].contains(&foreign.status.as_u16()),
        "{}",
        foreign.text
    );
}
