//! What was really done to other systems of this kind, and must fail here. Each test is one such case; where a case
//! needs a provider or an authenticator of its own, its test stands beside that feature in `identity/tests`.

use e2e::{Organization, PASSWORD, Sql, token_in_link, tomorrow};
use kernel::Role;
use reqwest::Method;
use reqwest::header::COOKIE;
use serde_json::{Value, json};
use testkit::{Answer, unique};

const LINK_PASSWORD: &str = "opensesame-42";

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

/// A task shared by a link, and a guest who is in.
struct Shared {
    acme: Organization,
    project: Value,
    link: Value,
    cookie: String,
}

impl Shared {
    async fn new() -> Self {
        let acme = Organization::sign_up().await;
        let (project, _) = acme.project("Apollo").await;
        let task = acme.task(&project, "Launch window").await;
        let body =
            json!({"resource": {"kind": "task", "id": id(&task)}, "password": LINK_PASSWORD});
        let link = acme.owner.api.post("/api/v1/links", &body).await;
        let link = link.expect(201).json();
        let path = format!("/s/{}", link["code"].as_str().expect("a code"));
        let unlock = acme.site.request(Method::POST, &path);
        let unlock = unlock
            .header("accept", "text/html")
            .form(&[("password", LINK_PASSWORD)]);
        let opened = acme.site.send(unlock).await;
        let cookie = opened.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(';').next().expect("a cookie").to_owned();
        Self {
            acme,
            project,
            link,
            cookie,
        }
    }

    /// The guest asks for something.
    async fn ask(&self, method: Method, path: &str) -> Answer {
        let site = &self.acme.site;
        let request = site.request(method, path).header(COOKIE, &self.cookie);
        site.send(request.header("accept", "application/json"))
            .await
    }
}

#[tokio::test]
async fn guest_of_a_link_is_nobody_everywhere_else() {
    let shared = Shared::new().await;
    let project = format!("/api/v1/projects/{}", id(&shared.project));
    for (method, path) in [
        (Method::GET, "/api/v1/projects".to_owned()),
        (Method::GET, project.clone()),
        (Method::GET, format!("{project}/tasks")),
        (Method::GET, "/api/v1/teams".to_owned()),
        (Method::GET, "/api/v1/users".to_owned()),
        (Method::GET, "/api/v1/links".to_owned()),
        (
            Method::DELETE,
            format!("/api/v1/links/{}", id(&shared.link)),
        ),
    ] {
        let answer = shared.ask(method, &path).await;
        answer.expect_problem(401, "token_required");
    }
}

#[tokio::test]
async fn deleted_link_takes_its_guests_with_it() {
    let shared = Shared::new().await;
    let page = format!("/s/{}", shared.link["code"].as_str().unwrap());
    let _ = shared.ask(Method::GET, &page).await.expect(200);
    let link = format!("/api/v1/links/{}", id(&shared.link));
    let _ = shared.acme.owner.api.delete(&link).await.expect(204);
    let _ = shared.ask(Method::GET, &page).await.expect(404);
}

#[tokio::test]
async fn link_of_another_organization_is_not_there() {
    let (shared, globex) = tokio::join!(Shared::new(), Organization::sign_up());
    let link = format!("/api/v1/links/{}", id(&shared.link));
    for method in [Method::GET, Method::DELETE] {
        let api = &globex.owner.api;
        let _ = api.send(api.request(method, &link)).await.expect(404);
    }
    let _ = shared.acme.owner.api.get(&link).await.expect(200);
}

#[tokio::test]
async fn card_moves_neither_onto_another_project_nor_beside_its_cards() {
    let acme = Organization::sign_up().await;
    let (apollo, columns) = acme.project("Apollo").await;
    let (gemini, elsewhere) = acme.project("Gemini").await;
    let (card, foreign) = tokio::join!(acme.task(&apollo, "Here"), acme.task(&gemini, "There"));
    let path = format!("/api/v1/cards/{}/move", id(&card));
    for body in [
        json!({"column_id": elsewhere["done"]}),
        json!({"column_id": columns["done"], "before_id": id(&foreign)}),
        json!({"column_id": columns["done"], "after_id": id(&foreign)}),
    ] {
        let answer = acme.owner.api.put(&path, &body).await;
        assert!(
            (400..500).contains(&answer.status.as_u16()),
            "{body}: {}",
            answer.text
        );
    }
    let still = acme
        .owner
        .api
        .get(&format!("/api/v1/tasks/{}", id(&card)))
        .await;
    assert_ne!(still.expect(200).json()["column_id"], columns["done"]);
}

