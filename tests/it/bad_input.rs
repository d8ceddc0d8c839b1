//! Bad input gets a clear answer and loses nothing; never a 500.

use e2e::Organization;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use testkit::{Answer, Site};

async fn post_raw(
    site: &Site,
    path: &str,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> Answer {
    site.send(
        site.request(Method::POST, path)
            .header(CONTENT_TYPE, content_type)
            .body(body),
    )
    .await
}

fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("no errors in {problem}"));
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let acme = Organization::sign_up().await;
    let api = &acme.owner.api;
    for path in ["/api/v1/projects", "/api/v1/links", "/api/v1/invitations"] {
        for body in ["", "{", "{\"name\":", "nul", "{\"name\":1e400}"] {
            post_raw(api, path, "application/json", body)
                .await
                .expect_problem(400, "malformed_json");
        }
        let deep = "[".repeat(100_000);
        post_raw(api, path, "application/json", deep)
            .await
            .expect_problem(400, "malformed_json");
        post_raw(api, path, "text/plain", "{}")
            .await
            .expect_problem(415, "unsupported_media_type");
        post_raw(api, path, "application/x-www-form-urlencoded", "name=x")
            .await
            .expect_problem(415, "unsupported_media_type");
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(1_200_000));
        post_raw(api, path, "application/json", large)
            .await
            .expect_problem(413, "body_too_large");
    }
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once() {
    let acme = Organization::sign_up().await;
    let body = json!({"name": "", "priority": "low", "tenant_id": acme.id, "created_by": acme.owner.id, "version": 7});
    let answer = acme.owner.api.post("/api/v1/projects", &body).await;
    let found = pointers(&answer.expect_problem(422, "validation_failed"));
    for pointer in ["/name", "/tenant_id", "/created_by", "/version"] {
        assert!(
            found.contains(&pointer.to_owned()),
            "{pointer} in {found:?}"
        );
    }
}

#[tokio::test]
async fn fields_that_are_not_for_clients_cannot_be_assigned() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let task = acme.task(&project, "Build").await;
    let path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
    for (field, value) in [
        ("id", json!("0197a1e2-0000-7000-8000-000000000000")),
        ("created_by", json!(acme.owner.id)),
        ("key", json!("APO-99")),
        ("tenant_id", json!(acme.id)),
        ("number", json!(99)),
        ("completed_at", json!("2020-01-01T00:00:00Z")),
    ] {
        let answer = acme.owner.api.patch(&path, &json!({field: value})).await;
        assert_eq!(
            pointers(&answer.expect_problem(422, "validation_failed")),
            [format!("/{field}")]
        );
    }
    let after = acme.owner.api.get(&path).await.expect(200).json();
    assert_eq!(after["version"], task["version"]);
}

#[tokio::test]
async fn text_is_kept_as_it_is_or_refused() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    let api = &acme.owner.api;
    for title in [
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE tasks;--",
        "日本語 🚀 עברית",
        "\u{202e}gnp.exe",
        "${7*7}",
    ] {
        let task = api
            .post(&path, &json!({"title": title}))
            .await
            .expect(201)
            .json();
        assert_eq!(task["title"], title);
    }
    for title in [
        "a\u{0}b",
        "a\u{1b}[31mb",
        "",
        "   ",
        "two\nlines",
        &"x".repeat(201),
    ] {
        let answer = api.post(&path, &json!({"title": title})).await;
        let mut found = pointers(&answer.expect_problem(422, "validation_failed"));
        found.dedup();
        assert_eq!(found, ["/title"], "{title:?}");
    }
    let _ = api
        .post(&path, &json!({"title": "x".repeat(200)}))
        .await
        .expect(201);
}

#[tokio::test]
async fn ids_and_parameters_that_are_none_are_refused() {
    let acme = Organization::sign_up().await;
    let api = &acme.owner.api;
    for path in [
        "/api/v1/tasks/1",
        "/api/v1/tasks/x'--",
        "/api/v1/projects/null",
        "/api/v1/links/0",
        "/api/v1/boards/-",
    ] {
        api.get(path).await.expect_problem(404, "not_found");
    }
    for query in [
        "limit=0",
        "limit=1000000000",
        "limit=-1",
        "limit=x",
        "limit=1&limit=2",
        "cursor=abc",
        "x=1",
        "status=no",
    ] {
        api.get(&format!("/api/v1/tasks?{query}"))
            .await
            .expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn cursor_that_no_list_gave_is_refused() {
    let acme = Organization::sign_up().await;
    let (project, columns) = acme.project("Apollo").await;
    let project = project["id"].as_str().unwrap();
    // ["a\u0000b","0197a1e2-0000-7000-8000-000000000000"]: text that the database cannot take.
    let cursor = "WyJhXHUwMDAwYiIsIjAxOTdhMWUyLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd";
    for list in [
        "/api/v1/projects".to_owned(),
        "/api/v1/tasks".to_owned(),
        format!("/api/v1/projects/{project}/boards"),
        format!(
            "/api/v1/columns/{}/cards",
            columns["todo"].as_str().unwrap()
        ),
        "/api/v1/users".to_owned(),
        "/api/v1/links".to_owned(),
        "/api/v1/invitations".to_owned(),
    ] {
        for cursor in [cursor, "x", ""] {
            let answer = acme.owner.api.get(&format!("{list}?cursor={cursor}")).await;
            answer.expect_problem(422, "validation_failed");
        }
    }
}

#[tokio::test]
async fn references_to_what_is_not_there_are_refused() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let (project, _) = acme.project("Apollo").await;
    let (_, foreign) = globex.project("Gemini").await;
    let api = &acme.owner.api;
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    let body = json!({"title": "x", "column_id": foreign["todo"]});
    let _ = api.post(&path, &body).await.expect(422);
    let body = json!({"title": "x", "assignee_ids": [globex.owner.id]});
    let _ = api.post(&path, &body).await.expect(422);
    let tasks = api.get(&path).await.expect(200).json();
    assert_eq!(
        tasks["items"].as_array().map(Vec::len),
        Some(0),
        "nothing was half made"
    );
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let acme = Organization::sign_up().await;
    let api = &acme.owner.api;
    let _ = api
        .get("/api/v1/nothing")
        .await
        .expect_problem(404, "not_found");
    let _ = api
        .get("/api/v2/projects")
        .await
        .expect_problem(404, "not_found");
    let answer = api.delete("/api/v1/projects").await.expect(405);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
}
