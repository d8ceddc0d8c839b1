//! Step 3: inviting people, and what each role may do.

use e2e::{Organization, PASSWORD, token_in_mail};
use kernel::Role;
use serde_json::{Value, json};
use testkit::{eventually, unique};

#[tokio::test]
async fn invited_person_joins_and_logs_in() {
    let acme = Organization::sign_up().await;
    let member = acme.join(Role::Member).await;
    let again = acme.log_in(&member.email).await;
    assert_eq!(again.id, member.id);
    let people = acme.owner.api.get("/api/v1/users").await.expect(200).json();
    let roles: Vec<&str> = people["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|p| p["role"].as_str())
        .collect();
    assert!(
        roles.contains(&"owner") && roles.contains(&"member"),
        "{people}"
    );
}

#[tokio::test]
async fn invitation_can_be_looked_at_used_once_and_revoked() {
    let acme = Organization::sign_up().await;
    let email = format!("{}@example.com", unique("p"));
    let invite = async |email: &str| {
        let body = json!({"email": email, "role": "viewer"});
        acme.owner
            .api
            .post("/api/v1/invitations", &body)
            .await
            .expect(201)
            .json()
    };
    let _ = invite(&email).await;
    let token = token_in_mail(&email).await;
    let preview = acme
        .site
        .post("/api/v1/invitations/preview", &json!({"token": token}))
        .await
        .expect(200)
        .json();
    assert_eq!(preview["role"], "viewer");
    let accept = json!({"token": token, "name": "Vera Viewer", "password": PASSWORD});
    let _ = acme
        .site
        .post("/api/v1/invitations/accept", &accept)
        .await
        .expect(200);
    let again = acme.site.post("/api/v1/invitations/accept", &accept).await;
    assert!(
        [404, 409, 410].contains(&again.status.as_u16()),
        "{}",
        again.text
    );

    let other = format!("{}@example.com", unique("p"));
    let invitation = invite(&other).await;
    let token = token_in_mail(&other).await;
    let path = format!("/api/v1/invitations/{}", invitation["id"].as_str().unwrap());
    let _ = acme.owner.api.delete(&path).await.expect(204);
    let accept = json!({"token": token, "name": "Late", "password": PASSWORD});
    let late = acme.site.post("/api/v1/invitations/accept", &accept).await;
    assert!([404, 410].contains(&late.status.as_u16()), "{}", late.text);
}

#[tokio::test]
async fn invitation_of_one_organization_opens_no_other() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let email = format!("{}@example.com", unique("p"));
    let _ = acme
        .owner
        .api
        .post(
            "/api/v1/invitations",
            &json!({"email": email, "role": "member"}),
        )
        .await
        .expect(201);
    let body =
        json!({"token": token_in_mail(&email).await, "name": "Mallory", "password": PASSWORD});
    let _ = globex
        .site
        .post("/api/v1/invitations/accept", &body)
        .await
        .expect(404);
}

#[tokio::test]
async fn roles_decide_what_each_may_do() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let project_id = project["id"].as_str().unwrap().to_owned();
    let task = acme.task(&project, "Fly").await;
    let task_path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
    let tasks_path = format!("/api/v1/projects/{project_id}/tasks");

    // role → [read, comment, create task, create project, analytics, invite]
    let expected = [
        (Role::Viewer, [200, 403, 403, 403, 403, 403]),
        (Role::Member, [200, 201, 201, 403, 403, 403]),
        (Role::Manager, [200, 201, 201, 201, 200, 403]),
        (Role::Admin, [200, 201, 201, 201, 200, 201]),
        (Role::Owner, [200, 201, 201, 201, 200, 201]),
    ];
    for (role, statuses) in expected {
        let person = if role == Role::Owner {
            acme.owner.clone()
        } else {
            acme.join(role).await
        };
        let post =
            async |path: &str, body: Value| person.api.post(path, &body).await.status.as_u16();
        let found = [
            person.api.get(&task_path).await.status.as_u16(),
            post(
                &format!("{task_path}/comments"),
                json!({"body": "Well done"}),
            )
            .await,
            post(&tasks_path, json!({"title": "Land"})).await,
            post("/api/v1/projects", json!({"name": format!("By {role}")})).await,
            person
                .api
                .get("/api/v1/analytics/dashboard")
                .await
                .status
                .as_u16(),
            post(
                "/api/v1/invitations",
                json!({"email": format!("{}@x.example", unique("i")), "role": "viewer"}),
            )
            .await,
        ];
        assert_eq!(found, statuses, "{role}");
    }
}