#[tokio::test]
async fn nothing_is_moved_by_fields_that_are_not_the_client_s() {
    let acme = Organization::sign_up().await;
    let (_, columns) = acme.project("Apollo").await;
    let (gemini, _) = acme.project("Gemini").await;
    let task = acme.task(&gemini, "There").await;
    let column = format!("/api/v1/columns/{}", columns["done"].as_str().unwrap());
    let task = format!("/api/v1/tasks/{}", id(&task));
    for (path, field) in [
        (&column, "project_id"),
        (&column, "board_id"),
        (&column, "id"),
        (&task, "project_id"),
        (&task, "created_by"),
        (&task, "key"),
        (&task, "tenant_id"),
    ] {
        let answer = acme
            .owner
            .api
            .patch(path, &json!({field: id(&gemini)}))
            .await;
        let _ = answer.expect(422);
    }
}

#[tokio::test]
async fn forged_forwarding_header_gives_no_more_guesses() {
    let acme = Organization::sign_up().await;
    let mut last = 0;
    for guess in 0..40 {
        let body = json!({"email": acme.owner.email, "password": format!("wrong guess {guess}")});
        let request = acme.site.request(Method::POST, "/api/v1/auth/login");
        let forged = request.header("x-forwarded-for", format!("203.0.113.{guess}"));
        last = acme.site.send(forged.json(&body)).await.status.as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let acme = Organization::sign_up().await;
    let stranger = format!("{}@example.com", unique("nobody"));
    for (path, extra) in [
        (
            "/api/v1/auth/login",
            json!({"password": "not the password"}),
        ),
        ("/api/v1/auth/forgot-password", json!({})),
    ] {
        let ask = async |email: &str| {
            let mut body = extra.clone();
            body["email"] = json!(email);
            let answer = acme.site.post(path, &body).await;
            let mut told = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
            if let Some(told) = told.as_object_mut() {
                told.remove("request_id");
                told.remove("instance");
            }
            (answer.status, told)
        };
        assert_eq!(ask(&acme.owner.email).await, ask(&stranger).await, "{path}");
    }
}

#[tokio::test]
async fn token_of_a_mail_stands_nowhere_in_clear() {
    let acme = Organization::sign_up().await;
    let person = acme.join(Role::Member).await;
    let body = json!({"email": person.email});
    let _ = acme
        .site
        .post("/api/v1/auth/forgot-password", &body)
        .await
        .expect(202);
    let token = token_in_link(&person.email, "reset-password").await;
    let identity = Sql::platform("identity").await;
    let found = "select count(*) from one_time_tokens t where t::text like '%' || $1 || '%'";
    assert_eq!(identity.number(found, &[&token]).await, 0);
    let queued = "select count(*) from mail_queue m where sent_at is not null and m::text like '%' || $1 || '%'";
    assert_eq!(identity.number(queued, &[&token]).await, 0);
    let reset = json!({"token": token, "password": format!("{PASSWORD} anew")});
    let path = "/api/v1/auth/reset-password";
    let used = acme.site.post(path, &reset).await;
    assert!(used.status.is_success(), "{}", used.text);
    let again = acme.site.post(path, &reset).await;
    assert!(again.status.is_client_error(), "{}", again.text);
}

#[tokio::test]
async fn personal_token_does_not_do_what_only_a_session_may() {
    let acme = Organization::sign_up().await;
    let scopes: Vec<&str> = kernel::Permission::ALL
        .iter()
        .map(|it| it.as_str())
        .collect();
    let body = json!({"name": "all of it", "scopes": scopes, "expires_at": tomorrow()});
    let made = acme
        .owner
        .api
        .post("/api/v1/tokens", &body)
        .await
        .expect(201)
        .json();
    let program = acme.site.with_token(made["token"].as_str().unwrap());
    let _ = program.get("/api/v1/projects").await.expect(200);
    for (method, path, body) in [
        (Method::POST, "/api/v1/tokens", body),
        (Method::GET, "/api/v1/auth/sessions", json!({})),
        (Method::DELETE, "/api/v1/auth/sessions", json!({})),
        (
            Method::PUT,
            "/api/v1/auth/password",
            json!({"current_password": PASSWORD, "new_password": "another good one"}),
        ),
        (Method::POST, "/api/v1/auth/totp", json!({})),
    ] {
        let request = program.request(method, path).json(&body);
        program
            .send(request)
            .await
            .expect_problem(403, "session_required");
    }
}

#[tokio::test]
async fn provider_at_a_private_address_is_refused() {
    let acme = Organization::sign_up().await;
    for issuer in [
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://[::1]:8443",
        "https://localhost",
        "https://2130706433",
        "http://example.com",
        "file:///etc/passwd",
    ] {
        let body =
            json!({"name": "Evil", "issuer": issuer, "client_id": "a", "client_secret": "b"});
        let path = "/api/v1/organization/identity-providers";
        let answer = acme.owner.api.post(path, &body).await;
        assert_eq!(answer.status, 422, "{issuer}: {}", answer.text);
    }
}