#[tokio::test]
async fn nobody_rises_above_who_lifts() {
    let acme = Organization::sign_up().await;
    let admin = acme.join(Role::Admin).await;
    let invite = json!({"email": format!("{}@x.example", unique("i")), "role": "owner"});
    let _ = admin
        .api
        .post("/api/v1/invitations", &invite)
        .await
        .expect(403);
    let own = format!("/api/v1/users/{}", admin.id);
    let _ = admin
        .api
        .patch(&own, &json!({"role": "owner"}))
        .await
        .expect(403);
    let owner = format!("/api/v1/users/{}", acme.owner.id);
    let _ = admin
        .api
        .patch(&owner, &json!({"role": "viewer"}))
        .await
        .expect(403);
    acme.owner
        .api
        .patch(&owner, &json!({"role": "viewer"}))
        .await
        .expect_problem(409, "last_owner");
}

#[tokio::test]
async fn lowered_role_counts_at_once() {
    let acme = Organization::sign_up().await;
    let admin = acme.join(Role::Admin).await;
    let _ = admin.api.get("/api/v1/invitations").await.expect(200);
    let own = format!("/api/v1/users/{}", admin.id);
    let _ = acme
        .owner
        .api
        .patch(&own, &json!({"role": "viewer"}))
        .await
        .expect(200);
    let refused = eventually("the former token is refused", 5, async || {
        let answer = admin.api.get("/api/v1/invitations").await;
        (answer.status == 401).then_some(answer)
    });
    refused.await.expect_problem(401, "token_outdated");
    // The session goes on, with the rights of the new role.
    let body = json!({"refresh_token": admin.refresh_token});
    let session = acme
        .site
        .post("/api/v1/auth/refresh", &body)
        .await
        .expect(200);
    let viewer = acme
        .site
        .with_token(session.json()["access_token"].as_str().unwrap());
    let _ = viewer.get("/api/v1/projects").await.expect(200);
    let _ = viewer.get("/api/v1/invitations").await.expect(403);
}

#[tokio::test]
async fn who_is_invited_into_a_workspace_is_in_it_on_accepting() {
    let acme = Organization::sign_up().await;
    let owner = &acme.owner.api;
    let made = json!({"name": "Customers"});
    let made = owner.post("/api/v1/workspaces", &made).await;
    let made = made.expect(201).json();
    let workspace = format!("/api/v1/workspaces/{}", made["id"].as_str().unwrap());
    let email = format!("{}@example.com", unique("p"));
    let body = json!({"email": email, "role": "viewer"});
    let invite = format!("{workspace}/invite");
    let invited = owner.post(&invite, &body).await.expect(201).json();
    assert_eq!(invited["invitation"]["email"], json!(email));

    let token = token_in_mail(&email).await;
    let accept = json!({"token": token, "name": "Grace Hopper", "password": PASSWORD});
    let accept = acme.site.post("/api/v1/invitations/accept", &accept).await;
    let _ = accept.expect(200);
    let members = format!("{workspace}/members");
    let roles = eventually("the newcomer is in the workspace", 10, async || {
        let members = owner.get(&members).await.expect(200).json();
        let roles = members["items"].as_array().unwrap().iter();
        let roles: Vec<Value> = roles.map(|one| one["role"].clone()).collect();
        (roles.len() == 2).then_some(roles)
    });
    assert_eq!(roles.await, [json!("owner"), json!("viewer")]);
    // Now a member of the organization, and in it already.
    let again = owner.post(&invite, &body).await;
    again.expect_problem(409, "already_in_workspace");
}
